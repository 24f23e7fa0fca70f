//! The audit, to be read: its heads by everybody, the rest by the owner of the service.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use store::{Record, StoreError};

use super::Api;
use super::context::{Context, Owner, Path, named};
use crate::response::{ApiError, json_body};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/audit/heads", get(heads))
        .route("/audit/records/{replica}/{after}", named("/audit", get(records)))
        .route("/audit/inputs/{sha256}", named("/audit", get(input)))
        .route("/audit/platforms/{provider}/{after}", named("/audit", get(platforms)))
        .route("/audit/evidence/{provider}/{platform}", named("/audit", get(evidence)))
}

/// `GET /audit/heads`: a token of the provider `default` that says how far each replica's chain has come.
async fn heads(context: Context) -> Result<Response, ApiError> {
    let token = context.providers().audit_heads(&context.provider, context.now()).await?;
    Ok(json_body(&json!({"token": token})))
}

/// `GET /audit/records/{replica}/{after}`: the records after that number, a page of them.
async fn records(
    _: Owner,
    context: Context,
    Path((replica, after)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let after = after.parse().ok().filter(|after: &i64| *after >= 0);
    let after = after.ok_or_else(|| malformed("the number of a record is a whole number", "begin with 0"))?;
    let records = context.providers().audit_records(&replica, after).await.map_err(failed)?;
    Ok(json_body(&json!({"value": records.iter().map(shown).collect::<Vec<Value>>()})))
}

fn shown(record: &Record) -> Value {
    json!({
        "replica": record.replica,
        "number": record.number,
        "previous": hex::encode(record.previous),
        "hash": hex::encode(record.hash),
        "text": record.text,
    })
}

/// `GET /audit/inputs/{sha256}`: something that a decision was made from.
async fn input(_: Owner, context: Context, Path(sha256): Path<String>) -> Result<Response, ApiError> {
    let bytes = context.providers().audit_input(&hash(&sha256)?).await.map_err(failed)?;
    bytes.map(as_it_is).ok_or_else(|| missing("input"))
}

/// `GET /audit/platforms/{provider}/{after}`: the platforms whose last evidence is kept, a page of them.
async fn platforms(
    _: Owner,
    context: Context,
    Path((provider, after)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let after = if after == "0" { [0; 32] } else { hash(&after)? };
    let platforms = context.providers().audit_platforms(&provider, &after).await.map_err(failed)?;
    Ok(json_body(&json!({"value": platforms.iter().map(hex::encode).collect::<Vec<_>>()})))
}

/// `GET /audit/evidence/{provider}/{platform}`: the last evidence of a platform, in base64, and what it was judged by.
async fn evidence(
    _: Owner,
    context: Context,
    Path((provider, platform)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let kept = context.providers().audit_evidence(&provider, &hash(&platform)?).await.map_err(failed)?;
    let kept = kept.ok_or_else(|| missing("evidence"))?;
    Ok(json_body(&json!({
        "receivedAt": kept.received_at.to_string(),
        "evidence": URL_SAFE_NO_PAD.encode(&kept.evidence),
        "collateralSha256": hex::encode(kept.collateral),
    })))
}

fn as_it_is(bytes: Vec<u8>) -> Response {
    let mut response = Body::from(bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}

fn hash(text: &str) -> Result<[u8; 32], ApiError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| {
        malformed("the path does not end in a SHA-256", "give 64 hexadecimal digits, as records have them")
    })?;
    Ok(hash)
}

fn malformed(message: &str, help: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "audit_path_malformed", message, help)
}

fn missing(what: &str) -> ApiError {
    let help = "it is kept where the service was started with --audit last-evidence or all-inputs";
    ApiError::new(StatusCode::NOT_FOUND, "NotFound", "audit_missing", format!("there is no such {what}"), help)
}

fn failed(error: StoreError) -> ApiError {
    ApiError::of_access(&error.into(), "/audit")
}

//! Policies and certificates of a provider.

use attestation::{AdministrationError, Caller, PolicyType, Role, TrustModel};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{any, get, post};
use serde::Deserialize;
use serde_json::json;

use super::context::{Context, Contributor, Path, Reader, forbidden, named};
use super::{Api, method_not_allowed};
use crate::response::{ApiError, json_body};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/policies/{target}", any(policies))
        .route("/certificates", named("/certificates", get(certificates)))
        .route("/certificates:add", named("/certificates:add", post(add_certificate)))
        .route("/certificates:remove", named("/certificates:remove", post(remove_certificate)))
}

/// `/policies/{type}`, and what is done with one: `:reset`, `:history`, `:rollback`.
async fn policies(
    context: Context,
    Path(target): Path<String>,
    method: Method,
    body: Body,
) -> Result<Response, ApiError> {
    let (name, action) = target.split_once(':').unwrap_or((&target, ""));
    let policy_type = PolicyType::from_name(name).ok_or_else(|| unknown_type(name))?;
    let what = if action.is_empty() { String::new() } else { format!(":{action}") };
    let what = format!("/policies/{}{what}", policy_type.as_str());
    let (provider, now) = (&*context.provider, context.now());
    let caller = |role| context.caller_with(role, &what);
    match (method, action) {
        (Method::GET, "") => {
            caller(Role::Reader).await?;
            answer(provider.policy_token(policy_type, now))
        }
        (Method::PUT, "") => {
            let caller = caller(Role::Contributor).await?;
            let jws = context.jws(body).await?;
            answer(context.providers().set_policy(provider, policy_type, &jws, &caller, now).await)
        }
        (Method::POST, "reset") => {
            let caller = caller(Role::Contributor).await?;
            let jws = context.jws(body).await?;
            answer(context.providers().reset_policy(provider, policy_type, &jws, &caller, now).await)
        }
        (Method::GET, "history") => {
            caller(Role::Reader).await?;
            Ok(json_body(&context.providers().policy_history(provider, policy_type).await?))
        }
        (Method::POST, "rollback") => {
            let caller = caller(Role::Contributor).await?;
            may_roll_back(&caller, &context, &what)?;
            let number = change_number(&context.read(body).await?)?;
            Ok(json_body(&context.providers().roll_back(provider, policy_type, number, &caller, now).await?))
        }
        _ => Err(method_not_allowed().await),
    }
}

/// Without a signature the policy of an Isolated provider changes by the hand of the service's owner alone.
fn may_roll_back(caller: &Caller, context: &Context, what: &str) -> Result<(), ApiError> {
    let is_isolated = context.provider.trust_model() == TrustModel::Isolated;
    if is_isolated && !caller.may_everywhere(Role::Owner) {
        return Err(forbidden(caller, Role::Owner, what));
    }
    Ok(())
}

fn change_number(body: &[u8]) -> Result<i64, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Rollback {
        number: i64,
    }
    strict_json::from_slice(body, 2).map(|rollback: Rollback| rollback.number).map_err(|_| {
        let (message, help) = ("request body names no change", "send {\"number\": N}, a number that :history lists");
        ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "rollback_malformed", message, help)
    })
}

/// `GET /certificates`.
async fn certificates(_: Reader, context: Context) -> Result<Response, ApiError> {
    answer(context.provider.certificates_token(context.now()))
}

/// `POST /certificates:add`.
async fn add_certificate(Contributor(caller): Contributor, context: Context, body: Body) -> Result<Response, ApiError> {
    let jws = context.jws(body).await?;
    let now = context.now();
    answer(context.providers().add_certificate(&context.provider, &jws, &caller, now).await)
}

/// `POST /certificates:remove`.
async fn remove_certificate(
    Contributor(caller): Contributor,
    context: Context,
    body: Body,
) -> Result<Response, ApiError> {
    let jws = context.jws(body).await?;
    let now = context.now();
    answer(context.providers().remove_certificate(&context.provider, &jws, &caller, now).await)
}

fn answer(token: Result<String, AdministrationError>) -> Result<Response, ApiError> {
    Ok(json_body(&json!({"token": token?})))
}

pub(super) fn unknown_type(name: &str) -> ApiError {
    let name: String = name.chars().take(40).collect();
    let message = format!("`{name}` is no attestation type");
    let help = "the types are SgxEnclave, OpenEnclave, SevSnpVm, TdxVm, AzureGuest, Tpm, VBSEnclave and CyResComponent";
    ApiError::new(StatusCode::NOT_FOUND, "NotFound", "attestation_type_unknown", message, help)
}

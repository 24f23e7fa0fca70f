//! Access tokens, and the clients they are for.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use problem::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Client;
use unix_time::UnixTime;

use super::entry::Entered;
use super::{Api, body};
use crate::response::{ApiError, json_body};
use attestation::ProviderName;
use attestation::{AccessError, NewClient, Role};

/// Characters of a client's name.
const MAX_NAME: usize = 100;
/// The longest that a client can be good for: ten years.
const MAX_LIFETIME: i64 = 10 * 365 * 86_400;

/// `POST /oauth2/token`: the client credentials grant (RFC 6749, section 4.4).
pub(super) async fn token(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match body::read(&entered, &headers, body).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let field = |name: &str| body::field(&body, name);
    if field("grant_type").as_deref() != Some("client_credentials") {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "the grant is client_credentials");
    }
    let basic = basic(&headers);
    let credentials = basic.or_else(|| Some((field("client_id")?, field("client_secret")?)));
    let Some((id, secret)) = credentials else {
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "send client_id and client_secret");
    };
    match api.access.token_for(&id, &secret, entered.peer, UnixTime::of_system_clock()).await {
        Ok((token, expires_in)) => {
            let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in});
            let mut response = json_body(&body);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(AccessError::ClientRefused) => {
            let error = AccessError::ClientRefused;
            refused(StatusCode::UNAUTHORIZED, "invalid_client", &format!("{error}; {}", error.help()))
        }
        Err(error) => ApiError::of_access(&error, "/oauth2/token").into_response(),
    }
}

/// A refusal as RFC 6749 has it (section 5.2).
fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    let mut response = (status, json_body(&json!({"error": error, "error_description": description}))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
    }
    response
}

/// Client id and secret in the header. Ours need no encoding.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// `GET /clients`.
pub(super) async fn clients(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.owner(&headers, &entered, "/clients").await?;
    let clients = api.access.clients().await.map_err(|error| ApiError::of_access(&error.into(), "/clients"))?;
    Ok(json_body(&json!({"value": clients.iter().map(shown).collect::<Vec<Value>>()})))
}

/// `POST /clients`: makes one; its secret is in the answer and nowhere else.
pub(super) async fn create_client(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "/clients").await?;
    let now = UnixTime::of_system_clock();
    let new = new_client(&api, &body::read(&entered, &headers, body).await?, now)?;
    let (client, secret) = match api.access.create_client(new, &caller, now).await {
        Ok(made) => made,
        Err(store::StoreError::Exists(_)) => {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "Conflict",
                "client_exists",
                "a client of that name exists",
                "choose another name, or delete that client first",
            ));
        }
        Err(error) => return Err(ApiError::of_access(&error.into(), "/clients")),
    };
    let mut answer = shown(&client);
    if let Value::Object(members) = &mut answer {
        members.insert("clientSecret".to_owned(), Value::String(secret.reveal().to_owned()));
    }
    let mut response = (StatusCode::CREATED, json_body(&answer)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `DELETE /clients/{id}`.
pub(super) async fn delete_client(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let caller = api.owner(&headers, &entered, "/clients").await?;
    let deleted = api.access.delete_client(&id, &caller, UnixTime::of_system_clock()).await;
    match deleted.map_err(|error| ApiError::of_access(&error.into(), "/clients"))? {
        true => Ok(StatusCode::OK),
        false => Ok(StatusCode::NO_CONTENT),
    }
}

fn new_client(api: &Api, body: &[u8], now: UnixTime) -> Result<NewClient, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Asked {
        name: String,
        role: String,
        provider: Option<String>,
        expires_in: i64,
    }
    let refused = |message: String, help| {
        ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "client_malformed", message, help)
    };
    let asked: Asked = strict_json::from_slice(body, 2).map_err(|error| {
        refused(format!("request body is refused: {error}"), "send name, role, provider and expiresIn in seconds")
    })?;
    let is_name = (1..=MAX_NAME).contains(&asked.name.chars().count()) && !asked.name.chars().any(char::is_control);
    // The history names who changed something: these are taken, and callers of other issuers are named `issuer|sub`.
    if !is_name || ["administrator", "veritee"].contains(&asked.name.as_str()) || asked.name.contains('|') {
        let why = "the name is empty, too long, has control characters or `|`, or is that of somebody else";
        return Err(refused(why.to_owned(), "give another name"));
    }
    let help = "the roles are reader, contributor and owner";
    let role = Role::from_name(&asked.role).ok_or_else(|| refused("the role is unknown".to_owned(), help))?;
    let help = "leave the provider out for every provider";
    let provider = asked.provider.as_deref().map(ProviderName::parse).transpose();
    let provider = provider.map_err(|error| refused(error.to_string(), help))?;
    if let Some(unknown) = provider.as_ref().filter(|name| api.providers.get(name).is_none()) {
        return Err(refused(format!("there is no provider `{unknown}`"), help));
    }
    if role == Role::Owner && provider.is_some() {
        return Err(refused("an owner owns the service, not a provider".to_owned(), help));
    }
    if !(1..=MAX_LIFETIME).contains(&asked.expires_in) {
        return Err(refused("expiresIn is out of range".to_owned(), "give seconds, ten years at most"));
    }
    Ok(NewClient { name: asked.name, role, provider, expires_at: now.seconds().saturating_add(asked.expires_in) })
}

/// A client, without its secret.
fn shown(client: &Client) -> Value {
    json!({
        "clientId": client.id,
        "name": client.name,
        "role": client.role,
        "provider": client.provider,
        "expiresAt": UnixTime::from_seconds(client.expires_at).to_string(),
        "createdAt": UnixTime::from_seconds(client.created_at).to_string(),
        "createdBy": client.created_by,
    })
}

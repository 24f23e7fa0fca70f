//! Access tokens, and the clients they are for.

use attestation::{AccessError, NewClient, ProviderName, Providers, Role};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use problem::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Client;
use unix_time::UnixTime;

use super::context::{Context, Owner, Path, named};
use super::{Api, body};
use crate::response::{ApiError, json_body};

/// Characters of a client's name.
const MAX_NAME: usize = 100;
/// The longest that a client can be good for: ten years.
const MAX_LIFETIME: i64 = 10 * 365 * 86_400;

/// The clients of the service, which its owner manages.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/clients", named("/clients", get(clients).post(create_client)))
        .route("/clients/{id}", named("/clients", delete(delete_client)))
}

/// `POST /oauth2/token`: the client credentials grant (RFC 6749, section 4.4).
pub(super) async fn token(context: Context, body: Body) -> Response {
    let body = match context.read(body).await {
        Ok(body) => body,
        Err(error) => return error.into_response(),
    };
    let field = |name: &str| body::field(&body, name);
    if field("grant_type").as_deref() != Some("client_credentials") {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "the grant is client_credentials");
    }
    let basic = basic(context.headers());
    let credentials = basic.or_else(|| Some((field("client_id")?, field("client_secret")?)));
    let Some((id, secret)) = credentials else {
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "send client_id and client_secret");
    };
    match context.access().token_for(&id, &secret, context.peer, context.now()).await {
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
async fn clients(_: Owner, context: Context) -> Result<Response, ApiError> {
    let clients = context.access().clients().await.map_err(|error| ApiError::of_access(&error.into(), "/clients"))?;
    Ok(json_body(&json!({"value": clients.iter().map(shown).collect::<Vec<Value>>()})))
}

/// `POST /clients`: makes one; its secret is in the answer and nowhere else.
async fn create_client(Owner(caller): Owner, context: Context, body: Body) -> Result<Response, ApiError> {
    let now = context.now();
    let new = new_client(context.providers(), &context.read(body).await?, now)?;
    let (client, secret) = match context.access().create_client(new, &caller, now).await {
        Ok(made) => made,
        Err(AccessError::Store(store::StoreError::Exists(_))) => {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "Conflict",
                "client_exists",
                "a client of that name exists",
                "choose another name, or delete that client first",
            ));
        }
        Err(error) => return Err(ApiError::of_access(&error, "/clients")),
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
async fn delete_client(Owner(caller): Owner, context: Context, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let deleted = context.access().delete_client(&id, &caller, context.now()).await;
    match deleted.map_err(|error| ApiError::of_access(&error.into(), "/clients"))? {
        true => Ok(StatusCode::OK),
        false => Ok(StatusCode::NO_CONTENT),
    }
}

fn new_client(providers: &Providers, body: &[u8], now: UnixTime) -> Result<NewClient, ApiError> {
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
    if let Some(unknown) = provider.as_ref().filter(|name| providers.get(name).is_none()) {
        return Err(refused(format!("there is no provider `{unknown}`"), help));
    }
    if role == Role::Owner && provider.is_some() {
        return Err(refused("an owner owns the service, not a provider".to_owned(), help));
    }
    if !(1..=MAX_LIFETIME).contains(&asked.expires_in) {
        return Err(refused("expiresIn is out of range".to_owned(), "give seconds, ten years at most"));
    }
    Ok(NewClient { name: asked.name, role, provider, expires_at: now.plus(asked.expires_in) })
}

/// A client, without its secret.
fn shown(client: &Client) -> Value {
    json!({
        "clientId": client.id,
        "name": client.name,
        "role": client.role,
        "provider": client.provider,
        "expiresAt": client.expires_at.to_string(),
        "createdAt": client.created_at.to_string(),
        "createdBy": client.created_by,
    })
}

//! Policies and certificates: the routes that need a bearer token.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use dcap::UnixTime;
use serde_json::{Value, json};

use super::{Api, method_not_allowed, read_body};
use crate::access::{Caller, Role};
use crate::administration::AdministrationError;
use crate::policy_type::PolicyType;
use crate::response::{ApiError, json_body};

/// `/policies/{type}` and `/policies/{type}:reset`.
pub(super) async fn policies(
    State(api): State<Api>,
    Path(target): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (name, is_reset) = target.strip_suffix(":reset").map_or((target.as_str(), false), |name| (name, true));
    let policy_type = PolicyType::from_name(name).ok_or_else(|| unknown_type(name))?;
    let what = format!("/policies/{}{}", policy_type.as_str(), if is_reset { ":reset" } else { "" });
    let now = UnixTime::of_system_clock();
    let answered = match (method, is_reset) {
        (Method::GET, false) => {
            caller(&api, &headers, Role::Reader, &what)?;
            api.provider.policy_token(policy_type, now)
        }
        (Method::PUT, false) => {
            let caller = caller(&api, &headers, Role::Contributor, &what)?;
            let jws = jws_in(&headers, body).await?;
            api.provider.set_policy(policy_type, &jws, &caller, now).await
        }
        (Method::POST, true) => {
            let caller = caller(&api, &headers, Role::Contributor, &what)?;
            let jws = jws_in(&headers, body).await?;
            api.provider.reset_policy(policy_type, &jws, &caller, now).await
        }
        _ => return Err(method_not_allowed().await),
    };
    answered.map(|token| json_body(&json!({"token": token}))).map_err(ApiError::from)
}

/// `GET /certificates`.
pub(super) async fn certificates(State(api): State<Api>, headers: HeaderMap) -> Result<Response, ApiError> {
    caller(&api, &headers, Role::Reader, "/certificates")?;
    let token = api.provider.certificates_token(UnixTime::of_system_clock());
    token.map(|token| json_body(&json!({"token": token}))).map_err(ApiError::from)
}

/// `POST /certificates:add` and `POST /certificates:remove`: not in this trust model.
pub(super) async fn change_certificates(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller(&api, &headers, Role::Contributor, "/certificates")?;
    read_body(&headers, body).await?;
    Err(AdministrationError::NotIsolated.into())
}

/// Whoever sent the request, where that role or a higher one is theirs.
fn caller(api: &Api, headers: &HeaderMap, role: Role, what: &str) -> Result<Caller, ApiError> {
    let Some(caller) = api.access.caller(headers) else {
        let message = format!("Access to {what} requires a valid JWT bearer token");
        let help = "send the administrator's token, which lies in the file admin-token of the data directory";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "Unauthorized", "bearer_token_missing", message, help));
    };
    if caller.role < role {
        let message = format!("{} may not change {what}", caller.name);
        let help = "ask the provider's owner for the role Attestation Contributor";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Forbidden", "role_insufficient", message, help));
    }
    Ok(caller)
}

/// The JWS in a body: as it is, or in the quotes of JSON. Which of them is told by the first byte.
async fn jws_in(headers: &HeaderMap, body: Body) -> Result<String, ApiError> {
    let refused = || ApiError::from(AdministrationError::Body);
    let body = read_body(headers, body).await?;
    let text = String::from_utf8(body).map_err(|_| refused())?;
    match text.trim() {
        quoted if quoted.starts_with('"') => match serde_json::from_str(quoted) {
            Ok(Value::String(jws)) => Ok(jws),
            _ => Err(refused()),
        },
        jws => Ok(jws.to_owned()),
    }
}

fn unknown_type(name: &str) -> ApiError {
    let name: String = name.chars().take(40).collect();
    let message = format!("`{name}` is no attestation type");
    let help = "the types are SgxEnclave, OpenEnclave, SevSnpVm, TdxVm, AzureGuest, Tpm, VBSEnclave and CyResComponent";
    ApiError::new(StatusCode::NOT_FOUND, "NotFound", "attestation_type_unknown", message, help)
}

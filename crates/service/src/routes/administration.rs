//! Policies and certificates of a provider.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use unix_time::UnixTime;

use super::entry::Entered;
use super::{Api, body, forbidden, method_not_allowed};
use crate::response::{ApiError, json_body};
use attestation::AdministrationError;
use attestation::PolicyType;
use attestation::TrustModel;
use attestation::{Caller, Role};

/// `/policies/{type}`, and what is done with one: `:reset`, `:history`, `:rollback`.
pub(super) async fn policies(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(target): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let (name, action) = target.split_once(':').unwrap_or((&target, ""));
    let policy_type = PolicyType::from_name(name).ok_or_else(|| unknown_type(name))?;
    let what = if action.is_empty() { String::new() } else { format!(":{action}") };
    let what = format!("/policies/{}{what}", policy_type.as_str());
    let (provider, now) = (&*entered.provider, UnixTime::of_system_clock());
    let caller = |role| api.caller_with(role, &headers, &entered, &what);
    match (method, action) {
        (Method::GET, "") => {
            caller(Role::Reader).await?;
            answer(provider.policy_token(policy_type, now))
        }
        (Method::PUT, "") => {
            let caller = caller(Role::Contributor).await?;
            let jws = body::jws(&entered, &headers, body).await?;
            answer(api.providers.set_policy(provider, policy_type, &jws, &caller, now).await)
        }
        (Method::POST, "reset") => {
            let caller = caller(Role::Contributor).await?;
            let jws = body::jws(&entered, &headers, body).await?;
            answer(api.providers.reset_policy(provider, policy_type, &jws, &caller, now).await)
        }
        (Method::GET, "history") => {
            caller(Role::Reader).await?;
            Ok(json_body(&api.providers.policy_history(provider, policy_type).await?))
        }
        (Method::POST, "rollback") => {
            let caller = caller(Role::Contributor).await?;
            may_roll_back(&caller, &entered, &what)?;
            let number = change_number(&body::read(&entered, &headers, body).await?)?;
            Ok(json_body(&api.providers.roll_back(provider, policy_type, number, &caller, now).await?))
        }
        _ => Err(method_not_allowed().await),
    }
}

/// Without a signature the policy of an Isolated provider changes by the hand of the service's owner alone.
fn may_roll_back(caller: &Caller, entered: &Entered, what: &str) -> Result<(), ApiError> {
    let is_isolated = entered.provider.trust_model() == TrustModel::Isolated;
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
pub(super) async fn certificates(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.caller_with(Role::Reader, &headers, &entered, "/certificates").await?;
    answer(entered.provider.certificates_token(UnixTime::of_system_clock()))
}

/// `POST /certificates:add`.
pub(super) async fn add_certificate(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.caller_with(Role::Contributor, &headers, &entered, "/certificates:add").await?;
    let jws = body::jws(&entered, &headers, body).await?;
    let now = UnixTime::of_system_clock();
    answer(api.providers.add_certificate(&entered.provider, &jws, &caller, now).await)
}

/// `POST /certificates:remove`.
pub(super) async fn remove_certificate(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.caller_with(Role::Contributor, &headers, &entered, "/certificates:remove").await?;
    let jws = body::jws(&entered, &headers, body).await?;
    let now = UnixTime::of_system_clock();
    answer(api.providers.remove_certificate(&entered.provider, &jws, &caller, now).await)
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

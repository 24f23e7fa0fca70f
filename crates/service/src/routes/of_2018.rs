//! The API of 2018: its own paths, a token for everything, answers in the quotes of JSON.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::json;
use unix_time::UnixTime;

use super::entry::Entered;
use super::{Api, administration, attest, body};
use crate::response::{ApiError, json_body};
use attestation::AttestRequest;
use attestation::AttestationType;
use attestation::PolicyType;
use attestation::unprepared;
use attestation::{Caller, Role};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/attest/tee/{type}", post(tee))
        // An earlier draft reset with DELETE, and had `update` for `updatepolicy`.
        .route("/operations/policy/current", get(policy).put(set_policy).post(reset_policy).delete(reset_policy))
        .route("/operations/policy/updatepolicy", post(prepare_policy))
        .route("/operations/policy/update", post(prepare_policy))
        .route("/operations/policy/certificates", get(certificates).put(add_certificate).post(remove_certificate))
}

async fn tee(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    match AttestationType::from_name(&name) {
        Some(attestation_type @ (AttestationType::SgxEnclave | AttestationType::OpenEnclave)) => {
            evidence(&api, &entered, attestation_type, &headers, body).await
        }
        _ => Err(attest::not_supported(&name)),
    }
}

/// Attests SGX; whatever the provider's settings say, the caller has to be known.
pub(super) async fn evidence(
    api: &Api,
    entered: &Entered,
    attestation_type: AttestationType,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let what = format!("/attest/Tee/{}", attestation_type.as_str());
    caller(api, Role::Reader, headers, entered, &what).await?;
    let (read, answer) = (AttestRequest::from_json_of_2018, |token: &str| format!("\"{token}\""));
    attest::attest(api, entered, attestation_type, read, answer, headers, body).await
}

/// `GET /operations/policy/current?tee=`.
async fn policy(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    caller(&api, Role::Reader, &headers, &entered, "/operations/policy/current").await?;
    Ok(json_body(&json!({"policy": entered.provider.policy_of_2018(policy_type(&entered)?)})))
}

/// `PUT /operations/policy/current?tee=`, with a policy or with what was answered to whoever prepared it.
async fn set_policy(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = caller(&api, Role::Contributor, &headers, &entered, "/operations/policy/current").await?;
    let policy_type = policy_type(&entered)?;
    let jws = unprepared(body::jws(&entered, &headers, body).await?);
    let (provider, now) = (&*entered.provider, UnixTime::of_system_clock());
    let answer = provider.policy_answer_of_2018(&jws, now)?;
    api.providers.set_policy(provider, policy_type, &jws, &caller, now).await?;
    Ok(json_body(&answer))
}

/// `POST /operations/policy/current?tee=`: back to the default.
async fn reset_policy(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = caller(&api, Role::Contributor, &headers, &entered, "/operations/policy/current").await?;
    let policy_type = policy_type(&entered)?;
    let jws = body::jws(&entered, &headers, body).await?;
    let (provider, now) = (&*entered.provider, UnixTime::of_system_clock());
    let answer = provider.policy_answer_of_2018(&jws, now)?;
    api.providers.reset_policy(provider, policy_type, &jws, &caller, now).await?;
    Ok(json_body(&answer))
}

/// `POST /operations/policy/updatepolicy?tee=`: checks a policy that is to be set.
async fn prepare_policy(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    caller(&api, Role::Contributor, &headers, &entered, "/operations/policy/updatepolicy").await?;
    let policy_type = policy_type(&entered)?;
    let jws = body::jws(&entered, &headers, body).await?;
    let now = UnixTime::of_system_clock();
    let answer = api.providers.prepare_policy_of_2018(&entered.provider, policy_type, &jws, now).await?;
    Ok(json_body(&answer))
}

/// `GET /operations/policy/certificates`.
async fn certificates(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    caller(&api, Role::Reader, &headers, &entered, "/operations/policy/certificates").await?;
    Ok(json_body(&entered.provider.certificates_of_2018(UnixTime::of_system_clock())?))
}

/// `PUT /operations/policy/certificates`.
async fn add_certificate(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = caller(&api, Role::Contributor, &headers, &entered, "/operations/policy/certificates").await?;
    let jws = body::jws(&entered, &headers, body).await?;
    let now = UnixTime::of_system_clock();
    api.providers.add_certificate(&entered.provider, &jws, &caller, now).await?;
    certificates_now(&api, &entered, now)
}

/// `POST /operations/policy/certificates`.
async fn remove_certificate(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = caller(&api, Role::Contributor, &headers, &entered, "/operations/policy/certificates").await?;
    let jws = body::jws(&entered, &headers, body).await?;
    let now = UnixTime::of_system_clock();
    api.providers.remove_certificate(&entered.provider, &jws, &caller, now).await?;
    certificates_now(&api, &entered, now)
}

/// The certificates after a change; of a provider that is gone by then, those before it.
fn certificates_now(api: &Api, entered: &Entered, now: UnixTime) -> Result<Response, ApiError> {
    let changed = api.providers.get(entered.provider.name());
    Ok(json_body(&changed.as_ref().unwrap_or(&entered.provider).certificates_of_2018(now)?))
}

async fn caller(api: &Api, role: Role, headers: &HeaderMap, entered: &Entered, what: &str) -> Result<Caller, ApiError> {
    api.caller_with(role, headers, entered, what).await.map_err(ApiError::of_2018)
}

fn policy_type(entered: &Entered) -> Result<PolicyType, ApiError> {
    let name = entered.query.parameter("tee").ok_or_else(|| {
        let (message, help) = ("request names no attestation type, or several", "add ?tee=SgxEnclave to the address");
        ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "tee_missing", message, help)
    })?;
    PolicyType::from_name(&name).ok_or_else(|| administration::unknown_type(&name))
}

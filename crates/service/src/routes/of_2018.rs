//! The API of 2018: its own paths, a token for everything, answers in the quotes of JSON.

use attestation::{AttestRequest, AttestationType, PolicyType, Role, unprepared};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;
use unix_time::UnixTime;

use super::context::{Context, Contributor, Path, Reader, named_of_2018};
use super::{Api, administration, attest};
use crate::response::{ApiError, json_body};

const CURRENT: &str = "/operations/policy/current";
const PREPARE: &str = "/operations/policy/updatepolicy";
const CERTIFICATES: &str = "/operations/policy/certificates";

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/attest/tee/{type}", post(tee))
        // An earlier draft reset with DELETE, and had `update` for `updatepolicy`.
        .route(CURRENT, named_of_2018(CURRENT, get(policy).put(set_policy).post(reset_policy).delete(reset_policy)))
        .route(PREPARE, named_of_2018(PREPARE, post(prepare_policy)))
        .route("/operations/policy/update", named_of_2018(PREPARE, post(prepare_policy)))
        .route(
            CERTIFICATES,
            named_of_2018(CERTIFICATES, get(certificates).put(add_certificate).post(remove_certificate)),
        )
}

async fn tee(context: Context, Path(name): Path<String>, body: Body) -> Result<Response, ApiError> {
    match AttestationType::from_name(&name) {
        Some(attestation_type @ (AttestationType::SgxEnclave | AttestationType::OpenEnclave)) => {
            evidence(&context, attestation_type, body).await
        }
        _ => Err(attest::not_supported(&name)),
    }
}

/// Attests SGX; whatever the provider's settings say, the caller has to be known.
pub(super) async fn evidence(
    context: &Context,
    attestation_type: AttestationType,
    body: Body,
) -> Result<Response, ApiError> {
    let what = format!("/attest/Tee/{}", attestation_type.as_str());
    context.caller_with(Role::Reader, &what).await.map_err(ApiError::of_2018)?;
    let (read, answer) = (AttestRequest::from_json_of_2018, |token: &str| format!("\"{token}\""));
    attest::attest(context, attestation_type, read, answer, body).await
}

/// `GET /operations/policy/current?tee=`.
async fn policy(_: Reader, context: Context) -> Result<Response, ApiError> {
    Ok(json_body(&json!({"policy": context.provider.policy_of_2018(policy_type(&context)?)})))
}

/// `PUT /operations/policy/current?tee=`, with a policy or with what was answered to whoever prepared it.
async fn set_policy(Contributor(caller): Contributor, context: Context, body: Body) -> Result<Response, ApiError> {
    let policy_type = policy_type(&context)?;
    let jws = unprepared(context.jws(body).await?);
    let (provider, now) = (&*context.provider, context.now());
    let answer = provider.policy_answer_of_2018(&jws, now)?;
    context.providers().set_policy(provider, policy_type, &jws, &caller, now).await?;
    Ok(json_body(&answer))
}

/// `POST /operations/policy/current?tee=`: back to the default.
async fn reset_policy(Contributor(caller): Contributor, context: Context, body: Body) -> Result<Response, ApiError> {
    let policy_type = policy_type(&context)?;
    let jws = context.jws(body).await?;
    let (provider, now) = (&*context.provider, context.now());
    let answer = provider.policy_answer_of_2018(&jws, now)?;
    context.providers().reset_policy(provider, policy_type, &jws, &caller, now).await?;
    Ok(json_body(&answer))
}

/// `POST /operations/policy/updatepolicy?tee=`: checks a policy that is to be set.
async fn prepare_policy(_: Contributor, context: Context, body: Body) -> Result<Response, ApiError> {
    let policy_type = policy_type(&context)?;
    let jws = context.jws(body).await?;
    let now = context.now();
    let answer = context.providers().prepare_policy_of_2018(&context.provider, policy_type, &jws, now).await?;
    Ok(json_body(&answer))
}

/// `GET /operations/policy/certificates`.
async fn certificates(_: Reader, context: Context) -> Result<Response, ApiError> {
    Ok(json_body(&context.provider.certificates_of_2018(context.now())?))
}

/// `PUT /operations/policy/certificates`.
async fn add_certificate(Contributor(caller): Contributor, context: Context, body: Body) -> Result<Response, ApiError> {
    let jws = context.jws(body).await?;
    let now = context.now();
    context.providers().add_certificate(&context.provider, &jws, &caller, now).await?;
    certificates_now(&context, now)
}

/// `POST /operations/policy/certificates`.
async fn remove_certificate(
    Contributor(caller): Contributor,
    context: Context,
    body: Body,
) -> Result<Response, ApiError> {
    let jws = context.jws(body).await?;
    let now = context.now();
    context.providers().remove_certificate(&context.provider, &jws, &caller, now).await?;
    certificates_now(&context, now)
}

/// The certificates after a change; of a provider that is gone by then, those before it.
fn certificates_now(context: &Context, now: UnixTime) -> Result<Response, ApiError> {
    let changed = context.providers().get(context.provider.name());
    Ok(json_body(&changed.as_ref().unwrap_or(&context.provider).certificates_of_2018(now)?))
}

fn policy_type(context: &Context) -> Result<PolicyType, ApiError> {
    let name = context.query.parameter("tee").ok_or_else(|| {
        let (message, help) = ("request names no attestation type, or several", "add ?tee=SgxEnclave to the address");
        ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "tee_missing", message, help)
    })?;
    PolicyType::from_name(&name).ok_or_else(|| administration::unknown_type(&name))
}

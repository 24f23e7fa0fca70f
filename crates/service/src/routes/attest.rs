//! Evidence in, a token out.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dcap::UnixTime;
use serde_json::{Value, json};

use super::body::Received;
use super::entry::{Attested, Entered};
use super::{Api, body, of_2018};
use crate::access::Role;
use crate::api_version::ApiVersion;
use crate::attest::AttestError;
use crate::attestation_type::AttestationType;
use crate::audit::{Decision, Observed};
use crate::hashes::{sha256, sha256_hex};
use crate::policy_type::PolicyType;
use crate::provider::Provider;
use crate::request::{AttestRequest, BadRequest};
use crate::response::{ApiError, json_body};

/// `POST /attest/{type}`; for SGX in the API of 2018 too, where the query names it.
pub(super) async fn evidence(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let attestation_type = AttestationType::from_name(&name).ok_or_else(|| not_supported(&name))?;
    match (ApiVersion::from_name(entered.query.parameter("api-version").as_deref()), attestation_type) {
        (ApiVersion::Of2018, AttestationType::SgxEnclave | AttestationType::OpenEnclave) => {
            of_2018::evidence(&api, &entered, attestation_type, &headers, body).await
        }
        _ => {
            if !entered.provider.settings.anonymous_attestation {
                let what = format!("/attest/{}", attestation_type.as_str());
                api.caller_with(Role::Reader, &headers, &entered, &what).await?;
            }
            let read = |body: &[u8]| AttestRequest::from_json(body, attestation_type);
            let answer = |token| json!({"token": token});
            attest(&api, &entered, attestation_type, read, answer, &headers, body).await
        }
    }
}

/// Types that policies can be set for and evidence is not taken for, and names that are none.
pub(super) fn not_supported(name: &str) -> ApiError {
    let name: String = PolicyType::from_name(name)
        .map_or_else(|| name.chars().take(40).collect(), |policy_type| policy_type.as_str().to_owned());
    let message = format!("attestation of `{name}` is not supported by this provider");
    let help = "this provider attests SgxEnclave, OpenEnclave and TdxVm";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "attestation_type_not_supported", message, help)
}

/// Reads a request, attests, and answers in the form of that request.
pub(super) async fn attest(
    api: &Api,
    entered: &Entered,
    attestation_type: AttestationType,
    read: impl FnOnce(&[u8]) -> Result<AttestRequest, BadRequest>,
    answer: impl FnOnce(String) -> Value,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if api.providers.is_stale() {
        let message = "policies cannot be kept up to date: the store has not been reached for too long";
        let help = "try again; the service's log says what is wrong with the store";
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "InternalError",
            "store_out_of_reach",
            message,
            help,
        ));
    }
    let body = body::read(headers, body).await?;
    let request = read(&body)?;
    let attested =
        Attested { evidence_sha256: sha256_hex(&[&request.evidence]), is_draft: request.draft_policy.is_some() };
    let (token, decision) = compute(api, Arc::clone(&entered.provider), attestation_type, request, body).await;
    decision.into_iter().for_each(|decision| api.audit.decided(decision));
    let mut response = match token {
        Ok(token) => json_body(&answer(token)),
        Err(error) => ApiError::from(error).into_response(),
    };
    response.extensions_mut().insert(attested);
    Ok(response)
}

/// Attests on a thread of its own: it is computation, and must not hold up what only waits.
async fn compute(
    api: &Api,
    provider: Arc<Provider>,
    attestation_type: AttestationType,
    request: AttestRequest,
    body: Received,
) -> (Result<String, AttestError>, Option<Decision>) {
    // A closed semaphore cannot be: nothing closes it. Without a permit the work would merely not be bounded.
    let _draft = match request.draft_policy {
        Some(_) => Arc::clone(&api.drafts).acquire_owned().await.ok(),
        None => None,
    };
    let _permit = Arc::clone(&api.attestations).acquire_owned().await.ok();
    let wants_decisions = api.audit.wants_decisions();
    let attesting = tokio::task::spawn_blocking(move || {
        let (at, mut observed) = (UnixTime::of_system_clock(), Observed::default());
        let token = provider.attest_observed(attestation_type, &request, at, &mut observed);
        let decision = wants_decisions.then(|| Decision {
            provider: provider.name().to_string(),
            revision: provider.revision,
            attestation_type: attestation_type.as_str(),
            at,
            outcome: token.as_ref().map(|token| sha256(&[token.as_bytes()])).map_err(AttestError::code),
            evidence: request.evidence,
            request: body.to_vec(),
            observed,
        });
        (token, decision)
    });
    attesting.await.unwrap_or((Err(AttestError::Interrupted), None))
}

//! Evidence in, a token out.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use dcap::UnixTime;
use serde_json::json;

use super::body::Received;
use super::entry::{Attested, Entered};
use super::{Api, body, not_found};
use crate::access::Role;
use crate::attest::AttestError;
use crate::attestation_type::AttestationType;
use crate::audit::{Decision, Observed};
use crate::hashes::{sha256, sha256_hex};
use crate::policy_type::PolicyType;
use crate::provider::Provider;
use crate::request::AttestRequest;
use crate::response::{ApiError, json_body};

pub(super) async fn sgx_enclave(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    attest(&api, &entered, AttestationType::SgxEnclave, &headers, body).await
}

pub(super) async fn open_enclave(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    attest(&api, &entered, AttestationType::OpenEnclave, &headers, body).await
}

/// Types that policies can be set for and evidence is not taken for yet.
pub(super) async fn other(Path(name): Path<String>) -> ApiError {
    let Some(policy_type) = PolicyType::from_name(&name) else {
        return not_found(Uri::from_static("/attest")).await;
    };
    let message = format!("attestation of {} is not supported by this provider", policy_type.as_str());
    let help = "this provider attests SgxEnclave and OpenEnclave";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "attestation_type_not_supported", message, help)
}

async fn attest(
    api: &Api,
    entered: &Entered,
    attestation_type: AttestationType,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if !entered.provider.settings.anonymous_attestation {
        let what = format!("/attest/{}", attestation_type.as_str());
        api.caller_with(Role::Reader, headers, entered, &what).await?;
    }
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
    let request = AttestRequest::from_json(&body, attestation_type)?;
    let attested =
        Attested { evidence_sha256: sha256_hex(&[&request.evidence]), is_draft: request.draft_policy.is_some() };
    let (token, decision) = compute(api, Arc::clone(&entered.provider), attestation_type, request, body).await;
    decision.into_iter().for_each(|decision| api.audit.decided(decision));
    let mut response = match token {
        Ok(token) => json_body(&json!({"token": token})),
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

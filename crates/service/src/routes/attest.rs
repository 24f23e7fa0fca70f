//! Evidence in, a token out: what both APIs share.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dcap::UnixTime;

use super::body::Received;
use super::entry::{Attested, Entered};
use super::{Api, body};
use crate::attest::AttestError;
use crate::attestation_type::AttestationType;
use crate::audit::{Decision, Observed};
use crate::hashes::sha256;
use crate::policy_type::PolicyType;
use crate::provider::Provider;
use crate::request::{AttestRequest, BadRequest};
use crate::response::{ApiError, json_text};

/// Types that policies can be set for and evidence is not taken for, and names that are none.
pub(super) fn not_supported(name: &str) -> ApiError {
    let name: String = PolicyType::from_name(name)
        .map_or_else(|| name.chars().take(40).collect(), |policy_type| policy_type.as_str().to_owned());
    let message = format!("attestation of `{name}` is not supported by this provider");
    let help = "this provider attests SgxEnclave, OpenEnclave and TdxVm";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "attestation_type_not_supported", message, help)
}

/// Reads a request, attests, and answers in the form of that request: in JSON, for which nothing in a token has to be escaped.
pub(super) async fn attest(
    api: &Api,
    entered: &Entered,
    attestation_type: AttestationType,
    read: impl FnOnce(&[u8]) -> Result<AttestRequest, BadRequest>,
    answer: impl FnOnce(&str) -> String,
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
    let observed = Observed::of(&request.evidence);
    let attested =
        Attested { evidence_sha256: observed.evidence_sha256().to_owned(), is_draft: request.draft_policy.is_some() };
    let (token, decision) =
        compute(api, Arc::clone(&entered.provider), attestation_type, request, body, observed).await;
    decision.into_iter().for_each(|decision| api.audit.decided(decision));
    let mut response = match token {
        Ok(token) => json_text(answer(&token)),
        Err(error) => ApiError::from(error).into_response(),
    };
    response.extensions_mut().insert(attested);
    Ok(response)
}

/// Attests where it stands: it is computation, but mostly of less than a millisecond, and the way to another thread and back costs
/// more than all that the service does beside the two signatures. The policy in force has fuel for some ten milliseconds.
///
/// A draft policy is anybody's program: one at a time runs, on a thread for computation, so that it holds up nothing else.
async fn compute(
    api: &Api,
    provider: Arc<Provider>,
    attestation_type: AttestationType,
    request: AttestRequest,
    body: Received,
    mut observed: Observed,
) -> (Result<String, AttestError>, Option<Decision>) {
    let is_draft = request.draft_policy.is_some();
    let (wants_decisions, wants_inputs) = (api.audit.wants_decisions(), api.audit.wants_inputs());
    let attest = move || {
        let at = UnixTime::of_system_clock();
        let token = provider.attest_observed(attestation_type, &request, at, &mut observed);
        let decision = wants_decisions.then(|| Decision {
            provider: provider.name().to_string(),
            revision: provider.revision,
            attestation_type: attestation_type.as_str(),
            at,
            outcome: token.as_ref().map(|token| sha256(&[token.as_bytes()])).map_err(AttestError::code),
            evidence: request.evidence,
            request: if wants_inputs && observed.is_proven { body.to_vec() } else { Vec::new() },
            observed,
        });
        (token, decision)
    };
    if !is_draft {
        return attest();
    }
    // A closed semaphore cannot be: nothing closes it. Without a permit the work would merely not be bounded.
    let _one_at_a_time = Arc::clone(&api.drafts).acquire_owned().await.ok();
    tokio::task::spawn_blocking(attest).await.unwrap_or((Err(AttestError::Interrupted), None))
}

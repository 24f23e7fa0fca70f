//! Evidence in, a token out: what both APIs share.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use unix_time::UnixTime;
use web::Received;

use super::entry::{Attested, Entered};
use super::{Api, body};
use crate::attest::{AttestError, Place, Stop};
use crate::attestation_type::AttestationType;
use crate::audit::{Decision, Observed};
use crate::hashes::sha256;
use crate::policy_type::PolicyType;
use crate::pool::{Class, PoolError};
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
    let body = body::read(entered, headers, body).await?;
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

/// Attests on this thread where the policy is in force and short: it is computation, but mostly of less than a millisecond, and the
/// way to another thread and back costs more than all that the service does beside the two signatures.
///
/// What the policy in force cannot decide on little fuel, and every draft, is attested again in the pool, from the beginning, once
/// the evidence was found good here.
async fn compute(
    api: &Api,
    provider: Arc<Provider>,
    attestation_type: AttestationType,
    request: AttestRequest,
    body: Received,
    mut observed: Observed,
) -> (Result<String, AttestError>, Option<Decision>) {
    let (wants_decisions, wants_inputs) = (api.audit.wants_decisions(), api.audit.wants_inputs());
    let decision = move |provider: &Provider,
                         at,
                         token: &Result<String, AttestError>,
                         request: AttestRequest,
                         body: Received,
                         observed: Observed| {
        wants_decisions.then(|| Decision {
            provider: provider.name().to_string(),
            revision: provider.revision,
            attestation_type: attestation_type.as_str(),
            at,
            outcome: token.as_ref().map(|token| sha256(&[token.as_bytes()])).map_err(AttestError::code),
            evidence: request.evidence,
            request: if wants_inputs && observed.is_proven { body.to_vec() } else { Vec::new() },
            observed,
        })
    };
    let at = UnixTime::of_system_clock();
    let token = match provider.attest_observed(attestation_type, &request, at, Place::Request, &mut observed) {
        Ok(token) => Ok(token),
        Err(Stop::Refused(error)) => Err(error),
        Err(Stop::NeedsPool) => {
            let class = if request.draft_policy.is_some() { Class::Draft } else { Class::InForce };
            let name = provider.name().clone();
            let whole = move || {
                let at = UnixTime::of_system_clock();
                let mut observed = Observed::of(&request.evidence);
                let token = provider.attest_observed(attestation_type, &request, at, Place::Pool, &mut observed);
                let token = token.map_err(|stop| match stop {
                    Stop::Refused(error) => error,
                    Stop::NeedsPool => AttestError::Interrupted,
                });
                let decision = decision(&provider, at, &token, request, body, observed);
                (token, decision)
            };
            return api.providers.pool.run(&name, class, whole).await.unwrap_or_else(|error| match error {
                PoolError::Busy => (Err(AttestError::PolicyBusy), None),
                PoolError::Closed => (Err(AttestError::Interrupted), None),
            });
        }
    };
    let decision = decision(&provider, at, &token, request, body, observed);
    (token, decision)
}

//! Where an attestation runs: on the thread of its request, or in the pool.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use evidence::Body;
use problem::Problem;
use unix_time::UnixTime;

use super::{AttestError, Place, Stop};
use crate::attestation_type::AttestationType;
use crate::audit::{Decision, Observed};
use crate::hashes::sha256;
use crate::pool::{Class, PoolError};
use crate::provider::Provider;
use crate::providers::Providers;
use crate::request::AttestRequest;

/// What became of a request to attest.
#[derive(Debug)]
pub struct Attested {
    /// The token: signed, or unsecured where a draft policy was tried.
    pub token: Result<String, AttestError>,
    /// SHA-256 of the evidence, in hexadecimal.
    pub evidence_sha256: String,
    /// Whether a draft policy was tried.
    pub is_draft: bool,
}

impl Providers {
    /// Attests for one snapshot of a provider, and hands the decision to the audit. `body` are the bytes that the request was read from.
    ///
    /// It attests on this thread where the policy is in force and short: it is computation, but mostly of less than a millisecond, and
    /// the way to another thread and back costs more than all that a service does apart from the two signatures. What the policy in
    /// force cannot decide on little fuel, and every draft, is attested again in the pool, from the beginning, once the evidence was
    /// found good here.
    ///
    /// Nothing is attested while the store has not been reached for too long: what is in force may have been revoked.
    pub async fn attest(
        &self,
        provider: Arc<Provider>,
        attestation_type: AttestationType,
        request: AttestRequest,
        body: impl Deref<Target = [u8]> + Send + 'static,
        now: UnixTime,
    ) -> Attested {
        let evidence = Body::of(&request.evidence);
        let mut observed = Observed::of(&evidence);
        let (evidence_sha256, is_draft) = (observed.evidence_sha256().to_owned(), request.draft_policy.is_some());
        if self.is_stale() {
            return Attested { token: Err(AttestError::Stale), evidence_sha256, is_draft };
        }
        let begun = Instant::now();
        let recorder = self.recorder(attestation_type);
        let token =
            match provider.attest_observed(attestation_type, &request, evidence, now, Place::Request, &mut observed) {
                Ok(token) => Ok(token),
                Err(Stop::Refused(error)) => Err(error),
                Err(Stop::NeedsPool) => {
                    let class = if is_draft { Class::Draft } else { Class::InForce };
                    let name = provider.name().clone();
                    let attest = move || {
                        // It may have waited for its turn.
                        let now = now.plus(i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX));
                        let evidence = Body::of(&request.evidence);
                        let mut observed = Observed::of(&evidence);
                        let token = provider.attest_observed(
                            attestation_type,
                            &request,
                            evidence,
                            now,
                            Place::Pool,
                            &mut observed,
                        );
                        let token = token.map_err(Stop::refusal);
                        let decision = recorder.decision(&provider, now, &token, request, &body, observed);
                        (token, decision)
                    };
                    let (token, decision) =
                        self.pool.run(&name, class, attest).await.unwrap_or_else(|error| match error {
                            PoolError::Busy => (Err(AttestError::PolicyBusy), None),
                            PoolError::Closed => (Err(AttestError::Interrupted), None),
                        });
                    decision.into_iter().for_each(|decision| self.config.audit.decided(decision));
                    return Attested { token, evidence_sha256, is_draft };
                }
            };
        let decision = recorder.decision(&provider, now, &token, request, &body, observed);
        decision.into_iter().for_each(|decision| self.config.audit.decided(decision));
        Attested { token, evidence_sha256, is_draft }
    }

    fn recorder(&self, attestation_type: AttestationType) -> Recorder {
        let audit = &self.config.audit;
        Recorder { attestation_type, wants_decisions: audit.wants_decisions(), wants_inputs: audit.wants_inputs() }
    }
}

/// What the audit is told of an attestation.
#[derive(Clone, Copy)]
struct Recorder {
    attestation_type: AttestationType,
    wants_decisions: bool,
    wants_inputs: bool,
}

impl Recorder {
    fn decision(
        self,
        provider: &Provider,
        at: UnixTime,
        token: &Result<String, AttestError>,
        request: AttestRequest,
        body: &[u8],
        observed: Observed,
    ) -> Option<Decision> {
        self.wants_decisions.then(|| Decision {
            provider: provider.name().to_string(),
            revision: provider.revision,
            attestation_type: self.attestation_type.as_str(),
            at,
            outcome: token.as_ref().map(|token| sha256(&[token.as_bytes()])).map_err(|error| error.code().into_owned()),
            evidence: request.evidence,
            request: if self.wants_inputs && observed.is_proven { body.to_vec() } else { Vec::new() },
            observed,
        })
    }
}

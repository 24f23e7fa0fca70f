//! What was decided about a piece of evidence, and from what.

use std::sync::Arc;

use cache::CachedEndorsement;
use evidence::Body;
use serde_json::{Value, json};
use store::{Input, PlatformEvidence};
use unix_time::UnixTime;

use super::AuditChoice;
use crate::hashes::sha256;

/// What an attestation comes to know on its way, whether or not it ends in a token.
#[derive(Debug)]
pub(crate) struct Observed {
    /// SHA-256 of the evidence in hexadecimal, for the log, the token and the audit.
    evidence_sha256: String,
    /// The hash of the policy that was asked, and the JWS it stands in.
    pub(crate) policy: Option<(String, String)>,
    /// What it was judged by.
    pub(crate) collateral: Option<Arc<CachedEndorsement>>,
    /// Whether the platform's certificate chain led to the provider's root and every signature of the evidence was verified.
    pub(crate) is_proven: bool,
    /// The platform, as [`evidence::Verified::platform_id`] gives it, once the evidence is proven to come from it.
    pub(crate) platform: Option<[u8; 32]>,
}

impl Observed {
    /// At the beginning, when there is nothing but the evidence.
    pub(crate) fn of(evidence: &Body<'_>) -> Self {
        Self {
            evidence_sha256: hex::encode(evidence.sha256()),
            policy: None,
            is_proven: false,
            collateral: None,
            platform: None,
        }
    }

    pub(crate) fn evidence_sha256(&self) -> &str {
        &self.evidence_sha256
    }
}

/// A decision, with everything that it was made from.
pub(crate) struct Decision {
    pub(crate) provider: String,
    /// The provider's revision: its settings then are in the audit.
    pub(crate) revision: i64,
    pub(crate) attestation_type: &'static str,
    pub(crate) at: UnixTime,
    /// SHA-256 of the token, or the code of the refusal.
    pub(crate) outcome: Result<[u8; 32], String>,
    pub(crate) evidence: Vec<u8>,
    /// The request's body, where it is to be kept.
    pub(crate) request: Vec<u8>,
    pub(crate) observed: Observed,
}

/// As much of a decision as is written down.
pub(super) struct Digest {
    pub(super) text: Value,
    pub(super) inputs: Vec<Input>,
    pub(super) last: Option<PlatformEvidence>,
}

impl Digest {
    /// What it takes in memory, in bytes, more or less.
    pub(super) fn size(&self) -> usize {
        let evidence = self.last.iter().map(|last| last.evidence.len());
        self.inputs.iter().map(|input| input.bytes.len()).chain(evidence).fold(1024, usize::saturating_add)
    }
}

impl Decision {
    /// As much as was chosen.
    pub(super) fn within(self, choice: AuditChoice) -> Digest {
        let Observed { evidence_sha256, policy, is_proven, collateral, platform } = self.observed;
        let (policy_hash, policy) = policy.unzip();
        let bundle = collateral.filter(|_| choice >= AuditChoice::LastEvidence).and_then(|cached| cached.bundle());
        let bundle = bundle.map(|bundle| Input { sha256: bundle.sha256, bytes: bundle.bytes.clone() });
        let all = is_proven && choice >= AuditChoice::AllInputs;
        let input = |bytes: Vec<u8>| Input { sha256: sha256(&[&bytes]), bytes };
        let (request, policy) =
            (all.then(|| input(self.request)), policy.filter(|_| all).map(|jws| input(jws.into_bytes())));
        let named = |input: Option<&Input>| input.map(|input| hex::encode(input.sha256));
        let text = json!({
            "at": self.at.to_string(),
            "provider": self.provider,
            "revision": self.revision,
            "attestationType": self.attestation_type,
            "tokenSha256": self.outcome.as_ref().ok().map(hex::encode),
            "refused": self.outcome.as_ref().err(),
            "evidenceSha256": evidence_sha256,
            "policyHash": policy_hash,
            "platform": platform.map(hex::encode),
            "requestSha256": named(request.as_ref()),
            "policyJwsSha256": named(policy.as_ref()),
            "collateralSha256": named(bundle.as_ref()),
        });
        let last = platform.zip(bundle.as_ref()).map(|(platform, bundle)| PlatformEvidence {
            provider: self.provider,
            platform,
            received_at: self.at,
            evidence: self.evidence,
            collateral: bundle.sha256,
        });
        Digest { text, inputs: request.into_iter().chain(policy).chain(bundle).collect(), last }
    }
}

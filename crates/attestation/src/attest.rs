//! The whole line of an attestation: evidence, quote, platform, collateral, verdict, claims, decision, token.

mod error;
mod place;

use std::borrow::Cow;
use std::sync::Arc;

use abi::open_enclave;
use dcap::{PckError, Quote, Report, Tee, VerifyError};
use policy::{Fuel, Properties};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use crate::api_version::ApiVersion;
use crate::attestation_type::AttestationType;
use crate::audit::{Observed, platform_id};
use crate::claims::{self, Evidence};
use crate::hashes::sha256;
use crate::policies::PolicyInForce;
use crate::policy_type::REPORT_VALIDITY;
use crate::provider::Provider;
use crate::request::{AttestRequest, HeldData};

pub use error::AttestError;
pub use place::Attested;

impl Provider {
    /// Attests evidence and gives the token: signed, or unsecured where a draft policy was tried. `now` is the time of
    /// the token; evidence is judged as of it too, unless the provider was opened with a dangerous verification time.
    ///
    /// A provider is one snapshot, and nothing newer is read:
    ///
    /// 1. evidence → [`Quote`]: well-formed, and of the TEE that the type is about;
    /// 2. → [`ProvenPck`](dcap::ProvenPck): the platform's chain leads to one of the provider's roots;
    /// 3. → `VerifiedQuote`, with collateral for that platform;
    /// 4. a draft policy is read; `configure()` of the policy narrows the provider's requirements;
    /// 5. → `AcceptedQuote`: the requirements are met;
    /// 6. the evidence commits to the data that came with it;
    /// 7. → claims → `decide()`: the policy permits;
    /// 8. → token.
    ///
    /// # Errors
    /// See [`AttestError`].
    pub fn attest(
        &self,
        attestation_type: AttestationType,
        request: &AttestRequest,
        now: UnixTime,
    ) -> Result<String, AttestError> {
        let observed = &mut Observed::of(&request.evidence);
        self.attest_observed(attestation_type, request, now, Place::Pool, observed).map_err(Stop::refusal)
    }

    /// The same in that place, and tells what it came to know on its way; `observed` has been begun with the evidence of the
    /// request.
    ///
    /// # Errors
    /// [`Stop::NeedsPool`] on the thread of a request alone: nothing was decided, and it is to be done again in the pool.
    fn attest_observed(
        &self,
        attestation_type: AttestationType,
        request: &AttestRequest,
        now: UnixTime,
        place: Place,
        observed: &mut Observed,
    ) -> Result<String, Stop> {
        let at = self.clock.verification_time(now);
        let asked = self.policy_asked(attestation_type, request)?;
        if let Asked::InForce(policy) = asked {
            observed.policy = Some((policy.hash.clone(), policy.jws.clone()));
        }
        let quote = Quote::parse(quote_bytes(attestation_type, &request.evidence)?)?;
        check_tee(&quote, attestation_type)?;
        let pck = self.verifier().prove(&quote, None, at).map_err(|error| match error {
            PckError::NoChain(_) => AttestError::NoPckChain,
            other => other.into(),
        })?;
        let collateral = self.collateral().get(&pck, quote.tee(), self.verifier(), at)?;
        observed.collateral = Some(Arc::clone(&collateral));
        let verified = self.verifier().verify(&quote, &pck, &collateral.verified, at);
        observed.is_proven = verified.as_ref().err().is_none_or(is_after_signatures);
        let verified = verified?;
        observed.platform = Some(platform_id(&pck.root().sha256(), pck.platform().ppid()));
        let (policy, mut fuel) = asked.read(attestation_type, place)?;
        observed.policy.get_or_insert_with(|| (policy.hash.clone(), policy.jws.clone()));
        let configured = policy.configured.as_ref().map_err(policy::EvaluationError::clone)?;
        let minimum = minimum_evaluation_number(configured, self.settings.baseline);
        let accepted = self.requirements().clone().minimum_evaluation_data_number(minimum).judge(verified)?;

        check_held_data(accepted.quote().report(), request)?;
        let dangerous_time = self.clock.is_dangerous().then_some(at);
        let evidence = Evidence::of(&accepted, request.runtime_data.as_ref(), dangerous_time);
        let decided = policy.parsed.decide_within(&evidence.incoming(), &policy.vocabulary, &mut fuel);
        if place == Place::Request && decided.as_ref().is_err_and(policy::Refusal::is_out_of_fuel) {
            return Err(Stop::NeedsPool);
        }
        let permit = decided?;
        let issued = claims::issued(&permit.issued);
        let collateral = collateral.hashes.claim(observed.evidence_sha256());
        let claims = match request.api_version {
            ApiVersion::Current => outgoing(evidence, request, &issued, &policy, collateral),
            ApiVersion::Of2018 => evidence.outgoing_of_2018(&policy, &collateral),
        };
        let claims = with_issued(claims, issued);
        let issue = match (request.api_version, &request.draft_policy) {
            (ApiVersion::Of2018, _) => token::issue_of_2018,
            (ApiVersion::Current, Some(_)) => token::issue_unsecured,
            (ApiVersion::Current, None) => token::issue,
        };
        let lifetime = lifetime(&permit.properties, self.settings.token_lifetime);
        Ok(issue(self.signing_key(now)?, self.issuer(), claims, now.seconds(), lifetime)?)
    }

    fn policy_asked<'a>(
        &'a self,
        attestation_type: AttestationType,
        request: &'a AttestRequest,
    ) -> Result<Asked<'a>, AttestError> {
        match &request.draft_policy {
            Some(text) => Ok(Asked::Draft(text)),
            None => {
                let policy = self.policies.of(attestation_type.into(), request.api_version);
                policy.map(Asked::InForce).ok_or(AttestError::NoPolicy)
            }
        }
    }
}

/// Where an attestation runs, which says how much policy may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On the thread that read the request, which other requests wait for: policies in force, on little fuel.
    Request,
    /// On a thread of the pool, or of a caller that has nobody waiting: every policy, on full fuel.
    Pool,
}

/// Why an attestation ended without a token.
enum Stop {
    /// It was refused.
    Refused(AttestError),
    /// Its policy takes more than the thread of a request has to give. The evidence was verified before.
    NeedsPool,
}

impl Stop {
    /// The refusal of an attestation in the pool, where nothing needs the pool.
    fn refusal(self) -> AttestError {
        match self {
            Self::Refused(error) => error,
            Self::NeedsPool => AttestError::Interrupted,
        }
    }
}

impl<E> From<E> for Stop
where
    AttestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// The policy that is to judge.
#[derive(Clone, Copy)]
enum Asked<'a> {
    InForce(&'a PolicyInForce),
    /// Its text: a stranger's, and not read before the evidence is verified.
    Draft(&'a str),
}

impl<'a> Asked<'a> {
    /// The policy, and the fuel for its decision.
    fn read(self, attestation_type: AttestationType, place: Place) -> Result<(Cow<'a, PolicyInForce>, Fuel), Stop> {
        match (self, place) {
            (Self::InForce(policy), Place::Pool) => Ok((Cow::Borrowed(policy), Fuel::full())),
            // Every time: that it was too little for the claims of one attester says nothing about those of another.
            (Self::InForce(policy), Place::Request) => Ok((Cow::Borrowed(policy), Fuel::inline())),
            (Self::Draft(_), Place::Request) => Err(Stop::NeedsPool),
            (Self::Draft(text), Place::Pool) => {
                let mut fuel = Fuel::full();
                let policy = PolicyInForce::parse_within(text, attestation_type.into(), &mut fuel);
                Ok((Cow::Owned(policy.map_err(AttestError::DraftPolicy)?), fuel))
            }
        }
    }
}

fn quote_bytes(attestation_type: AttestationType, evidence: &[u8]) -> Result<&[u8], AttestError> {
    match attestation_type {
        AttestationType::SgxEnclave | AttestationType::TdxVm => Ok(evidence),
        AttestationType::OpenEnclave => Ok(open_enclave::quote_in(evidence)?),
    }
}

/// The policy of one kind of evidence must not judge another.
fn check_tee(quote: &Quote<'_>, attestation_type: AttestationType) -> Result<(), AttestError> {
    match (attestation_type.tee(), quote.tee()) {
        (Tee::Sgx, Tee::Tdx) => Err(AttestError::NotAnSgxQuote),
        (Tee::Tdx, Tee::Sgx) => Err(AttestError::NotATdxQuote),
        (Tee::Sgx, Tee::Sgx) | (Tee::Tdx, Tee::Tdx) => Ok(()),
    }
}

/// What the policy's configuration demands: "azuredefault" the provider's baseline, a number at least that one. It raises the
/// provider's minimum, it never lowers it.
fn minimum_evaluation_number(properties: &Properties, baseline: u32) -> u32 {
    match properties.value("x-ms-sgx-tcbidentifier") {
        Some(policy::Value::String(text)) => text.parse().unwrap_or(baseline),
        _ => baseline,
    }
}

/// Seconds that the token is valid: what the policy sets, and never longer than the provider's own lifetime, for which its keys
/// are published and its revoked tokens are kept.
fn lifetime(properties: &Properties, provider: i64) -> i64 {
    match properties.value(REPORT_VALIDITY) {
        Some(policy::Value::Integer(minutes)) => minutes.saturating_mul(60).min(provider),
        _ => provider,
    }
}

/// Whether a quote was refused after every signature was verified. Before that, anybody can have made it: a platform's certificate
/// chain is public.
const fn is_after_signatures(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::TcbNotSupported
            | VerifyError::QeTcbNotSupported
            | VerifyError::TdxModuleTcbNotSupported
            | VerifyError::TdxModuleStatusUnknown(_)
            | VerifyError::TcbRevoked(_)
    )
}

/// SHA-256 of the data stands at the beginning of the field that commits to it; the rest of the field is the attested
/// environment's own.
fn check_held_data(report: &Report, request: &AttestRequest) -> Result<(), AttestError> {
    let commits = |field: &[u8], data: &HeldData| field.starts_with(&sha256(&[data.bytes()]));
    if let Some(data) = &request.runtime_data
        && !commits(report.report_data(), data)
    {
        return Err(AttestError::RuntimeData);
    }
    if let Some(data) = &request.init_time_data
        && !chosen_at_start(report).is_some_and(|field| commits(field, data))
    {
        return Err(AttestError::InitTimeData);
    }
    Ok(())
}

/// CONFIGID of an enclave that has one, MRCONFIGID of a trust domain.
fn chosen_at_start(report: &Report) -> Option<&[u8]> {
    match report {
        Report::SgxEnclave(enclave) => enclave.attributes.is_kss().then_some(&enclave.config_id),
        Report::Td10(_) | Report::Td15(_) | Report::Td15Ex(_) => {
            report.td_report().map(|td| td.mr_config_id.as_slice())
        }
    }
}

/// The members of a token that the service speaks for itself.
fn outgoing(
    evidence: Evidence<'_>,
    request: &AttestRequest,
    issued: &Map<String, Value>,
    policy: &PolicyInForce,
    collateral: Value,
) -> Map<String, Value> {
    let is_sgx = evidence.is_sgx();
    let mut claims = evidence.outgoing();
    if is_sgx {
        claims.insert("maa-attestationcollateral".to_owned(), collateral.clone());
        claims.insert("x-ms-sgx-collateral".to_owned(), collateral);
    }
    claims.insert("x-ms-policy-hash".to_owned(), policy.hash.as_str().into());
    if let Some(signer) = &policy.signer {
        claims.insert("x-ms-policy-signer".to_owned(), json!({"jwk": signer}));
    }
    if let Some(nonce) = &request.nonce {
        claims.insert("nonce".to_owned(), nonce.as_str().into());
    }
    if let Some(HeldData::Json(_, object)) = &request.init_time_data {
        claims.insert("x-ms-inittime".to_owned(), Value::Object(object.clone()));
    }
    if !issued.is_empty() {
        claims.insert("x-ms-policy".to_owned(), Value::Object(issued.clone()));
    }
    claims
}

/// The policy engine lets no owned name through; the service's own word would win in any case.
fn with_issued(mut claims: Map<String, Value>, issued: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in issued {
        claims.entry(name).or_insert(value);
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_after_every_signature_are_about_proven_evidence() {
        assert!(is_after_signatures(&VerifyError::TcbNotSupported));
        assert!(is_after_signatures(&VerifyError::QeTcbNotSupported));
        assert!(is_after_signatures(&VerifyError::TdxModuleTcbNotSupported));
        for error in [VerifyError::QuoteSignature, VerifyError::QeReportSignature, VerifyError::AttestationKeyBinding] {
            assert!(!is_after_signatures(&error), "{error}");
        }
    }
}

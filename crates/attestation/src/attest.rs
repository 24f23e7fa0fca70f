//! The path of an attestation: evidence, proven, verified, accepted, claims, decision, token.

mod error;
mod place;

use std::borrow::Cow;
use std::sync::Arc;

use evidence::{Appraisal, Body, BoundData, Claims, Slot, Verified};
use policy::{Fuel, Properties};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use crate::api_version::ApiVersion;
use crate::attestation_type::AttestationType;
use crate::audit::Observed;
use crate::claims;
use crate::policies::PolicyInForce;
use crate::policy_type::REPORT_VALIDITY;
use crate::provider::Provider;
use crate::request::AttestRequest;

pub use error::AttestError;
pub use place::Attested;

impl Provider {
    /// Attests evidence and gives the token: signed, or unsecured where a draft policy was tried. `now` is the time of
    /// the token; evidence is judged as of it too, unless the provider was opened with a dangerous verification time.
    ///
    /// A provider is one snapshot, and nothing newer is read:
    ///
    /// 1. evidence → [`Pending`](evidence::Pending): well-formed, of the kind that the type is about, and its certificate chain leads to
    ///    one of the provider's roots;
    /// 2. → [`Verified`], with the endorsements that this kind of evidence needs;
    /// 3. a draft policy is read; `configure()` of the policy narrows the provider's requirements;
    /// 4. → [`Appraisal`]: the requirements are met;
    /// 5. the evidence commits to the data that came with it;
    /// 6. → claims → `decide()`: the policy permits;
    /// 7. → token.
    ///
    /// # Errors
    /// See [`AttestError`].
    pub fn attest(
        &self,
        attestation_type: AttestationType,
        request: &AttestRequest,
        now: UnixTime,
    ) -> Result<String, AttestError> {
        let body = Body::of(&request.evidence);
        let observed = &mut Observed::of(&body);
        self.attest_observed(attestation_type, request, body, now, Place::Pool, observed).map_err(Stop::refusal)
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
        body: Body<'_>,
        now: UnixTime,
        place: Place,
        observed: &mut Observed,
    ) -> Result<String, Stop> {
        let asked = self.policy_asked(attestation_type, request)?;
        if let Asked::InForce(policy) = asked {
            observed.policy = Some((policy.hash.clone(), policy.jws.clone()));
        }
        let verified = self.verified(attestation_type, body, now, observed)?;
        let (policy, mut fuel) = asked.read(attestation_type, place)?;
        observed.policy.get_or_insert_with(|| (policy.hash.clone(), policy.jws.clone()));
        let configured = policy.configured.as_ref().map_err(policy::EvaluationError::clone)?;
        let minimum = minimum_evaluation_number(configured, self.settings.baseline);
        let appraisal = verified.judge(&self.requirements().clone().minimum_evaluation_data_number(minimum))?;

        let bound = BoundRequest::of(&appraisal, request)?;
        let evidence = Claims::of(&appraisal, bound.runtime_data);
        let decided = policy.parsed.decide_within(&evidence.incoming(), &policy.vocabulary, &mut fuel);
        if place == Place::Request && decided.as_ref().is_err_and(policy::Refusal::is_out_of_fuel) {
            return Err(Stop::NeedsPool);
        }
        let permit = decided?;
        let issued = claims::issued(&permit.issued);
        let collateral = appraisal.collateral_digests();
        let claims = match request.api_version {
            ApiVersion::Current => outgoing(evidence, &bound, &issued, &policy, collateral),
            ApiVersion::Of2018 => claims::outgoing_of_2018(evidence, &policy, &collateral.unwrap_or_default()),
        };
        let claims = with_issued(claims, issued);
        let issue = match (request.api_version, &request.draft_policy) {
            (ApiVersion::Of2018, _) => token::issue_of_2018,
            (ApiVersion::Current, Some(_)) => token::issue_unsecured,
            (ApiVersion::Current, None) => token::issue,
        };
        let lifetime = lifetime(&permit.properties, self.settings.token_lifetime);
        Ok(issue(self.signing_key(now)?, self.issuer(), claims, now, lifetime)?)
    }

    /// Verifies the evidence, with one snapshot of the provider's endorsements.
    fn verified(
        &self,
        attestation_type: AttestationType,
        body: Body<'_>,
        now: UnixTime,
        observed: &mut Observed,
    ) -> Result<Verified, AttestError> {
        let snapshot = self.endorsements();
        let context = self.clock.context(self.anchors(), now);
        let request = evidence::Request { kind: attestation_type.kind(), body, certificates: None };
        let verified = evidence::verify(&request, &context, |key| {
            let found = snapshot.find(key, context.at())?;
            observed.collateral = Some(Arc::clone(&found));
            Ok(found.endorsement().clone())
        });
        observed.is_proven = match &verified {
            Ok(_) => true,
            Err(AttestError::Evidence(error)) => error.is_after_signatures(),
            Err(_) => false,
        };
        observed.platform = verified.as_ref().ok().map(|verified| *verified.platform_id());
        verified
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

/// What of a request may be in its token: data that the evidence commits to, and the nonce.
struct BoundRequest<'a> {
    runtime_data: Option<BoundData<'a>>,
    init_time_data: Option<BoundData<'a>>,
    nonce: Option<&'a str>,
}

impl<'a> BoundRequest<'a> {
    fn of(appraisal: &Appraisal, request: &'a AttestRequest) -> Result<Self, AttestError> {
        let runtime_data = request.runtime_data.as_ref();
        let runtime_data = runtime_data.map(|data| appraisal.bind(Slot::Runtime, data).ok_or(AttestError::RuntimeData));
        let init_time_data = request.init_time_data.as_ref();
        let init_time_data =
            init_time_data.map(|data| appraisal.bind(Slot::InitTime, data).ok_or(AttestError::InitTimeData));
        Ok(Self {
            runtime_data: runtime_data.transpose()?,
            init_time_data: init_time_data.transpose()?,
            nonce: request.nonce.as_deref(),
        })
    }
}

/// The members of a token that the service speaks for itself.
fn outgoing(
    evidence: Claims<'_>,
    bound: &BoundRequest<'_>,
    issued: &Map<String, Value>,
    policy: &PolicyInForce,
    collateral: Option<Map<String, Value>>,
) -> Map<String, Value> {
    let mut claims = evidence.outgoing();
    if let Some(collateral) = collateral {
        claims.insert("maa-attestationcollateral".to_owned(), Value::Object(collateral.clone()));
        claims.insert("x-ms-sgx-collateral".to_owned(), Value::Object(collateral));
    }
    claims.insert("x-ms-policy-hash".to_owned(), policy.hash.as_str().into());
    if let Some(signer) = &policy.signer {
        claims.insert("x-ms-policy-signer".to_owned(), json!({"jwk": signer}));
    }
    if let Some(nonce) = bound.nonce {
        claims.insert("nonce".to_owned(), nonce.into());
    }
    if let Some(object) = bound.init_time_data.and_then(|bound| bound.data().object()) {
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

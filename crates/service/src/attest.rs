//! The whole line of an attestation: evidence, quote, platform, collateral, verdict, claims, decision, token.

use abi::open_enclave::{self, FramingError};
use dcap::{CertificationData, PckError, ProvenPck, Quote, QuoteError, Refusal as DcapRefusal, UnixTime, VerifyError};
use policy::{ParseErrors, Policy, Properties};
use serde_json::{Map, Value};

use crate::claims::{self, Evidence};
use crate::hashes::sha256;
use crate::keeper::{KeeperError, Prepared};
use crate::names::OWNED_NAMES;
use crate::provider::{AttestationType, Policies, Provider, Snapshot};
use crate::request::{AttestRequest, HeldData};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The Open Enclave framing is wrong.
    #[error("report cannot be read: {0}")]
    Framing(#[from] FramingError),
    /// The quote cannot be read.
    #[error("quote cannot be read: {0}")]
    Quote(#[from] QuoteError),
    /// A quote of something else than an SGX enclave.
    #[error("quote is of no SGX enclave")]
    NotAnSgxQuote,
    /// A quote without the PCK chain.
    #[error("quote does not carry its PCK certificate chain")]
    NoPckChain,
    /// The platform's chain proves nothing.
    #[error("platform is not proven: {0}")]
    Pck(#[from] PckError),
    /// There is no usable collateral.
    #[error(transparent)]
    Collateral(#[from] KeeperError),
    /// The quote is not authentic.
    #[error("quote is not authentic: {0}")]
    Verify(#[from] VerifyError),
    /// The quote is authentic and not good enough for this provider.
    #[error("quote is authentic and not accepted: {0}")]
    NotAccepted(#[from] DcapRefusal),
    /// Report data does not commit to the runtime data.
    #[error("SHA-256 of runtimeData is not the first half of the quote's report data")]
    RuntimeData,
    /// CONFIGID does not commit to the data given at start, or the enclave has none.
    #[error("SHA-256 of initTimeData is not the first half of the quote's CONFIGID, or the enclave has none")]
    InitTimeData,
    /// The draft policy is none.
    #[error("draft policy is refused: {0}")]
    DraftPolicy(ParseErrors),
    /// The policy asks for a property that is not known, or of an impossible value.
    #[error("policy sets property `{name}` to an impossible value; {expected}")]
    Property {
        /// The property.
        name: String,
        /// What is possible.
        expected: &'static str,
    },
    /// The policy's configuration cannot be evaluated.
    #[error("Policy Engine Exception: {0}")]
    Configuration(#[from] policy::EvaluationError),
    /// The policy decided against it, or could not decide.
    #[error("Policy Engine Exception: {0}")]
    Policy(#[from] policy::Refusal),
    /// The token could not be made.
    #[error("token could not be issued")]
    Issue(#[from] token::IssueError),
}

impl AttestError {
    /// Azure Attestation's code for this kind of refusal.
    pub const fn azure_code(&self) -> &'static str {
        match self {
            Self::Framing(_) | Self::RuntimeData | Self::InitTimeData => "InvalidParameter",
            Self::Quote(_)
            | Self::NotAnSgxQuote
            | Self::NoPckChain
            | Self::Pck(_)
            | Self::Collateral(_)
            | Self::Verify(_)
            | Self::NotAccepted(_) => "InvalidQuote",
            Self::DraftPolicy(_) => "PolicyParsingError",
            Self::Property { .. } | Self::Configuration(_) | Self::Policy(_) => "PolicyEvaluationError",
            Self::Issue(_) => "InternalError",
        }
    }

    /// A stable name of the fault.
    pub fn code(&self) -> String {
        match self {
            Self::Framing(_) => "open_enclave_report_malformed",
            Self::Quote(error) => error.code(),
            Self::NotAnSgxQuote => "quote_not_sgx",
            Self::NoPckChain => "quote_without_pck_chain",
            Self::Pck(error) => return error.code(),
            Self::Collateral(error) => return error.code(),
            Self::Verify(error) => return error.code(),
            Self::NotAccepted(refusal) => refusal.reason.code(),
            Self::RuntimeData => "runtime_data_mismatch",
            Self::InitTimeData => "init_time_data_mismatch",
            Self::DraftPolicy(_) => "draft_policy_malformed",
            Self::Property { .. } => "policy_property_impossible",
            Self::Configuration(_) => "policy_evaluation_failed",
            Self::Policy(policy::Refusal::Denied { .. }) => "policy_denied",
            Self::Policy(policy::Refusal::NoPermit) => "policy_did_not_permit",
            Self::Policy(policy::Refusal::Evaluation(_)) => "policy_evaluation_failed",
            Self::Issue(error) => error.code(),
        }
        .to_owned()
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Framing(_) => "send the report as Open Enclave made it, or the bare quote to /attest/SgxEnclave",
            Self::Quote(error) => error.help(),
            Self::NotAnSgxQuote => "this route takes quotes of SGX enclaves",
            Self::NoPckChain => "let the platform make quotes with certification data of type 5",
            Self::Pck(error) => error.help(),
            Self::Collateral(error) => error.help(),
            Self::Verify(error) => error.help(),
            Self::NotAccepted(refusal) => refusal.reason.help(),
            Self::RuntimeData => "put the SHA-256 of exactly these bytes into the first 32 bytes of report data",
            Self::InitTimeData => "start the enclave with KSS and the SHA-256 of exactly these bytes as CONFIGID",
            Self::DraftPolicy(_) => "mend the policy text where the message says",
            Self::Property { .. } => "set the property to a documented value",
            Self::Configuration(_) | Self::Policy(_) => "compare the provider's policy with the evidence",
            Self::Issue(_) => "look into the service's log",
        }
    }
}

/// What an attestation gave.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// The token, signed; unsecured where a draft policy was tried.
    pub token: String,
    /// SHA-256 of the evidence, for logs.
    pub evidence_sha256: String,
}

impl Provider {
    /// Attests evidence. `now` is the time of the token; evidence is judged as of it too, unless the provider was
    /// opened with a dangerous verification time.
    ///
    /// One snapshot of the provider is taken at the beginning, and nothing newer is read:
    ///
    /// 1. evidence → [`Quote`]: well-formed;
    /// 2. → [`ProvenPck`]: the platform's chain leads to one of the provider's roots;
    /// 3. → `VerifiedQuote`, with collateral for that platform;
    /// 4. `configure()` of the policy narrows the provider's requirements;
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
    ) -> Result<Attestation, AttestError> {
        let snapshot = self.snapshot();
        let at = self.clock().verification_time(now);
        let policy = policy_in_force(&snapshot.policies, attestation_type, request.draft_policy.as_deref())?;

        let quote = Quote::parse(quote_bytes(attestation_type, &request.evidence)?)?;
        let CertificationData::PckChain(chain) = quote.certification() else { return Err(AttestError::NoPckChain) };
        let pck = ProvenPck::prove(chain, self.verifier().roots(), at)?;
        let collateral = snapshot.collateral.get(&pck, quote.tee(), self.verifier().roots(), at)?;
        let verified = self.verifier().verify(&quote, &pck, &collateral.verified, at)?;
        let minimum = minimum_evaluation_number(&policy.parsed.configure()?)?;
        let accepted = self.requirements().clone().minimum_evaluation_data_number(minimum).judge(verified)?;

        let dangerous_time = self.clock().is_dangerous().then_some(at);
        let evidence = Evidence::of(&accepted, request.runtime_data.as_ref(), dangerous_time)?;
        check_held_data(&evidence, request)?;
        let permit = policy.parsed.decide(&evidence.incoming(), &OWNED_NAMES)?;
        let claims = token_claims(&evidence, request, &claims::issued(&permit.issued), &policy.hash, &collateral);
        let token = sign(&snapshot, self.issuer(), claims, now, request.draft_policy.is_some())?;
        Ok(Attestation { token, evidence_sha256: hex::encode(sha256(&[&request.evidence])) })
    }
}

/// A parsed policy with the hash of its text.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInForce {
    pub(crate) parsed: Policy,
    pub(crate) hash: String,
}

impl PolicyInForce {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseErrors> {
        let parsed = Policy::parse(text)?;
        parsed.check_owned(&OWNED_NAMES)?;
        Ok(Self { parsed, hash: token::hash::policy_hash(text) })
    }
}

fn policy_in_force<'a>(
    policies: &'a Policies,
    attestation_type: AttestationType,
    draft: Option<&str>,
) -> Result<std::borrow::Cow<'a, PolicyInForce>, AttestError> {
    use std::borrow::Cow;
    match draft {
        Some(text) => PolicyInForce::parse(text).map(Cow::Owned).map_err(AttestError::DraftPolicy),
        None => Ok(Cow::Borrowed(policies.of(attestation_type))),
    }
}

fn quote_bytes(attestation_type: AttestationType, evidence: &[u8]) -> Result<&[u8], AttestError> {
    match attestation_type {
        AttestationType::SgxEnclave => Ok(evidence),
        AttestationType::OpenEnclave => Ok(open_enclave::quote_in(evidence)?),
    }
}

/// Reads the typed properties of a policy's configuration. A number raises the minimum, it never lowers it.
fn minimum_evaluation_number(properties: &Properties) -> Result<u32, AttestError> {
    const NAME: &str = "x-ms-sgx-tcbidentifier";
    let mut minimum = 0;
    for (name, value) in properties.iter() {
        let impossible = |expected| AttestError::Property { name: name.to_owned(), expected };
        if name != NAME {
            return Err(impossible("the only property known for SGX is x-ms-sgx-tcbidentifier"));
        }
        minimum = match value {
            policy::Value::String(text) if text == "azuredefault" => 0,
            policy::Value::String(text) => {
                text.parse().map_err(|_| impossible("it is \"azuredefault\" or an evaluation number in quotes"))?
            }
            _ => return Err(impossible("it is \"azuredefault\" or an evaluation number in quotes")),
        };
    }
    Ok(minimum)
}

/// SHA-256 of the data stands in the first half of the field that commits to it; the rest of the field is the
/// enclave's own.
fn check_held_data(evidence: &Evidence<'_>, request: &AttestRequest) -> Result<(), AttestError> {
    let commits = |field: &[u8; 64], data: &HeldData| field.starts_with(sha256(&[data.bytes()]).as_ref());
    if let Some(data) = &request.runtime_data
        && !commits(&evidence.enclave.report_data, data)
    {
        return Err(AttestError::RuntimeData);
    }
    if let Some(data) = &request.init_time_data {
        let enclave = evidence.enclave;
        if !enclave.attributes.is_kss() || !commits(&enclave.config_id, data) {
            return Err(AttestError::InitTimeData);
        }
    }
    Ok(())
}

fn token_claims(
    evidence: &Evidence<'_>,
    request: &AttestRequest,
    issued: &Map<String, Value>,
    policy_hash: &str,
    collateral: &Prepared,
) -> Map<String, Value> {
    let mut claims = evidence.outgoing();
    let collateral = collateral.hashes.claim(&request.evidence);
    claims.insert("maa-attestationcollateral".to_owned(), collateral.clone());
    claims.insert("x-ms-sgx-collateral".to_owned(), collateral);
    claims.insert("x-ms-policy-hash".to_owned(), policy_hash.into());
    if let Some(nonce) = &request.nonce {
        claims.insert("nonce".to_owned(), nonce.as_str().into());
    }
    if let Some(HeldData::Json(_, object)) = &request.init_time_data {
        claims.insert("x-ms-inittime".to_owned(), Value::Object(object.clone()));
    }
    if !issued.is_empty() {
        claims.insert("x-ms-policy".to_owned(), Value::Object(issued.clone()));
    }
    for (name, value) in issued {
        // The policy engine refused owned names already; the service's own word stands in any case.
        claims.entry(name.clone()).or_insert_with(|| value.clone());
    }
    claims
}

fn sign(
    snapshot: &Snapshot,
    issuer: &str,
    claims: Map<String, Value>,
    now: UnixTime,
    is_draft: bool,
) -> Result<String, token::IssueError> {
    let issue = if is_draft { token::issue_unsecured } else { token::issue };
    issue(&snapshot.key, issuer, claims, now.seconds(), token::ATTESTATION_LIFETIME)
}

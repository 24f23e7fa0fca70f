//! The appraisal, step by step: begin, supply, judge.

use std::sync::Arc;

use abi::sgx::ReportBody;
use dcap::{AcceptedQuote, Report, VerifiedQuote};
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::digest::sha256;
use crate::endorsement::{Endorsement, EndorsementKey};
use crate::error::{EvidenceError, Refusal};
use crate::held_data::{BoundData, HeldData, Slot};
use crate::kind::Kind;
use crate::quote::digests::CollateralDigests;
use crate::quote::proven::ProvenQuote;
use crate::request::{Context, Request};
use crate::requirements::Requirements;

/// How often evidence of any kind needs further endorsements at most.
const MAX_ROUNDS: usize = 4;

/// Begins an appraisal: the evidence is well-formed, and its certificate chain is proven as far as that is possible without
/// endorsements.
///
/// # Errors
/// [`EvidenceError`], if the evidence cannot be read or its platform cannot be proven.
pub fn begin<'a>(request: &Request<'a>, context: &Context<'_>) -> Result<Step<'a>, EvidenceError> {
    match request.kind {
        Kind::SgxQuote | Kind::OpenEnclaveReport | Kind::TdxQuote => {
            let proven = ProvenQuote::prove(request, context)?;
            let needs = vec![EndorsementKey::Collateral(proven.family())];
            let pending = Pending {
                kind: request.kind,
                evidence_sha256: *request.body.sha256(),
                proven: Proven::Quote(Box::new(proven)),
            };
            Ok(Step::Needs(needs, pending))
        }
    }
}

/// How far an appraisal has come.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "every appraisal ends in the large one, which is taken out at once")]
pub enum Step<'a> {
    /// It needs these endorsements to go on.
    Needs(Vec<EndorsementKey>, Pending<'a>),
    /// The evidence is authentic.
    Verified(Verified),
}

/// Evidence that waits for endorsements. It can be supplied several times, to see what different endorsements make of it.
#[derive(Clone, Debug)]
pub struct Pending<'a> {
    kind: Kind,
    evidence_sha256: [u8; 32],
    proven: Proven<'a>,
}

/// What is proven of evidence before its endorsements are there, by family of evidence.
#[derive(Clone, Debug)]
pub enum Proven<'a> {
    /// A quote of a proven platform.
    Quote(Box<ProvenQuote<'a>>),
}

impl<'a> Pending<'a> {
    /// Returns what is proven already.
    pub const fn proven(&self) -> &Proven<'a> {
        &self.proven
    }

    /// Goes on with the endorsements that were needed: verifies the evidence against them.
    ///
    /// # Errors
    /// [`EvidenceError`]. Evidence that is forged, expired, revoked or of another platform is refused; evidence of a platform that is
    /// out of date is verified, and judged afterwards.
    pub fn supply(&self, found: &[Endorsement], context: &Context<'_>) -> Result<Step<'a>, EvidenceError> {
        let Proven::Quote(proven) = &self.proven;
        let Some(Endorsement::Collateral(collateral)) = found.first() else {
            return Err(EvidenceError::EndorsementMissing);
        };
        let verifier = context.anchors().quotes();
        let quote = verifier.verify(proven.quote(), proven.pck(), collateral.verified(), context.at())?;
        let state = State::Quote { quote, digests: Arc::clone(collateral.digests()) };
        let platform_id = platform_id(&proven.pck().root().sha256(), proven.pck().platform().ppid());
        let facts = Facts {
            kind: self.kind,
            evidence_sha256: self.evidence_sha256,
            platform_id,
            dangerous_verification_time: context.dangerous_verification_time(),
        };
        Ok(Step::Verified(Verified { facts, state }))
    }
}

/// What tells platforms apart without naming them: SHA-256 over the public key of their root and their PPID, which stays the same for
/// the life of a platform and identifies it.
fn platform_id(root: &[u8; 32], ppid: &[u8; 16]) -> [u8; 32] {
    sha256(&[b"veritee platform\n", root, ppid])
}

/// What is known of verified evidence of every family.
#[derive(Clone, Copy, Debug)]
struct Facts {
    kind: Kind,
    evidence_sha256: [u8; 32],
    platform_id: [u8; 32],
    dangerous_verification_time: Option<UnixTime>,
}

/// Authentic evidence: every signature, chain, revocation list and validity period holds. It is not judged yet.
///
/// Only [`Pending::supply`] makes it:
///
/// ```compile_fail
/// let verified: evidence::Verified = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct Verified {
    facts: Facts,
    state: State<VerifiedQuote>,
}

/// The state of each family of evidence.
#[derive(Clone, Debug)]
enum State<Q> {
    Quote { quote: Q, digests: Arc<CollateralDigests> },
}

/// What was verified, in the terms of its family of evidence.
#[derive(Clone, Copy, Debug)]
pub enum Details<'a> {
    /// A quote.
    Quote(&'a VerifiedQuote),
}

impl Verified {
    /// Returns what was verified.
    pub const fn details(&self) -> Details<'_> {
        let State::Quote { quote, .. } = &self.state;
        Details::Quote(quote)
    }

    /// Returns what tells the platform apart from others: a digest, from which nobody learns its PPID.
    pub const fn platform_id(&self) -> &[u8; 32] {
        &self.facts.platform_id
    }

    /// Judges the evidence by the requirements.
    ///
    /// It is a step of its own, because requirements may come from a policy that a stranger sent, and such a policy is not read before
    /// the evidence is authentic.
    ///
    /// # Errors
    /// [`Refusal`], for the first requirement that is not met.
    pub fn judge(self, requirements: &Requirements) -> Result<Appraisal, Refusal> {
        let State::Quote { quote, digests } = self.state;
        let quote = requirements.quotes.judge(quote)?;
        Ok(Appraisal { facts: self.facts, state: State::Quote { quote, digests } })
    }
}

/// Authentic evidence that met the requirements. Claims, tokens and secrets are given for nothing less.
///
/// Only [`Verified::judge`] makes it:
///
/// ```compile_fail
/// fn accept(verified: evidence::Verified) -> evidence::Appraisal { verified.into() }
/// ```
/// ```compile_fail
/// let appraisal: evidence::Appraisal = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Appraisal {
    facts: Facts,
    state: State<AcceptedQuote>,
}

impl Appraisal {
    /// Returns the kind of the evidence.
    pub const fn kind(&self) -> Kind {
        self.facts.kind
    }

    /// Returns what was accepted, in the terms of its family of evidence.
    pub const fn details(&self) -> Details<'_> {
        let State::Quote { quote, .. } = &self.state;
        Details::Quote(quote.quote())
    }

    /// Returns the report of the SGX enclave that the evidence attests; there is none where it attests something else.
    pub fn enclave(&self) -> Option<&ReportBody> {
        let Details::Quote(quote) = self.details();
        match quote.report() {
            Report::SgxEnclave(enclave) => Some(enclave),
            Report::Td10(_) | Report::Td15(_) | Report::Td15Ex(_) => None,
        }
    }

    /// Returns what tells the platform apart from others, see [`Verified::platform_id`].
    pub const fn platform_id(&self) -> &[u8; 32] {
        &self.facts.platform_id
    }

    /// Returns whether the root is another one than the manufacturer's, so that nothing is said about genuine hardware.
    pub fn is_simulated(&self) -> bool {
        let Details::Quote(quote) = self.details();
        quote.root().is_simulated()
    }

    /// Binds data to the evidence: returns it if the slot of the evidence begins with the SHA-256 of the data. The rest of the slot is
    /// for the attested environment to use.
    pub fn bind<'d>(&self, slot: Slot, data: &'d HeldData) -> Option<BoundData<'d>> {
        let Details::Quote(quote) = self.details();
        let field = match slot {
            Slot::Runtime => Some(quote.report().report_data().as_slice()),
            Slot::InitTime => init_time_field(quote.report()),
        };
        let is_bound = field.is_some_and(|field| field.starts_with(&sha256(&[data.bytes()])));
        is_bound.then_some(BoundData::new(data))
    }

    /// Returns the digests of the evidence and of the collateral that it was verified with, as the members of `x-ms-sgx-collateral`.
    /// Tokens about other evidence than that of SGX enclaves have none.
    pub fn collateral_digests(&self) -> Option<Map<String, Value>> {
        let State::Quote { digests, .. } = &self.state;
        self.facts.kind.is_sgx().then(|| digests.claim(&hex::encode(self.facts.evidence_sha256)))
    }

    /// Returns the verification time if it was not the current time.
    pub(crate) const fn dangerous_verification_time(&self) -> Option<UnixTime> {
        self.facts.dangerous_verification_time
    }
}

/// Verifies evidence with the endorsements that `find` returns for what is needed.
///
/// # Errors
/// [`EvidenceError`], and what `find` fails with.
pub fn verify<E: From<EvidenceError>>(
    request: &Request<'_>,
    context: &Context<'_>,
    mut find: impl FnMut(&EndorsementKey) -> Result<Endorsement, E>,
) -> Result<Verified, E> {
    let mut step = begin(request, context)?;
    for _ in 0..MAX_ROUNDS {
        step = match step {
            Step::Verified(verified) => return Ok(verified),
            Step::Needs(needs, pending) => {
                let found: Vec<Endorsement> = needs.iter().map(&mut find).collect::<Result<_, E>>()?;
                pending.supply(&found, context)?
            }
        };
    }
    match step {
        Step::Verified(verified) => Ok(verified),
        Step::Needs(..) => Err(EvidenceError::EndorsementMissing.into()),
    }
}

/// CONFIGID of an enclave that has one, MRCONFIGID of a trust domain.
fn init_time_field(report: &Report) -> Option<&[u8]> {
    match report {
        Report::SgxEnclave(enclave) => enclave.attributes.is_kss().then_some(&enclave.config_id),
        Report::Td10(_) | Report::Td15(_) | Report::Td15Ex(_) => {
            report.td_report().map(|td| td.mr_config_id.as_slice())
        }
    }
}

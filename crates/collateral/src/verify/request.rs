//! One call from evidence and pieces of collateral to a verdict.

use dcap::{IntelResult, Quote, VerifyError, shortfalls};
use evidence::{
    Appraisal, Body, Context, Details, Endorsement, EndorsementKey, EvidenceError, EvidenceFile, Kind, Pending, Proven,
    Request, Requirements, Step, Verified, begin,
};

use crate::set::CollateralSet;
use crate::verify::rejection::Rejection;
use crate::verify::verdict::{Decision, ErrorDescription, EvidenceDescription, Verdict};
use crate::verify::{by_number, diagnosis};

/// Evidence, and the pieces that its collateral is chosen from.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use collateral::{Checks, CollateralSet, VerificationRequest};
/// use evidence::{Anchors, Context, EvidenceFile, Requirements};
/// use unix_time::UnixTime;
///
/// let evidence = EvidenceFile::read(&std::fs::read("quote")?)?;
/// let collateral = CollateralSet::load("collateral/".as_ref())?;
/// let request = VerificationRequest { evidence: &evidence, certificates: None, collateral: &collateral };
/// let anchors = Anchors::intel();
/// let context = Context::new(&anchors, UnixTime::of_system_clock());
/// let verdict = request.verdict(&context, &Requirements::default(), Checks::UntilFirstFailure);
/// println!("{}", serde_json::to_string_pretty(&verdict)?);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VerificationRequest<'a> {
    /// The evidence.
    pub evidence: &'a EvidenceFile,
    /// The PCK certificate chain in PEM, leaf first, for quotes that do not carry theirs.
    pub certificates: Option<&'a [u8]>,
    /// The pieces of collateral.
    pub collateral: &'a CollateralSet,
}

/// Which checks a verdict lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// None: the first failure is the reason of the verdict.
    UntilFirstFailure,
    /// Every check that can be made, with its result.
    All,
}

impl VerificationRequest<'_> {
    /// Verifies the evidence and judges it.
    ///
    /// # Errors
    /// [`Rejection`]: why the evidence is not authentic, or does not meet the requirements.
    pub fn appraise(&self, context: &Context<'_>, requirements: &Requirements) -> Result<Appraisal, Rejection> {
        self.judge(context, requirements, &mut EvidenceDescription::default())
    }

    /// Verifies the evidence, judges it, and reports what is known of it. The contents of evidence that is not authentic are left out.
    pub fn verdict(&self, context: &Context<'_>, requirements: &Requirements, checks: Checks) -> Verdict {
        let checks = match checks {
            Checks::UntilFirstFailure => None,
            Checks::All => Some(diagnosis::checks(self.evidence, self.certificates, self.collateral, context)),
        };
        let mut evidence = EvidenceDescription::default();
        let decision = match self.judge(context, requirements, &mut evidence) {
            Ok(_) => Decision::Accepted,
            Err(rejection) => Decision::Rejected { error: ErrorDescription::of(&rejection) },
        };
        Verdict { decision, at: context.at(), checks, evidence }
    }

    fn judge(
        &self,
        context: &Context<'_>,
        requirements: &Requirements,
        known: &mut EvidenceDescription,
    ) -> Result<Appraisal, Rejection> {
        let verified = self.verify(context, known)?;
        let Details::Quote(quote) = verified.details();
        known.quote = Some(quote.into());
        Ok(verified.judge(requirements)?)
    }

    fn verify(&self, context: &Context<'_>, known: &mut EvidenceDescription) -> Result<Verified, Rejection> {
        let body = self.evidence.quote()?;
        let quote = Quote::parse(body)?;
        (known.tee, known.quote_version) = (Some(quote.tee()), Some(quote.version()));
        let request =
            Request { kind: Kind::of_quote(quote.tee()), body: Body::of(body), certificates: self.certificates };
        let (needs, pending) = match begin(&request, context)? {
            Step::Needs(needs, pending) => (needs, pending),
            Step::Verified(verified) => return Ok(verified),
        };
        let endorsements: Vec<Endorsement> =
            needs.iter().map(|key| self.endorsement(key, &pending, context, known)).collect::<Result<_, _>>()?;
        match pending.supply(&endorsements, context) {
            Ok(Step::Verified(verified)) => {
                report_verified(&verified, known);
                Ok(verified)
            }
            Ok(Step::Needs(..)) => Err(EvidenceError::EndorsementMissing.into()),
            Err(error) => {
                report_failed(&error, &pending, &endorsements, known);
                Err(error.into())
            }
        }
    }

    /// Chooses and verifies the collateral that the evidence needs.
    fn endorsement(
        &self,
        key: &EndorsementKey,
        pending: &Pending<'_>,
        context: &Context<'_>,
        known: &mut EvidenceDescription,
    ) -> Result<Endorsement, Rejection> {
        let EndorsementKey::Collateral(family) = key;
        let choice = self.collateral.choose(family, context.at());
        let choice = choice.map_err(|error| Rejection::not_chosen(error, self.collateral))?;
        known.collateral = Some(choice.taken);
        let endorsement = context.anchors().verify_collateral(choice.collateral, context.at())?;
        known.by_evaluation_number = Some(by_number::statuses(self.collateral, family, pending, context));
        Ok(endorsement)
    }
}

fn report_verified(verified: &Verified, known: &mut EvidenceDescription) {
    let Details::Quote(quote) = verified.details();
    known.shortfalls = Some(quote.shortfalls());
    known.intel_result = Some(quote.tcb().status.into());
    known.supplemental = Some(quote.supplemental());
}

fn report_failed(
    error: &EvidenceError,
    pending: &Pending<'_>,
    endorsements: &[Endorsement],
    known: &mut EvidenceDescription,
) {
    let EvidenceError::Verify(error) = error else { return };
    known.intel_result = Some(IntelResult::from(error));
    // The quote is authentic in this case, and its platform reaches no level.
    if let (VerifyError::TcbNotSupported, [Endorsement::Collateral(collateral)]) = (error, endorsements) {
        let Proven::Quote(proven) = pending.proven();
        known.shortfalls = Some(shortfalls(proven.quote(), proven.pck(), collateral.verified()));
    }
}

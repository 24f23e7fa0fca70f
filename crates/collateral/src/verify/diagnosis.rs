//! Every check with its result.

use dcap::{CertificateError, CertificateFault, Finding, PckError, ProvenPck, Quote, Verifier, diagnose};
use evidence::{Context, EvidenceFile};
use unix_time::{OutsideValidity, UnixTime};

use crate::set::CollateralSet;

/// How many certificates a PCK chain has.
const CHAIN_LENGTH: usize = 3;

/// Makes every check. Returns an empty list if collateral for the platform is missing, which the verdict then gives as its reason.
pub(super) fn checks(
    evidence: &EvidenceFile,
    certificates: Option<&[u8]>,
    set: &CollateralSet,
    context: &Context<'_>,
) -> Vec<Finding> {
    let (verifier, at) = (context.anchors().quotes(), context.at());
    let diagnosis = || {
        let bytes = evidence.quote().ok()?;
        let quote = Quote::parse(bytes).ok()?;
        let pck = at_any_time(verifier, &quote, certificates, at)?;
        let choice = set.choose(&pck.family(quote.tee()), at).ok()?;
        Some(diagnose(bytes, certificates, &choice.collateral, verifier.roots(), at))
    };
    diagnosis().map(|diagnosis| diagnosis.findings).unwrap_or_default()
}

/// The platform that collateral is chosen for. If its chain is not valid at that time, it is proven at a time when the chain is.
fn at_any_time(
    verifier: &Verifier,
    quote: &Quote<'_>,
    certificates: Option<&[u8]>,
    mut at: UnixTime,
) -> Option<ProvenPck> {
    for _ in 0..CHAIN_LENGTH {
        match verifier.prove(quote, certificates, at) {
            Ok(pck) => return Some(pck),
            Err(PckError::Certificate(CertificateError {
                fault: CertificateFault::OutsideValidity(outside), ..
            })) => {
                at = match outside {
                    OutsideValidity::NotYetValid { from, .. } => from,
                    OutsideValidity::Expired { until, .. } => until,
                };
            }
            Err(_) => return None,
        }
    }
    verifier.prove(quote, certificates, at).ok()
}

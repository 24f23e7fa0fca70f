//! Every check that can be made, with its result: for people who want to know all that is wrong with some evidence.
//!
//! Verification stops at the first fault, which is right for verdicts; a diagnosis goes on, so that an old platform does
//! not hide an expired revocation list. It calls the very functions that verification calls, and no verdict rests on it.

use crate::documents::collateral::Collateral;
use crate::documents::proof::Proof;
use crate::memo::cache::Cache;
use crate::pki::root::TrustedRoots;
use crate::quote::parse::Quote;
use crate::report::finding::{Finding, Outcome};
use crate::report::log::{Known, Log, known};
use crate::report::pieces::Pieces;
use crate::report::shortfall::{self, Shortfall};
use crate::verify::error::VerifyError;
use crate::verify::relaunch::RelaunchRule;
use crate::verify::steps;
use crate::verify::tcb::{self, Tcb};
use unix_time::UnixTime;

/// All findings on some evidence.
///
/// It proves nothing to a program: there is no way from it to a verified quote.
///
/// ```compile_fail
/// fn verified(diagnosis: dcap::Diagnosis) -> dcap::VerifiedQuote { diagnosis.into() }
/// ```
/// ```compile_fail
/// fn accepted(diagnosis: &dcap::Diagnosis) -> &dcap::AcceptedQuote { diagnosis.as_ref() }
/// ```
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// One for each check, in the order of verification.
    pub findings: Vec<Finding>,
    /// How up to date the platform is, where that can be told. It may be a forger's platform: see the findings.
    pub tcb: Option<Tcb>,
    /// What is short of the best level, where that can be told.
    pub shortfalls: Vec<Shortfall>,
}

impl Diagnosis {
    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding.outcome, Outcome::Failed { .. }))
    }
}

/// Makes every check that can be made on a quote (with a PCK chain beside it, where it has none) and collateral. Relaunches
/// are advised by the current rule.
pub fn diagnose(
    quote: &[u8],
    chain_beside: Option<&[u8]>,
    collateral: &Collateral,
    roots: &TrustedRoots,
    at: UnixTime,
) -> Diagnosis {
    let cache = Cache::of_hosts(roots.clone(), 16);
    let mut log = Log::default();
    let quote = log.check("quote.format", || Ok(Quote::parse(quote)));
    let pck = log.check("pck_chain", || Ok(cache.pcks.prove(known(&quote)?.certification(), chain_beside)));
    let _known_from_its_finding =
        log.check("pck_chain.validity", || Ok(known(&pck)?.check_validity(at).map_err(VerifyError::from)));
    let proof = Proof { collateral, cache: &cache };
    let Pieces { issuer, root_crl, pck_crl, tcb_info, qe_identity } = Pieces::examine(&proof, at, &mut log);

    let mut check = |name, run: &dyn Fn() -> Known<Result<(), VerifyError>>| {
        let _known_from_its_finding = log.check(name, run);
    };
    check("roots", &|| {
        let is_one = known(&pck)?.root() == known(&issuer)?.root();
        Ok(if is_one { Ok(()) } else { Err(VerifyError::OtherRoot) })
    });
    check("pck_crl.issuer", &|| Ok(steps::check_pck_ca(known(&pck)?, known(&issuer)?.ca())));
    check("pck_ca_certificate.revocation", &|| Ok(steps::check_pck_ca_not_revoked(known(&pck)?, known(&root_crl)?)));
    check("pck_certificate.revocation", &|| Ok(steps::check_pck_not_revoked(known(&pck)?, known(&pck_crl)?)));
    check("tcb_info.subject", &|| Ok(steps::check_tcb_info_subject(known(&quote)?, known(&pck)?, known(&tcb_info)?)));
    check("tdx_module", &|| Ok(steps::check_tdx_module(known(&quote)?, known(&tcb_info)?)));
    check("qe_report.signature", &|| {
        Ok(steps::check_qe_report_signature(known(&quote)?, known(&pck)?, &cache.signatures))
    });
    check("attestation_key", &|| Ok(steps::check_attestation_key_binding(known(&quote)?)));
    check("qe_report.identity", &|| Ok(steps::check_qe_identity(known(&quote)?, known(&qe_identity)?)));
    check("quote.signature", &|| Ok(steps::check_quote_signature(known(&quote)?)));

    let all = || Known::Ok((known(&quote)?, known(&pck)?, known(&tcb_info)?, known(&qe_identity)?));
    let tcb = log.check("tcb_level", || {
        let (quote, pck, tcb_info, qe_identity) = all()?;
        Ok(tcb::evaluate(quote, pck, tcb_info, qe_identity, RelaunchRule::default()))
    });
    let shortfalls = all().map(|(quote, pck, info, identity)| {
        shortfall::of_documents(quote.report(), quote.qe_report().isv_svn.get(), pck, info, identity)
    });
    let mut findings = log.findings();
    if let (Ok(tcb), Some(of_tcb_level)) = (&tcb, findings.last_mut()) {
        of_tcb_level.status = Some(tcb.status);
    }
    Diagnosis { findings, tcb: tcb.ok(), shortfalls: shortfalls.unwrap_or_default() }
}

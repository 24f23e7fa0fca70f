//! Verifying a quote against a proven platform and verified collateral.

use std::sync::Arc;

use crate::documents::collateral::Collateral;
use crate::documents::collateral_error::CollateralError;
use crate::documents::verified::VerifiedCollateral;
use crate::memo::cache::{self, Cache};
use crate::pki::pck::ProvenPck;
use crate::pki::pck_error::PckError;
use crate::pki::root::TrustedRoots;
use crate::quote::parse::Quote;
use crate::verify::error::VerifyError;
use crate::verify::relaunch::RelaunchRule;
use crate::verify::steps::*;
use crate::verify::tcb;
use crate::verify::verified::VerifiedQuote;
use unix_time::UnixTime;

/// Verifies quotes under one set of roots, and remembers what it has proven of hosts: clones share that memory.
///
/// A quote of a host that it has seen costs one signature, the quote's own; its validity periods and revocation are checked
/// every time. What is remembered is bounded and holds no secret: public keys and hashes.
#[derive(Clone, Debug)]
pub struct Verifier {
    relaunch: RelaunchRule,
    cache: Arc<Cache>,
}

impl Verifier {
    /// A verifier that trusts these roots and remembers some 16,000 hosts, in at most about 15 MiB.
    pub fn new(roots: TrustedRoots) -> Self {
        Self { relaunch: RelaunchRule::default(), cache: Arc::new(Cache::of_hosts(roots, cache::HOSTS)) }
    }

    /// Remembers so many hosts instead, and nothing so far; with 0 it proves everything on every call.
    #[must_use]
    pub fn remembering(mut self, hosts: usize) -> Self {
        self.cache = Arc::new(Cache::of_hosts(self.roots().clone(), hosts));
        self
    }

    /// Advises relaunches by that rule instead of the current one.
    #[must_use]
    pub const fn relaunch_rule(mut self, rule: RelaunchRule) -> Self {
        self.relaunch = rule;
        self
    }

    /// The roots it trusts.
    pub fn roots(&self) -> &TrustedRoots {
        self.cache.roots()
    }

    /// Proves the platform of a quote as of `at`: from the chain that the quote carries (certification data of type 5),
    /// otherwise (types 1 to 4) from the chain in PEM beside it, leaf first. A chain beside a quote that has its own is
    /// not looked at. With type 4, which is the leaf, the two certificates above it are enough.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(&self, quote: &Quote<'_>, chain_beside: Option<&[u8]>, at: UnixTime) -> Result<ProvenPck, PckError> {
        let pck = self.cache.pcks.prove(quote.certification(), chain_beside)?;
        pck.check_validity(at)?;
        Ok(pck)
    }

    /// Verifies collateral as [`Collateral::verify`] does under this verifier's roots.
    ///
    /// # Errors
    /// See [`CollateralError`]: which piece, and why.
    pub fn verify_collateral(
        &self,
        collateral: Collateral,
        at: UnixTime,
    ) -> Result<VerifiedCollateral, CollateralError> {
        collateral.verify_with(&self.cache, at)
    }

    /// Verifies a quote as of `at`: appraisal steps 4.1 to 4.18, in this order.
    ///
    /// # Errors
    /// See [`VerifyError`]. Forged, expired, revoked, mismatched is an error; out of date is data.
    pub fn verify(
        &self,
        quote: &Quote<'_>,
        pck: &ProvenPck,
        collateral: &VerifiedCollateral,
        at: UnixTime,
    ) -> Result<VerifiedQuote, VerifyError> {
        let (tcb_info, qe_identity) = (collateral.tcb_info(), collateral.qe_identity());
        check_same_root(pck.root(), collateral.root())?;
        check_trusted_root(self.roots(), pck.root())?;
        check_validity(pck, collateral, at)?;
        check_pck_ca(pck, collateral.pck_ca())?;
        check_pck_ca_not_revoked(pck, collateral.root_crl())?;
        check_pck_not_revoked(pck, collateral.pck_crl())?;
        check_tcb_info_subject(quote, pck, tcb_info)?;
        check_tdx_module(quote, tcb_info)?;
        check_qe_report_signature(quote, pck, &self.cache.signatures)?;
        check_attestation_key_binding(quote)?;
        check_qe_identity(quote, qe_identity)?;
        check_quote_signature(quote)?;
        let tcb = tcb::evaluate(quote, pck, tcb_info, qe_identity, self.relaunch)?;
        Ok(VerifiedQuote {
            version: quote.version(),
            tee: quote.tee(),
            report: *quote.report(),
            qe_isv_svn: quote.qe_report().isv_svn.get(),
            pck: pck.clone(),
            collateral: collateral.clone(),
            tcb,
            at,
        })
    }
}

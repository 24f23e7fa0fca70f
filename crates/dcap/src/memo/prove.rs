//! Proving a platform, or recalling it.

use std::sync::Arc;

use crate::memo::pcks::KnownPcks;
use crate::pki::certificate::Certificate;
use crate::pki::certification;
use crate::pki::chain::{CertificateError, Role};
use crate::pki::issuer::{self, Issuer};
use crate::pki::pck::ProvenPck;
use crate::pki::pck_error::PckError;
use crate::pki::pem::{self, Blocks, CERTIFICATE};
use crate::pki::root::TrustedRoots;
use crate::quote::parse::CertificationData;
use unix_time::UnixTime;

impl ProvenPck {
    /// Proves a PCK chain in PEM (leaf, intermediate, root) as of `at`.
    ///
    /// 1. Three certificates of the DCAP hierarchy.
    /// 2. The last one carries a trusted root key; each one signs the one before it, with the names, constraints and
    ///    key identifiers of its role. (Reference: appraisal steps A 1 and 2.)
    /// 3. The leaf's SGX extension is whole and fits its CA.
    /// 4. All three are valid at `at`.
    ///
    /// [`Verifier::prove`](crate::Verifier::prove) does the same and remembers it.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(chain_pem: &[u8], roots: &TrustedRoots, at: UnixTime) -> Result<Self, PckError> {
        let pck = of_chain(chain_pem, roots, &KnownPcks::none())?;
        pck.check_validity(at)?;
        Ok(Arc::unwrap_or_clone(pck))
    }
}

/// Proves the platform of a quote as of `at`, from its own chain or the one beside it.
pub(crate) fn of_quote(
    certification: CertificationData<'_>,
    beside: Option<&[u8]>,
    roots: &TrustedRoots,
    known: &KnownPcks,
    at: UnixTime,
) -> Result<Arc<ProvenPck>, PckError> {
    let pck = whatever_the_time(certification, beside, roots, known)?;
    pck.check_validity(at)?;
    Ok(pck)
}

/// The same without regard to time: what comes out is not proven before its validity is checked.
pub(crate) fn whatever_the_time(
    certification: CertificationData<'_>,
    beside: Option<&[u8]>,
    roots: &TrustedRoots,
    known: &KnownPcks,
) -> Result<Arc<ProvenPck>, PckError> {
    let chain = certification::chain(certification, beside)?;
    let pck = of_chain(&chain, roots, known)?;
    certification::check_platform(certification, pck.platform())?;
    Ok(pck)
}

/// The leaf under an issuer that is proven first; each is recalled where it was proven before. Time is not looked at.
fn of_chain(chain_pem: &[u8], roots: &TrustedRoots, known: &KnownPcks) -> Result<Arc<ProvenPck>, PckError> {
    let (leaf, above) = Blocks::of(chain_pem, CERTIFICATE)?.split_first()?;
    let issuer = issuer_of_blocks(above, roots, known)?;
    let remembered = known.leaf(issuer.fact(), leaf);
    if let Some(pck) = remembered.value {
        return Ok(pck);
    }
    let leaf = issuer::certificate(&pem::decode(leaf, 0)?, Role::Pck)?;
    let pck = Arc::new(ProvenPck::of_leaf(&leaf, issuer)?);
    remembered.keep(Arc::clone(&pck));
    Ok(pck)
}

/// Proves the CA and the root that follow a leaf in PEM, or recalls them.
fn issuer_of_blocks(above_leaf: Blocks<'_>, roots: &TrustedRoots, known: &KnownPcks) -> Result<Issuer, PckError> {
    let text = above_leaf.text();
    if let Some(issuer) = known.issuer(text) {
        return Ok(issuer);
    }
    let blocks = above_leaf.collect::<Result<Vec<_>, _>>()?;
    let [ca, root] =
        <[Vec<u8>; 2]>::try_from(blocks).map_err(|blocks| PckError::Length(blocks.len().saturating_add(1)))?;
    let (ca, root) = (issuer::certificate(&ca, Role::PckCa)?, issuer::certificate(&root, Role::Root)?);
    let issuer = Issuer::prove(ca, root, text, roots)?;
    known.keep_issuer(&issuer);
    Ok(issuer)
}

/// Proves a CA and a root, or recalls them.
pub(crate) fn issuer_of_certificates(
    ca: &Certificate,
    root: &Certificate,
    roots: &TrustedRoots,
    known: &KnownPcks,
) -> Result<Issuer, CertificateError> {
    // As quoting libraries write it: whoever has verified the CA's revocation list knows the CA when its hosts come.
    let text = [ca, root].map(|certificate| pem::encode(certificate.der(), CERTIFICATE)).concat();
    let text = text.trim_end();
    if let Some(issuer) = known.issuer(text) {
        return Ok(issuer);
    }
    let issuer = Issuer::prove(ca.clone(), root.clone(), text, roots)?;
    known.keep_issuer(&issuer);
    Ok(issuer)
}

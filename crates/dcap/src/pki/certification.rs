//! Where the PCK chain of a quote is, and that a chain beside a quote is its platform's.

use std::borrow::Cow;

use crate::pki::pck_error::PckError;
use crate::pki::pem::{self, Blocks, CERTIFICATE};
use crate::pki::sgx_extension::SgxExtension;
use crate::quote::parse::CertificationData;

/// The chain in PEM: the quote's own (type 5), or the one beside it (types 1 to 4). With type 4 the quote has the leaf, and
/// its issuer chain alone is enough.
pub(crate) fn chain<'a>(
    certification: CertificationData<'a>,
    beside: Option<&'a [u8]>,
) -> Result<Cow<'a, [u8]>, PckError> {
    match (certification, beside) {
        (CertificationData::PckChain(chain), _) => Ok(Cow::Borrowed(chain)),
        (CertificationData::PlatformIdentity(_, _), Some(beside)) => Ok(Cow::Borrowed(beside)),
        (CertificationData::PckCertificate(leaf), Some(beside)) => with_leaf(leaf, beside),
        (CertificationData::PlatformIdentity(kind, _), None) => Err(PckError::NoChain(kind)),
        (CertificationData::PckCertificate(_), None) => Err(PckError::NoChain(4)),
    }
}

/// The quote's leaf, DER or PEM, before the issuer chain beside it. A chain with a leaf must have the quote's.
fn with_leaf<'a>(leaf: &[u8], beside: &'a [u8]) -> Result<Cow<'a, [u8]>, PckError> {
    let leaf = if leaf.starts_with(b"-----BEGIN") {
        let [leaf] = <[Vec<u8>; 1]>::try_from(pem::blocks(leaf, CERTIFICATE)?)
            .map_err(|blocks| PckError::Length(blocks.len().saturating_add(2)))?;
        leaf
    } else {
        leaf.to_vec()
    };
    let mut blocks = Blocks::of(beside, CERTIFICATE)?;
    let first = blocks.next().ok_or(pem::PemError::Empty)??;
    let more = blocks.collect::<Result<Vec<_>, _>>()?.len();
    match more {
        1 => Ok(Cow::Owned([pem::encode(&leaf, CERTIFICATE).as_bytes(), beside].concat())),
        _ if first == leaf => Ok(Cow::Borrowed(beside)),
        _ => Err(PckError::OtherPlatform("PCK certificate")),
    }
}

/// That the platform is the one that certification data of types 1 to 3 names: PCEID, and PPID where it is clear. Its SVNs
/// may be above those of the certificate. What binds platform and quote in the end is the QE report's signature.
pub(crate) fn check_platform(certification: CertificationData<'_>, platform: &SgxExtension) -> Result<(), PckError> {
    let CertificationData::PlatformIdentity(_, identity) = certification else { return Ok(()) };
    if !identity.ends_with(platform.pce_id()) {
        return Err(PckError::OtherPlatform("PCEID"));
    }
    let is_clear = identity.len() == platform.ppid().len().saturating_add(20);
    if is_clear && !identity.starts_with(platform.ppid()) {
        return Err(PckError::OtherPlatform("PPID"));
    }
    Ok(())
}

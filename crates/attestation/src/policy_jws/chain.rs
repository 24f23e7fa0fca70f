//! The order of a signer's certificates.

use jose::PublicKey;

use super::certificate::SignerCertificate;
use super::key_error::PolicyKeyError;
use super::{MAX_CERTIFICATES, excerpt};

/// Puts certificates in order: the one of `key` first, and after each the one that signed it. Duplicates are removed.
///
/// `certificates` are DER in any order. The chain need not reach a root.
pub(super) fn in_order(certificates: Vec<Vec<u8>>, key: &PublicKey) -> Result<Vec<SignerCertificate>, PolicyKeyError> {
    let mut left: Vec<SignerCertificate> = Vec::new();
    for (number, der) in (1..).zip(&certificates) {
        let certificate =
            SignerCertificate::from_der(der).map_err(|source| PolicyKeyError::Certificate { number, source })?;
        if !left.contains(&certificate) {
            left.push(certificate);
        }
    }
    if left.len() > MAX_CERTIFICATES {
        return Err(PolicyKeyError::TooManyCertificates { count: left.len() });
    }
    let mut chain: Vec<SignerCertificate> = Vec::new();
    let leaf = left.iter().position(|certificate| certificate.key() == Some(key));
    let mut next = Some(leaf.ok_or(PolicyKeyError::KeyWithoutCertificate)?);
    while let Some(position) = next {
        let certificate = left.remove(position);
        next = left.iter().position(|issuer| issuer.signed(&certificate));
        chain.push(certificate);
    }
    match left.first() {
        None => Ok(chain),
        Some(stray) => Err(PolicyKeyError::StrayCertificate { subject: excerpt(&stray.subject()) }),
    }
}

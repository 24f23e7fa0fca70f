//! The files of a signer: a private key and certificates, in PEM.

use pem::Pem;
use zeroize::Zeroizing;

use super::MAX_KEY_FILE;
use super::key_error::PolicyKeyError;

/// A private key in DER.
pub(super) enum KeyDer {
    /// RFC 5208.
    Pkcs8(Zeroizing<Vec<u8>>),
    /// RFC 8017, RSAPrivateKey.
    Pkcs1(Zeroizing<Vec<u8>>),
    /// RFC 5915, ECPrivateKey.
    Sec1(Zeroizing<Vec<u8>>),
}

/// Reads the one private key in a PEM file; certificates and curve parameters are ignored.
pub(super) fn key_in_pem(file: &[u8]) -> Result<KeyDer, PolicyKeyError> {
    let blocks = blocks("key", file)?;
    let has_certificate = blocks.iter().any(|block| block.tag() == "CERTIFICATE");
    let mut keys: Vec<Pem> = blocks.into_iter().filter(|block| block.tag().ends_with("PRIVATE KEY")).collect();
    let count = keys.len();
    match (keys.pop(), count) {
        (Some(key), 1) => key_in_block(key),
        (Some(_), _) => Err(PolicyKeyError::SeveralKeys { count }),
        (None, _) if has_certificate => Err(PolicyKeyError::CertificateInsteadOfKey),
        (None, _) => Err(PolicyKeyError::NoKey),
    }
}

fn key_in_block(block: Pem) -> Result<KeyDer, PolicyKeyError> {
    // The older way of encrypting (RFC 1421) keeps the label and says so in a header.
    let is_encrypted = block.tag() == "ENCRYPTED PRIVATE KEY"
        || block.headers().get("Proc-Type").is_some_and(|v| v.contains("ENCRYPTED"));
    if is_encrypted {
        return Err(PolicyKeyError::EncryptedKey);
    }
    let read: fn(Zeroizing<Vec<u8>>) -> KeyDer = match block.tag() {
        "PRIVATE KEY" => KeyDer::Pkcs8,
        "RSA PRIVATE KEY" => KeyDer::Pkcs1,
        "EC PRIVATE KEY" => KeyDer::Sec1,
        _ => return Err(PolicyKeyError::NoKey),
    };
    Ok(read(Zeroizing::new(block.into_contents())))
}

/// Reads the certificates in a PEM file as DER, at least one; everything else is ignored.
pub(super) fn certificates_in_pem(file: &[u8]) -> Result<Vec<Vec<u8>>, PolicyKeyError> {
    let blocks = blocks("certificates", file)?;
    let certificates = blocks.into_iter().filter(|block| block.tag() == "CERTIFICATE").map(Pem::into_contents);
    let certificates: Vec<Vec<u8>> = certificates.collect();
    if certificates.is_empty() {
        return Err(PolicyKeyError::NoCertificate);
    }
    Ok(certificates)
}

fn blocks(file: &'static str, bytes: &[u8]) -> Result<Vec<Pem>, PolicyKeyError> {
    if bytes.len() > MAX_KEY_FILE {
        return Err(PolicyKeyError::TooLong { file, length: bytes.len() });
    }
    pem::parse_many(bytes).map_err(|source| PolicyKeyError::Pem { file, source })
}

//! A signer's key and certificates in a PKCS#12 file (RFC 7292).

use std::borrow::Cow;

use attestation::policy_jws::{MAX_CERTIFICATES, MAX_KEY_FILE, PolicyKeyError, PolicySigningKey};
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as LibraryError;
use problem::Problem;
use zeroize::Zeroizing;

/// Why a PKCS#12 file gives no key to sign policies with.
#[derive(Debug, thiserror::Error)]
pub enum Pkcs12Error {
    /// The bytes are not a PKCS#12 file.
    #[error("this is no PKCS#12 file, or a damaged one")]
    Malformed(#[source] LibraryError),
    /// The password is not that of the file.
    #[error("the password is not that of the PKCS#12 file")]
    WrongPassword,
    /// The file is protected in a way that is not supported.
    #[error("the PKCS#12 file is protected in a way that is not supported")]
    Protection(#[source] LibraryError),
    /// The file has no private key.
    #[error("the PKCS#12 file has no private key")]
    NoKey,
    /// The file has no certificate.
    #[error("the PKCS#12 file has no certificate")]
    NoCertificate,
    /// What is in the file is not a signer's key with its chain.
    #[error(transparent)]
    Key(#[from] PolicyKeyError),
}

impl Problem for Pkcs12Error {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(_) => "pkcs12_malformed",
            Self::WrongPassword => "pkcs12_wrong_password",
            Self::Protection(_) => "pkcs12_protection",
            Self::NoKey => "pkcs12_no_key",
            Self::NoCertificate => "pkcs12_no_certificate",
            Self::Key(error) => return error.code(),
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Malformed(_) => "pass a file as `openssl pkcs12 -export` writes it, usually named .p12 or .pfx",
            Self::WrongPassword => "pass the password that the file was made with",
            Self::Protection(_) => "make it again with `openssl pkcs12 -export` and no options for its encryption",
            Self::NoKey => "make the file with the key: `openssl pkcs12 -export -inkey KEY.pem -in CHAIN.pem`",
            Self::NoCertificate => {
                "make the file with the certificates: `openssl pkcs12 -export -inkey KEY.pem -in CHAIN.pem`"
            }
            Self::Key(error) => return error.help(),
        }
        .into()
    }
}

/// Reads key and certificates from a file, as OpenSSL and Windows write it today or wrote it earlier: one private key, and its
/// certificates.
pub fn signing_key(file: &[u8], password: &str) -> Result<PolicySigningKey, Pkcs12Error> {
    if file.len() > MAX_KEY_FILE {
        return Err(PolicyKeyError::TooLong { file: "PKCS#12 file", length: file.len() }.into());
    }
    let archive = Pkcs12Archive::from_pkcs12(file, password).map_err(refused)?;
    let key = match archive.keys.as_slice() {
        [] => return Err(Pkcs12Error::NoKey),
        [bag] => Zeroizing::new(bag.key.as_der().to_vec()),
        several => return Err(PolicyKeyError::SeveralKeys { count: several.len() }.into()),
    };
    if archive.certs.is_empty() {
        return Err(Pkcs12Error::NoCertificate);
    }
    if archive.certs.len() > MAX_CERTIFICATES {
        return Err(PolicyKeyError::TooManyCertificates { count: archive.certs.len() }.into());
    }
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    Ok(PolicySigningKey::from_der(key, certificates)?)
}

fn refused(error: LibraryError) -> Pkcs12Error {
    match error {
        // A file without a MAC shows the wrong password only by what decryption makes of it.
        LibraryError::MacError(_) | LibraryError::Pkcs5Error(_) | LibraryError::UnpadError => {
            Pkcs12Error::WrongPassword
        }
        LibraryError::UnsupportedEncryptionScheme
        | LibraryError::UnsupportedMacAlgorithm
        | LibraryError::UnsupportedContentType
        | LibraryError::InvalidParameters => Pkcs12Error::Protection(error),
        _ => Pkcs12Error::Malformed(error),
    }
}

#[cfg(test)]
mod tests;

//! What is signed: a specification in plain fields, who signs it, and the bytes that come of both.

use crate::key::Signer;

/// Why a certificate, CRL, signed document or quote could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// DER could not be written.
    #[error("value cannot be written as DER")]
    Der(#[from] der::Error),
    /// JSON could not be written.
    #[error("document cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Outside the years 1970 to 9999.
    #[error("time `{0}` lies outside the years 1970 to 9999")]
    Time(i64),
    /// A part of a quote is longer than its length field can say.
    #[error("{0} is longer than its length field can say")]
    TooLong(&'static str),
    /// The cryptographic library gave no key, signature or randomness.
    #[error("cryptographic library failed")]
    Cryptography,
}

impl BuildError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Der(_) | Self::Json(_) | Self::TooLong(_) => "shorten or correct the field that was changed",
            Self::Time(_) => "give the time in seconds since 1970",
            Self::Cryptography => "try again; if it persists, the system gives no randomness",
        }
    }
}

impl From<aws_lc_rs::error::Unspecified> for BuildError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Cryptography
    }
}

/// A specification that somebody signs.
pub trait Specification {
    /// The exact bytes that a signature covers.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError>;

    /// Those bytes and their signature (raw r then s) in the form in which they are handed out.
    ///
    /// # Errors
    /// Where they cannot be written in their format.
    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError>;
}

/// A specification and who signs it.
///
/// Nothing is signed before [`Signed::build`], so every field may be changed until then.
#[derive(Clone, Debug)]
pub struct Signed<S> {
    /// What is signed.
    pub spec: S,
    /// Who signs it.
    pub signer: Signer,
    /// Signed in place of the bytes that the specification makes: a true signature over anything at all.
    pub instead: Option<Vec<u8>>,
}

impl<S: Specification> Signed<S> {
    /// The specification, to be signed by that signer.
    pub fn new(spec: S, signer: impl Into<Signer>) -> Self {
        Self { spec, signer: signer.into(), instead: None }
    }

    /// Signs and gives the finished bytes. Every call makes another signature, as ECDSA does.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(&self) -> Result<Vec<u8>, BuildError> {
        let to_be_signed = match &self.instead {
            Some(bytes) => bytes.clone(),
            None => self.spec.to_be_signed()?,
        };
        self.spec.assemble(&to_be_signed, &self.signer.sign(&to_be_signed)?)
    }
}

//! What is signed: a specification in plain fields, who signs it, and the bytes that come of both.

use crate::build_error::BuildError;
use crate::key::Signer;

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

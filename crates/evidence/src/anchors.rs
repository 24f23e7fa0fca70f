//! The roots that evidence has to lead to.

use std::borrow::Cow;

use dcap::{Certificate, Collateral, CollateralError, INTEL_ROOT_KEY, TrustedRoots, Verifier, pem};
use problem::Problem;
use unix_time::UnixTime;

use crate::digest::sha256;
use crate::endorsement::Endorsement;

/// The trusted roots, with a bounded cache of the platforms that were proven under them. Clones share the cache.
#[derive(Clone, Debug)]
pub struct Anchors {
    quotes: Verifier,
    root_sha256: [u8; 32],
}

/// Why a root cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorsError {
    /// It is not one certificate in PEM.
    #[error("root certificate cannot be read")]
    Root,
}

impl Problem for AnchorsError {
    fn code(&self) -> Cow<'static, str> {
        "root_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "give one certificate in PEM".into()
    }
}

impl Anchors {
    /// Trusts Intel's root alone.
    pub fn intel() -> Self {
        Self { quotes: Verifier::new(TrustedRoots::intel()), root_sha256: sha256(&[&INTEL_ROOT_KEY]) }
    }

    /// Trusts the key of that root certificate alone. Every appraisal under another key than Intel's is marked as simulated.
    pub fn only(root: &Certificate) -> Self {
        Self { quotes: Verifier::new(TrustedRoots::only(root)), root_sha256: sha256(&[root.public_key()]) }
    }

    /// Trusts the key of the root certificate in PEM alone, or Intel's root where there is none.
    ///
    /// # Errors
    /// [`AnchorsError`], if the text is not one certificate.
    pub fn from_pem(root: Option<&str>) -> Result<Self, AnchorsError> {
        let Some(text) = root else { return Ok(Self::intel()) };
        let blocks = pem::blocks(text.as_bytes(), "CERTIFICATE").map_err(|_| AnchorsError::Root)?;
        let [der] = blocks.as_slice() else { return Err(AnchorsError::Root) };
        Ok(Self::only(&Certificate::from_der(der).map_err(|_| AnchorsError::Root)?))
    }

    /// Returns whether the root is another one than Intel's.
    pub fn is_simulated(&self) -> bool {
        *self.quotes.roots() != TrustedRoots::intel()
    }

    /// Returns the name of the root, whichever certificate carries its key: SHA-256 over the key as an uncompressed point (65 bytes).
    pub const fn root_sha256(&self) -> &[u8; 32] {
        &self.root_sha256
    }

    /// Verifies Intel's collateral for one platform family.
    ///
    /// # Errors
    /// [`CollateralError`]: which piece, and why.
    pub fn verify_collateral(&self, collateral: Collateral, at: UnixTime) -> Result<Endorsement, CollateralError> {
        self.quotes.verify_collateral(collateral, at).map(Endorsement::of_collateral)
    }

    /// Returns the verifier of quotes.
    pub const fn quotes(&self) -> &Verifier {
        &self.quotes
    }

    /// Advises relaunches of trust domains by that rule instead of the current one.
    #[must_use]
    pub fn relaunch_rule(mut self, rule: dcap::RelaunchRule) -> Self {
        self.quotes = self.quotes.relaunch_rule(rule);
        self
    }
}

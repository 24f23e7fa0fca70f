//! The algorithms of bearer tokens.

use std::borrow::Cow;

use jose::{Algorithm, AllowList};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The algorithms that bearer tokens may be accepted with; an issuer's settings choose among them. Attestation tokens and policies
/// have lists of their own.
pub const ALLOWED: AllowList = AllowList::new(&[Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256]);

/// A signature algorithm out of [`ALLOWED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BearerAlgorithm(Algorithm);

impl BearerAlgorithm {
    /// `RS256`.
    pub const RS256: Self = Self(Algorithm::Rs256);
    /// `PS256`.
    pub const PS256: Self = Self(Algorithm::Ps256);
    /// `ES256`.
    pub const ES256: Self = Self(Algorithm::Es256);

    /// Returns the name of the algorithm in `alg`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        self.0
    }
}

impl<'de> Deserialize<'de> for BearerAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'_, str>::deserialize(deserializer)?;
        let expected = &["RS256", "PS256", "ES256"];
        ALLOWED.find(&name).map(Self).map_err(|_| D::Error::unknown_variant(&name, expected))
    }
}

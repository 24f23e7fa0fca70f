//! The algorithms of attestation tokens.

use std::str::FromStr;

use jose::{Algorithm, AllowList, UnknownAlgorithm};

/// The algorithms that attestation tokens are accepted with. Policies and bearer tokens have lists of their own.
pub const ALLOWED: AllowList = AllowList::new(&[Algorithm::Rs256, Algorithm::Es256]);

/// The algorithm that a provider signs tokens with; the kind of its keys decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// `RS256`, as Azure Attestation signs.
    Rs256,
    /// `ES256`.
    Es256,
}

impl TokenAlgorithm {
    /// The name in headers.
    pub fn name(self) -> &'static str {
        Algorithm::from(self).name()
    }
}

impl From<TokenAlgorithm> for Algorithm {
    fn from(algorithm: TokenAlgorithm) -> Self {
        match algorithm {
            TokenAlgorithm::Rs256 => Self::Rs256,
            TokenAlgorithm::Es256 => Self::Es256,
        }
    }
}

impl FromStr for TokenAlgorithm {
    type Err = UnknownAlgorithm;

    /// Reads a name; case counts.
    ///
    /// # Errors
    /// [`UnknownAlgorithm`] for every other name.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match ALLOWED.find(name)? {
            Algorithm::Es256 => Ok(Self::Es256),
            _ => Ok(Self::Rs256),
        }
    }
}

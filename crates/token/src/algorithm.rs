//! The signature algorithms (RFC 7518, section 3.1) that are signed with or read; there are no others.

use std::fmt;
use std::str::FromStr;

use crate::excerpt::excerpt;

/// A signature algorithm of a JWS header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `none`: no signature; policies, and the tokens of draft policies.
    None,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256; tokens, and signed policies.
    Rs256,
    /// `ES256`: ECDSA on P-256 with SHA-256, r‖s; tokens, and signed policies.
    Es256,
}

impl Algorithm {
    /// The name as headers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What tokens are signed with; the kind of the key decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// `RS256`, as Azure Attestation signs.
    Rs256,
    /// `ES256`.
    Es256,
}

impl TokenAlgorithm {
    /// The name as headers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The kind of key that makes such signatures, as key sets name it.
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::Rs256 => "RSA",
            Self::Es256 => "EC",
        }
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
        [Self::Rs256, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| UnknownAlgorithm(excerpt(name)))
    }
}

/// A name that is no [`Algorithm`] or no [`TokenAlgorithm`], cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signature algorithm `{0}` is not supported")]
pub struct UnknownAlgorithm(pub String);

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads a name; case counts (RFC 7515, section 4.1.1).
    ///
    /// # Errors
    /// [`UnknownAlgorithm`] for every other name.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::None, Self::Rs256, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| UnknownAlgorithm(excerpt(name)))
    }
}

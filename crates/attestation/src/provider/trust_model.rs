//! Whose policies a provider takes.

use std::fmt;

/// Whose policies a provider takes; fixed when it is made. The names are Azure's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustModel {
    /// Whoever has the role Attestation Contributor: policies may be unsecured, or signed by anybody.
    Aad,
    /// Whoever has that role and a key under one of the provider's certificates, which every policy must be signed with.
    Isolated,
    /// Nobody: the default policies stay.
    Shared,
}

impl TrustModel {
    /// The name in answers and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aad => "AAD",
            Self::Isolated => "Isolated",
            Self::Shared => "Shared",
        }
    }

    /// The trust model of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Aad, Self::Isolated, Self::Shared].into_iter().find(|model| model.as_str() == name)
    }
}

impl fmt::Display for TrustModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

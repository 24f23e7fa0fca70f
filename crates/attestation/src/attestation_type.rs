//! The kinds of evidence that the service attests.

use evidence::Kind;

/// What kind of evidence an attestation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttestationType {
    /// A bare SGX quote.
    SgxEnclave,
    /// An SGX quote in Open Enclave's framing.
    OpenEnclave,
    /// A bare quote of a trust domain.
    TdxVm,
}

impl AttestationType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::SgxEnclave, Self::OpenEnclave, Self::TdxVm];

    /// The name in URLs and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SgxEnclave => "SgxEnclave",
            Self::OpenEnclave => "OpenEnclave",
            Self::TdxVm => "TdxVm",
        }
    }

    /// The type of that name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// The kind of evidence that it attests.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::SgxEnclave => Kind::SgxQuote,
            Self::OpenEnclave => Kind::OpenEnclaveReport,
            Self::TdxVm => Kind::TdxQuote,
        }
    }
}

//! The kinds of evidence.

use dcap::Tee;

/// A kind of evidence: how its bytes are framed, and what it attests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A DCAP quote of an SGX enclave.
    SgxQuote,
    /// A DCAP quote of an SGX enclave in the framing of an Open Enclave report: 16 bytes before the quote.
    OpenEnclaveReport,
    /// A DCAP quote of a TDX trust domain.
    TdxQuote,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::SgxQuote, Self::OpenEnclaveReport, Self::TdxQuote];

    /// Returns the kind of bare quotes of that TEE.
    pub const fn of_quote(tee: Tee) -> Self {
        match tee {
            Tee::Sgx => Self::SgxQuote,
            Tee::Tdx => Self::TdxQuote,
        }
    }

    /// Returns whether the evidence comes from an SGX enclave.
    pub const fn is_sgx(self) -> bool {
        matches!(self, Self::SgxQuote | Self::OpenEnclaveReport)
    }

    /// Returns the TEE that the evidence comes from.
    pub const fn tee(self) -> Tee {
        match self {
            Self::SgxQuote | Self::OpenEnclaveReport => Tee::Sgx,
            Self::TdxQuote => Tee::Tdx,
        }
    }
}

//! The kinds of evidence that the service attests.

/// What kind of evidence an attestation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttestationType {
    /// A bare SGX quote.
    SgxEnclave,
    /// An SGX quote in Open Enclave's framing.
    OpenEnclave,
}

impl AttestationType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::SgxEnclave, Self::OpenEnclave];

    /// The name in URLs and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SgxEnclave => "SgxEnclave",
            Self::OpenEnclave => "OpenEnclave",
        }
    }
}

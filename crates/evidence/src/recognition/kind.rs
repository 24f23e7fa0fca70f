//! What a file can be.

use std::fmt;

use dcap::Tee;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Evidence.
    Evidence(Format),
    /// Certificates of DICE layers in PEM or DER.
    DiceCertificates,
    /// Other certificates in PEM or DER: one, or a chain.
    Certificates,
    /// A certificate revocation list in PEM or DER.
    Crl,
    /// Intel's TCB Info with its signature.
    TcbInfo,
    /// Intel's enclave identity with its signature.
    EnclaveIdentity,
    /// dcap-qvl's JSON, `QuoteCollateralV3`.
    QvlCollateral,
    /// Intel's reference structure `sgx_ql_qve_collateral_t` as JSON.
    ReferenceCollateral,
    /// A bundle of collateral.
    Bundle,
    /// A saved HTTP response with its head.
    HttpResponse,
    /// A JWS in compact serialization, or a service's answer that has one.
    Token,
    /// A JSON Web Key Set.
    KeySet,
}

/// The format of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A DCAP quote of version 3, 4 or 5.
    Quote(Tee),
    /// An Open Enclave report: 16 bytes before a quote.
    OpenEnclaveReport,
    /// A quote of Intel's attestation service, which has closed.
    EpidQuote,
    /// An attestation report of AMD SEV-SNP, 1184 bytes.
    SnpReport,
    /// The report in the virtual TPM of an Azure confidential VM, with a hardware report inside.
    HclReport,
    /// A statement that a TPM signed (TPMS_ATTEST).
    TpmStatement,
    /// A report of a VBS enclave with its signature.
    VbsReport,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quote(tee) => write!(f, "{tee} quote"),
            Self::OpenEnclaveReport => f.write_str("Open Enclave report"),
            Self::EpidQuote => f.write_str("EPID quote"),
            Self::SnpReport => f.write_str("SEV-SNP attestation report"),
            Self::HclReport => f.write_str("HCL report of an Azure confidential VM"),
            Self::TpmStatement => f.write_str("TPM attestation statement"),
            Self::VbsReport => f.write_str("VBS enclave report"),
        }
    }
}

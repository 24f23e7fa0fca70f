//! Why a quote is not authentic, or cannot be judged.

use std::borrow::Cow;

use problem::Problem;

use crate::documents::collateral_error::CollateralError;
use crate::documents::enclave_identity::{EnclaveId, IdentityMismatch};
use crate::pki::chain::CertificateError;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::tee::Tee;
use crate::verify::revoked::RevokedLevel;

/// Why a quote is not authentic, or cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Collateral and platform have different roots.
    #[error("platform and collateral lead to different roots")]
    OtherRoot,
    /// A certificate of the platform is revoked or not valid at that time.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A piece of collateral is not valid at that time.
    #[error(transparent)]
    Collateral(#[from] CollateralError),
    /// The PCK CRL is of another CA than the one that issued the platform's certificate.
    #[error("PCK CRL is issued by another CA than the PCK certificate")]
    PckCrlOfOtherCa,
    /// TCB Info about the other TEE.
    #[error("TCB Info is about {tcb_info}, the quote about {quote}")]
    TcbInfoTee {
        /// What TCB Info is about.
        tcb_info: Tee,
        /// What the quote is about.
        quote: Tee,
    },
    /// TCB Info about another platform family.
    #[error("TCB Info is about FMSPC {tcb_info}, the platform has {platform}")]
    Fmspc {
        /// What TCB Info is about.
        tcb_info: Fmspc,
        /// What the platform has.
        platform: Fmspc,
    },
    /// TCB Info about another provisioning certification enclave.
    #[error("TCB Info and PCK certificate have different PCEIDs")]
    PceId,
    /// The TDX module is not one that Intel describes.
    #[error("TDX module of major version {0} is not described by TCB Info")]
    TdxModuleUnknown(u8),
    /// The TDX module has another signer than Intel says.
    #[error("MRSIGNERSEAM is not that of TCB Info")]
    TdxModuleSigner,
    /// The TDX module has other attributes than Intel says, which are all zero.
    #[error("SEAMATTRIBUTES are not those of TCB Info")]
    TdxModuleAttributes,
    /// The platform did not sign the quoting enclave's report.
    #[error("QE report is not signed by the PCK key")]
    QeReportSignature,
    /// The quoting enclave did not vouch for this attestation key.
    #[error("QE report does not hold the hash of attestation key and authentication data")]
    AttestationKeyBinding,
    /// The identity is of another enclave than the quote needs.
    #[error("QE identity is about {identity}, the quote needs {needed}")]
    QeIdentityId {
        /// What the identity is about.
        identity: EnclaveId,
        /// What the quote needs.
        needed: EnclaveId,
    },
    /// The quoting enclave is not Intel's.
    #[error("QE report does not match the QE identity")]
    QeIdentity(#[from] IdentityMismatch),
    /// The attestation key did not sign the quote.
    #[error("quote is not signed by its attestation key")]
    QuoteSignature,
    /// The platform is below every level that Intel lists.
    #[error("platform reaches no TCB level of TCB Info")]
    TcbNotSupported,
    /// The quoting enclave is below every level that Intel lists.
    #[error("quoting enclave reaches no TCB level of the QE identity")]
    QeTcbNotSupported,
    /// The TDX module is below every level that Intel lists.
    #[error("TDX module reaches no TCB level of its identity")]
    TdxModuleTcbNotSupported,
    /// The TDX module reaches a level with a status that this crate does not know.
    #[error("TDX module reaches a TCB level with the unknown status `{}`", .0.escape_debug())]
    TdxModuleStatusUnknown(String),
    /// Intel withdrew this level.
    #[error("{0}")]
    TcbRevoked(RevokedLevel),
}

impl Problem for VerifyError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Certificate(error) => return error.code(),
            Self::Collateral(error) => return error.code(),
            Self::OtherRoot => "root_mismatch",
            Self::PckCrlOfOtherCa => "pck_crl_wrong_issuer",
            Self::TdxModuleUnknown(_) | Self::TdxModuleSigner | Self::TdxModuleAttributes => "tdx_module_mismatch",
            Self::TdxModuleTcbNotSupported => "tdx_module_tcb_not_supported",
            Self::TcbInfoTee { .. } => "tcb_info_tee_mismatch",
            Self::Fmspc { .. } => "tcb_info_fmspc_mismatch",
            Self::PceId => "tcb_info_pceid_mismatch",
            Self::QeReportSignature => "qe_report_bad_signature",
            Self::AttestationKeyBinding => "attestation_key_not_bound",
            Self::QeIdentityId { .. } => "qe_identity_id_mismatch",
            Self::QeIdentity(_) => "qe_identity_mismatch",
            Self::QuoteSignature => "quote_bad_signature",
            Self::TcbNotSupported => "tcb_not_supported",
            Self::QeTcbNotSupported => "qe_tcb_not_supported",
            Self::TdxModuleStatusUnknown(_) => "tdx_module_status_unknown",
            Self::TcbRevoked(_) => "tcb_revoked",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Certificate(error) => return error.help(),
            Self::Collateral(error) => return error.help(),
            Self::OtherRoot => "do not mix simulated and genuine evidence and collateral",
            Self::PckCrlOfOtherCa => {
                "supply the PCK CRL of the CA that issued the platform's certificate: Platform or Processor"
            }
            Self::TdxModuleUnknown(_) => {
                "fetch newer collateral; if it stays unknown, the TDX module is none of Intel's"
            }
            Self::TdxModuleSigner | Self::TdxModuleAttributes => "the TDX module is none of Intel's; do not trust it",
            Self::TcbInfoTee { .. } | Self::Fmspc { .. } | Self::PceId => {
                "supply the TCB Info of this platform: Intel's /tcb with the platform's FMSPC"
            }
            Self::QeReportSignature
            | Self::AttestationKeyBinding
            | Self::QeIdentityId { .. }
            | Self::QeIdentity(_)
            | Self::QuoteSignature => "the quote was changed or not made by Intel's quoting enclave; do not trust it",
            Self::TcbNotSupported | Self::QeTcbNotSupported | Self::TdxModuleTcbNotSupported => {
                "the platform is older than anything Intel still rates; update microcode and the SGX software"
            }
            Self::TdxModuleStatusUnknown(_) => {
                "Intel rates this TDX module in a way that this version of Veritee does not know; update Veritee"
            }
            Self::TcbRevoked(level) => level.help(),
        };
        text.into()
    }
}

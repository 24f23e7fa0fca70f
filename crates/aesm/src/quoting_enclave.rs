//! What quotes: a quoting enclave in this process.

use std::borrow::Cow;

use abi::sgx::{QeReportInfo, Report, TargetInfo};

use problem::Problem;

use crate::error_code::ErrorCode;

/// A quoting enclave whose attestation key lasts. Its calls are short computations: they run on the thread that read the request.
pub trait QuotingEnclave: Send + Sync {
    /// Loads the enclave and makes its attestation key ready, unless that is so already.
    ///
    /// # Errors
    /// See [`QuoteError`].
    fn init(&self) -> Result<Initialised, QuoteError>;

    /// How long a quote is.
    ///
    /// # Errors
    /// See [`QuoteError`].
    fn quote_size(&self) -> Result<u32, QuoteError>;

    /// Signs a quote over a report that was made for the enclave. With a report info, the enclave reports about the quote to the
    /// target in it: report data is SHA-256 over nonce and quote, then zeros.
    ///
    /// # Errors
    /// See [`QuoteError`].
    fn quote(&self, report: &Report, qe_report_info: Option<&QeReportInfo>) -> Result<Quoted, QuoteError>;
}

/// A quoting enclave that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialised {
    /// Whom reports have to be made for.
    pub target_info: TargetInfo,
    /// The id of the attestation key.
    pub ecdsa_id: [u8; 32],
}

/// A quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The quote.
    pub quote: Vec<u8>,
    /// The quoting enclave's report about it, where one was asked for.
    pub qe_report: Option<Report>,
}

/// Why a quoting enclave gives no quote (`quote3_error_t`), each with the cause for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// Something that has no code of its own.
    #[error("unexpected: {0}")]
    Unexpected(String),
    /// A parameter is wrong.
    #[error("invalid parameter: {0}")]
    InvalidParameter(String),
    /// There is no memory.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The stored attestation key is another quoting enclave's.
    #[error("attestation key of another enclave: {0}")]
    EcdsaIdMismatch(String),
    /// The stored attestation key cannot be read or written.
    #[error("stored attestation key: {0}")]
    StoredKey(String),
    /// The id of the public key is another.
    #[error("another public key: {0}")]
    PubKeyIdMismatch(String),
    /// The certification enclave signs otherwise.
    #[error("signature scheme of the certification enclave: {0}")]
    InvalidPceSigScheme(String),
    /// The blob of the attestation key is damaged.
    #[error("blob of the attestation key: {0}")]
    AttKeyBlob(String),
    /// The attestation key has to be made ready first.
    #[error("attestation key is not ready: {0}")]
    AttKeyNotInitialized(String),
    /// The certification data cannot be used.
    #[error("certification data is invalid: {0}")]
    AttKeyCertDataInvalid(String),
    /// There is no certificate for the platform.
    #[error("no certificate for the platform: {0}")]
    NoPlatformCertData(String),
    /// There is no room for the enclave.
    #[error("out of EPC: {0}")]
    OutOfEpc(String),
    /// A report cannot be made.
    #[error("report cannot be made: {0}")]
    ErrorReport(String),
    /// The enclave was lost.
    #[error("enclave was lost: {0}")]
    EnclaveLost(String),
    /// The report was not made on this machine for the enclave.
    #[error("invalid report: {0}")]
    InvalidReport(String),
    /// The enclave cannot be loaded.
    #[error("enclave cannot be loaded: {0}")]
    EnclaveLoad(String),
    /// The enclave cannot report about the quote.
    #[error("report about the quote cannot be made: {0}")]
    UnableToGenerateQeReport(String),
    /// The attestation key cannot be certified.
    #[error("attestation key cannot be certified: {0}")]
    KeyCertification(String),
}

impl Problem for QuoteError {
    /// The code of the protocol in lower case.
    fn code(&self) -> Cow<'static, str> {
        self.error_code().name().to_ascii_lowercase().into()
    }

    fn help(&self) -> Cow<'_, str> {
        self.error_code().help().into()
    }
}

impl QuoteError {
    /// Its code in the protocol, and in Intel's quoting library.
    const fn codes(&self) -> (ErrorCode, u32) {
        match self {
            Self::Unexpected(_) => (ErrorCode::Unexpected, 0xe001),
            Self::InvalidParameter(_) => (ErrorCode::Parameter, 0xe002),
            Self::OutOfMemory(_) => (ErrorCode::OutOfMemory, 0xe003),
            Self::EcdsaIdMismatch(_) => (ErrorCode::EcdsaIdMismatch, 0xe004),
            Self::StoredKey(_) => (ErrorCode::ErrorStoredKey, 0xe007),
            Self::PubKeyIdMismatch(_) => (ErrorCode::PubKeyIdMismatch, 0xe008),
            Self::InvalidPceSigScheme(_) => (ErrorCode::InvalidPceSigScheme, 0xe009),
            Self::AttKeyBlob(_) => (ErrorCode::AttKeyBlob, 0xe00a),
            Self::AttKeyNotInitialized(_) => (ErrorCode::AttKeyNotInitialized, 0xe00f),
            Self::AttKeyCertDataInvalid(_) => (ErrorCode::AttKeyCertDataInvalid, 0xe010),
            Self::NoPlatformCertData(_) => (ErrorCode::NoPlatformCertData, 0xe011),
            Self::OutOfEpc(_) => (ErrorCode::OutOfEpc, 0xe012),
            Self::ErrorReport(_) => (ErrorCode::ErrorReport, 0xe013),
            Self::EnclaveLost(_) => (ErrorCode::EnclaveLost, 0xe014),
            Self::InvalidReport(_) => (ErrorCode::InvalidReport, 0xe015),
            Self::EnclaveLoad(_) => (ErrorCode::EnclaveLoad, 0xe016),
            Self::UnableToGenerateQeReport(_) => (ErrorCode::UnableToGenerateQeReport, 0xe017),
            Self::KeyCertification(_) => (ErrorCode::KeyCertification, 0xe018),
        }
    }

    /// The code that a client gets.
    pub const fn error_code(&self) -> ErrorCode {
        self.codes().0
    }

    /// Its number in `quote3_error_t`.
    pub const fn quote3_error(&self) -> u32 {
        self.codes().1
    }
}

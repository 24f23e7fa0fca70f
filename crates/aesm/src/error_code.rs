//! The protocol's error codes.

use std::fmt;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal $name:literal,)+) => {
        /// `errorCode` of a response (`aesm_error_t`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        #[allow(missing_docs)] // the names say it
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant = $number,)+
        }

        impl ErrorCode {
            /// All.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in Intel's headers, without `AESM_`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

error_codes! {
    /// Done.
    Success = 0 "SUCCESS",
    /// Something that has no code of its own.
    Unexpected = 1 "UNEXPECTED_ERROR",
    /// There is no SGX device.
    NoDevice = 2 "NO_DEVICE_ERROR",
    /// A parameter is wrong.
    Parameter = 3 "PARAMETER_ERROR",
    /// The EPID blob is damaged.
    EpidBlob = 4 "EPIDBLOB_ERROR",
    /// The platform was revoked in its EPID group.
    EpidRevoked = 5 "EPID_REVOKED_ERROR",
    /// There is no launch token for the enclave.
    GetLicenseToken = 6 "GET_LICENSETOKEN_ERROR",
    /// The session is unknown.
    SessionInvalid = 7 "SESSION_INVALID",
    /// There are too many sessions.
    MaxNumSessionReached = 8 "MAX_NUM_SESSION_REACHED",
    /// The platform services' applet is absent.
    PsdaUnavailable = 9 "PSDA_UNAVAILABLE",
    /// No session with the platform services.
    EphSessionFailed = 10 "EPH_SESSION_FAILED",
    /// No pairing with the platform services.
    LongTermPairingFailed = 11 "LONG_TERM_PAIRING_FAILED",
    /// The network cannot be reached.
    Network = 12 "NETWORK_ERROR",
    /// The network is busy.
    NetworkBusy = 13 "NETWORK_BUSY_ERROR",
    /// A proxy has to be set.
    ProxySettingAssist = 14 "PROXY_SETTING_ASSIST",
    /// A file cannot be read or written.
    FileAccess = 15 "FILE_ACCESS_ERROR",
    /// Provisioning failed.
    SgxProvisionFailed = 16 "SGX_PROVISION_FAILED",
    /// The service was stopped.
    ServiceStopped = 17 "SERVICE_STOPPED",
    /// The service is busy.
    Busy = 18 "BUSY",
    /// Intel's service is busy.
    BackendServerBusy = 19 "BACKEND_SERVER_BUSY",
    /// There is an update.
    UpdateAvailable = 20 "UPDATE_AVAILABLE",
    /// There is no memory.
    OutOfMemory = 21 "OUT_OF_MEMORY_ERROR",
    /// A message is malformed.
    Message = 22 "MSG_ERROR",
    /// A thread cannot be made.
    Thread = 23 "THREAD_ERROR",
    /// The SGX device cannot be used.
    SgxDeviceNotAvailable = 24 "SGX_DEVICE_NOT_AVAILABLE",
    /// SGX cannot be enabled.
    EnableSgxDeviceFailed = 25 "ENABLE_SGX_DEVICE_FAILED",
    /// The platform info blob is forged.
    PlatformInfoBlobInvalidSig = 26 "PLATFORM_INFO_BLOB_INVALID_SIG",
    /// Not used by Intel; Fortanix's client has this name for it.
    ServiceNotAvailable = 27 "SERVICE_NOT_AVAILABLE",
    /// The key derivation is another.
    KdfMismatch = 28 "KDF_MISMATCH",
    /// There is no room for the enclave.
    OutOfEpc = 29 "OUT_OF_EPC",
    /// The machine, or its daemon, does not do this.
    ServiceUnavailable = 30 "SERVICE_UNAVAILABLE",
    /// The platform is unknown.
    UnrecognizedPlatform = 31 "UNRECOGNIZED_PLATFORM",
    /// The attestation key is another quoting enclave's.
    EcdsaIdMismatch = 32 "ECDSA_ID_MISMATCH",
    /// A path is too long.
    PathnameBufferOverflow = 33 "PATHNAME_BUFFER_OVERFLOW_ERROR",
    /// The stored key cannot be read or written.
    ErrorStoredKey = 34 "ERROR_STORED_KEY",
    /// The id of the public key is another.
    PubKeyIdMismatch = 35 "PUB_KEY_ID_MISMATCH",
    /// The certification enclave signs otherwise.
    InvalidPceSigScheme = 36 "INVALID_PCE_SIG_SCHEME",
    /// The blob of the attestation key is damaged.
    AttKeyBlob = 37 "ATT_KEY_BLOB_ERROR",
    /// There is no such attestation key.
    UnsupportedAttKeyId = 38 "UNSUPPORTED_ATT_KEY_ID",
    /// Enclaves are not loaded that way.
    UnsupportedLoadingPolicy = 39 "UNSUPPORTED_LOADING_POLICY",
    /// The quoting library is absent.
    InterfaceUnavailable = 40 "INTERFACE_UNAVAILABLE",
    /// The platform library is absent.
    PlatformLibUnavailable = 41 "PLATFORM_LIB_UNAVAILABLE",
    /// The attestation key has to be made ready first.
    AttKeyNotInitialized = 42 "ATT_KEY_NOT_INITIALIZED",
    /// The certification data cannot be used.
    AttKeyCertDataInvalid = 43 "ATT_KEY_CERT_DATA_INVALID",
    /// There is no certificate for the platform.
    NoPlatformCertData = 44 "NO_PLATFORM_CERT_DATA",
    /// A report cannot be made.
    ErrorReport = 45 "ERROR_REPORT",
    /// The quoting enclave was lost, as after sleep.
    EnclaveLost = 46 "ENCLAVE_LOST",
    /// The report was not made on this machine for the quoting enclave.
    InvalidReport = 47 "INVALID_REPORT",
    /// The quoting enclave cannot be loaded.
    EnclaveLoad = 48 "ENCLAVE_LOAD_ERROR",
    /// The quoting enclave cannot report.
    UnableToGenerateQeReport = 49 "UNABLE_TO_GENERATE_QE_REPORT",
    /// The attestation key cannot be certified.
    KeyCertification = 50 "KEY_CERTIFICATION_ERROR",
    /// The configuration is not supported.
    ConfigUnsupported = 51 "CONFIG_UNSUPPORTED",
}

impl ErrorCode {
    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The code of that number.
    pub fn of(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// What whoever gets it can do about it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Parameter => "the request is wrong in itself: check the sizes of what is sent",
            Self::OutOfEpc => "give the daemon more enclave memory, or end other enclaves",
            Self::ServiceUnavailable => "the daemon cannot do this on its machine; its log says why",
            Self::UnsupportedAttKeyId => "ask which attestation keys there are, and use one of them",
            Self::AttKeyNotInitialized => "initialise the quote again, then ask again",
            Self::InvalidReport => "make the report for the target info that initialising gave, on the same machine",
            Self::NoPlatformCertData | Self::AttKeyCertDataInvalid => {
                "check that the platform is registered and that the daemon's source of certificates knows it"
            }
            Self::Busy => "ask again in a moment",
            _ => "see the daemon's log, which has the cause",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_protocol() {
        for (at, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(usize::try_from(code.number()).unwrap(), at, "{code}");
            assert_eq!(ErrorCode::of(code.number()), Some(*code));
        }
        assert_eq!(ErrorCode::ALL.len(), 52);
        assert_eq!(ErrorCode::of(52), None);
        assert_eq!(ErrorCode::AttKeyNotInitialized.to_string(), "ATT_KEY_NOT_INITIALIZED (42)");
    }
}

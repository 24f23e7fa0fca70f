//! What can be asked for.

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A launch token of the launch enclave.
    GetLaunchToken,
    /// The target info of the EPID quoting enclave.
    InitQuote,
    /// An EPID quote.
    GetQuote,
    /// What to do about a platform that an EPID attestation found fault with.
    ReportAttestationError,
    /// Whether the platform has an update, after EPID.
    CheckUpdateStatus,
    /// The size of the list of enclaves that may be launched.
    GetWhiteListSize,
    /// That list.
    GetWhiteList,
    /// Which extended EPID group the platform is in.
    GetExtendedEpidGroupId,
    /// To go to another extended EPID group.
    SwitchExtendedEpidGroup,
    /// To take a list of enclaves that may be launched.
    Register,
    /// The target info of the quoting enclave, with its attestation key made ready.
    InitQuoteEx,
    /// How long a quote is.
    GetQuoteSizeEx,
    /// A quote.
    GetQuoteEx,
    /// Which of several attestation keys to use.
    SelectAttKeyId,
    /// How many attestation keys there are.
    GetSupportedAttKeyIdNum,
    /// Their ids.
    GetSupportedAttKeyIds,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// All, in the order in which they are looked for in a request: the first that is present is what is asked for.
    pub const ALL: [Self; Self::COUNT] = [
        Self::GetLaunchToken,
        Self::InitQuote,
        Self::GetQuote,
        Self::ReportAttestationError,
        Self::CheckUpdateStatus,
        Self::GetWhiteListSize,
        Self::GetWhiteList,
        Self::GetExtendedEpidGroupId,
        Self::SwitchExtendedEpidGroup,
        Self::Register,
        Self::InitQuoteEx,
        Self::GetQuoteSizeEx,
        Self::GetQuoteEx,
        Self::SelectAttKeyId,
        Self::GetSupportedAttKeyIdNum,
        Self::GetSupportedAttKeyIds,
    ];

    /// Its name in logs and metrics: that of its member in the protocol, without `Req`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetLaunchToken => "getLicToken",
            Self::InitQuote => "initQuote",
            Self::GetQuote => "getQuote",
            Self::ReportAttestationError => "reportErr",
            Self::CheckUpdateStatus => "checkUpdateStatus",
            Self::GetWhiteListSize => "getWhiteListSize",
            Self::GetWhiteList => "getWhiteList",
            Self::GetExtendedEpidGroupId => "sgxGetExtendedEpidGroupId",
            Self::SwitchExtendedEpidGroup => "sgxSwitchExtendedEpidGroup",
            Self::Register => "sgxRegister",
            Self::InitQuoteEx => "initQuoteEx",
            Self::GetQuoteSizeEx => "getQuoteSizeEx",
            Self::GetQuoteEx => "getQuoteEx",
            Self::SelectAttKeyId => "selectAttKeyID",
            Self::GetSupportedAttKeyIdNum => "getSupportedAttKeyIDNum",
            Self::GetSupportedAttKeyIds => "getSupportedAttKeyIDs",
        }
    }
}

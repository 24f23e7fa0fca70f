//! The messages that ask, one for each kind of request.

use prost::Message;

/// Asks for the target info of the EPID quoting enclave.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InitQuoteRequest {
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for an EPID quote.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteRequest {
    /// REPORT, required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub report: Option<Vec<u8>>,
    /// Linkable or not, required.
    #[prost(uint32, optional, tag = "2")]
    pub quote_type: Option<u32>,
    /// Service provider's id, 16 bytes, required.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub spid: Option<Vec<u8>>,
    /// 16 bytes.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub nonce: Option<Vec<u8>>,
    /// The signature revocation list.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub sig_rl: Option<Vec<u8>>,
    /// How long the quote is to be, required.
    #[prost(uint32, optional, tag = "6")]
    pub buf_size: Option<u32>,
    /// Whether the quoting enclave is to report.
    #[prost(bool, optional, tag = "7")]
    pub qe_report: Option<bool>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for a launch token.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetLaunchTokenRequest {
    /// MRENCLAVE, required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub mr_enclave: Option<Vec<u8>>,
    /// The modulus of the signer, required.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub mr_signer: Option<Vec<u8>>,
    /// ATTRIBUTES, required.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub se_attributes: Option<Vec<u8>>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks what to do about a platform that an EPID attestation found fault with.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ReportAttestationErrorRequest {
    /// The platform info blob, required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub platform_info: Option<Vec<u8>>,
    /// What the attestation said, required.
    #[prost(uint32, optional, tag = "2")]
    pub attestation_error_code: Option<u32>,
    /// How long the answer may be, required.
    #[prost(uint32, optional, tag = "3")]
    pub update_info_size: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks whether the platform has an update.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct CheckUpdateStatusRequest {
    /// The platform info blob.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub platform_info: Option<Vec<u8>>,
    /// How long the answer may be, required.
    #[prost(uint32, optional, tag = "2")]
    pub update_info_size: Option<u32>,
    /// What to look for, required.
    #[prost(uint32, optional, tag = "3")]
    pub config: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for the size of the launch list.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetWhiteListSizeRequest {
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for the launch list.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetWhiteListRequest {
    /// How long it may be.
    #[prost(uint32, optional, tag = "1")]
    pub white_list_size: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for the extended EPID group.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetExtendedEpidGroupIdRequest {
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for another extended EPID group.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SwitchExtendedEpidGroupRequest {
    /// Which.
    #[prost(uint32, optional, tag = "1")]
    pub x_group_id: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Brings a launch list.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RegisterRequest {
    /// The list, required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub buf: Option<Vec<u8>>,
    /// What it is, required.
    #[prost(uint32, optional, tag = "2")]
    pub data_type: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for the target info of the quoting enclave, with its attestation key made ready.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InitQuoteExRequest {
    /// Which key, 256 bytes.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub att_key_id: Option<Vec<u8>>,
    /// Whether the id of the public key is wanted, or only its size, required.
    #[prost(bool, optional, tag = "3")]
    pub b_pub_key_id: Option<bool>,
    /// How long the id of the public key may be.
    #[prost(uint64, optional, tag = "4")]
    pub buf_size: Option<u64>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks how long a quote is.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteSizeExRequest {
    /// By which key, 256 bytes.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub att_key_id: Option<Vec<u8>>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for a quote.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteExRequest {
    /// REPORT for the quoting enclave, 432 bytes, required.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub report: Option<Vec<u8>>,
    /// By which key, 256 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub att_key_id: Option<Vec<u8>>,
    /// To whom the quoting enclave is to report, 960 bytes.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub qe_report_info: Option<Vec<u8>>,
    /// How long the quote is to be, required.
    #[prost(uint32, optional, tag = "4")]
    pub buf_size: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks which attestation key to use.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SelectAttKeyIdRequest {
    /// Those that the client knows, after a header; absent where it knows any.
    #[prost(bytes = "vec", optional, tag = "1")]
    pub att_key_id_list: Option<Vec<u8>>,
    /// Nobody looks at it.
    #[prost(uint32, optional, tag = "2")]
    pub timeout: Option<u32>,
}

/// Asks how many attestation keys there are.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetSupportedAttKeyIdNumRequest {
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

/// Asks for the ids of the attestation keys.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetSupportedAttKeyIdsRequest {
    /// How long the ids may be, required.
    #[prost(uint32, optional, tag = "1")]
    pub buf_size: Option<u32>,
    /// In microseconds or milliseconds, as the client sees it; nobody looks at it.
    #[prost(uint32, optional, tag = "9")]
    pub timeout: Option<u32>,
}

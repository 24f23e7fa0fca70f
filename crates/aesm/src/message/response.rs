//! The messages that answer, one for each kind of request.

use prost::Message;

/// Answers [`InitQuoteRequest`](super::InitQuoteRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InitQuoteResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// TARGETINFO, 512 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub target_info: Option<Vec<u8>>,
    /// The EPID group, 4 bytes.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub gid: Option<Vec<u8>>,
}

/// Answers [`GetQuoteRequest`](super::GetQuoteRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// The quote.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub quote: Option<Vec<u8>>,
    /// REPORT of the quoting enclave, 432 bytes.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub qe_report: Option<Vec<u8>>,
}

/// Answers [`GetLaunchTokenRequest`](super::GetLaunchTokenRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetLaunchTokenResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// The token, 304 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub token: Option<Vec<u8>>,
}

/// Answers [`ReportAttestationErrorRequest`](super::ReportAttestationErrorRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ReportAttestationErrorResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// What to update.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub platform_update_info: Option<Vec<u8>>,
}

/// Answers [`CheckUpdateStatusRequest`](super::CheckUpdateStatusRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct CheckUpdateStatusResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// What to update.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub platform_update_info: Option<Vec<u8>>,
    /// Whether there is an update.
    #[prost(uint32, optional, tag = "3")]
    pub status: Option<u32>,
}

/// Answers [`GetWhiteListSizeRequest`](super::GetWhiteListSizeRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetWhiteListSizeResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// In bytes.
    #[prost(uint32, optional, tag = "2")]
    pub white_list_size: Option<u32>,
}

/// Answers [`GetWhiteListRequest`](super::GetWhiteListRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetWhiteListResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// The list.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub white_list: Option<Vec<u8>>,
}

/// Answers [`GetExtendedEpidGroupIdRequest`](super::GetExtendedEpidGroupIdRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetExtendedEpidGroupIdResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// Which.
    #[prost(uint32, optional, tag = "2")]
    pub x_group_id: Option<u32>,
}

/// Answers [`SwitchExtendedEpidGroupRequest`](super::SwitchExtendedEpidGroupRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SwitchExtendedEpidGroupResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
}

/// Answers [`RegisterRequest`](super::RegisterRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RegisterResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
}

/// Answers [`InitQuoteExRequest`](super::InitQuoteExRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InitQuoteExResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// TARGETINFO of the quoting enclave, 512 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub target_info: Option<Vec<u8>>,
    /// How long the id of the public key is.
    #[prost(uint64, optional, tag = "3")]
    pub pub_key_id_size: Option<u64>,
    /// The id of the public key, 32 bytes.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub pub_key_id: Option<Vec<u8>>,
}

/// Answers [`GetQuoteSizeExRequest`](super::GetQuoteSizeExRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteSizeExResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// In bytes.
    #[prost(uint32, optional, tag = "2")]
    pub quote_size: Option<u32>,
}

/// Answers [`GetQuoteExRequest`](super::GetQuoteExRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetQuoteExResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// The quote, and zeros after it.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub quote: Option<Vec<u8>>,
    /// As in the request, with the report in it, 960 bytes.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub qe_report_info: Option<Vec<u8>>,
}

/// Answers [`SelectAttKeyIdRequest`](super::SelectAttKeyIdRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SelectAttKeyIdResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// The key, 256 bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub selected_att_key_id: Option<Vec<u8>>,
}

/// Answers [`GetSupportedAttKeyIdNumRequest`](super::GetSupportedAttKeyIdNumRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetSupportedAttKeyIdNumResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// How many.
    #[prost(uint32, optional, tag = "2")]
    pub att_key_id_num: Option<u32>,
}

/// Answers [`GetSupportedAttKeyIdsRequest`](super::GetSupportedAttKeyIdsRequest).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetSupportedAttKeyIdsResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
    /// 256 bytes each.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub att_key_ids: Option<Vec<u8>>,
}

/// Answers what the daemon does not know.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct UnsupportedRequestResponse {
    /// See [`ErrorCode`](crate::ErrorCode), required.
    #[prost(uint32, optional, tag = "1")]
    pub error_code: Option<u32>,
}

//! The messages: proto2, package `aesm.message`.
//!
//! What proto2 calls required is an `Option` here too, because `prost` does not look whether it is there; [`Request::read`] and
//! [`Response::read`] do, for a message without it is none. Unknown members are skipped.

mod kind;
mod request;
mod response;

use prost::Message;

pub use kind::Kind;
pub use request::*;
pub use response::*;

/// Why bytes are no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It is no protobuf, or not of these messages.
    #[error("message cannot be parsed")]
    Malformed(#[from] prost::DecodeError),
    /// A member is absent that has to be there.
    #[error("`{0}` lacks a required member")]
    Incomplete(&'static str),
    /// It asks for nothing that is known.
    #[error("message holds no request that is known")]
    Empty,
}

impl Request {
    /// Reads a request: well-formed, whole, and of a known kind.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn read(bytes: &[u8]) -> Result<(Kind, Self), MessageError> {
        let request = Self::decode(bytes)?;
        if let Some(name) = request.incomplete() {
            return Err(MessageError::Incomplete(name));
        }
        Ok((request.kind().ok_or(MessageError::Empty)?, request))
    }

    /// What it asks for: the first that is present, in this order; what else it holds counts for nothing.
    pub fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| match kind {
            Kind::GetLaunchToken => self.get_lic_token.is_some(),
            Kind::InitQuote => self.init_quote.is_some(),
            Kind::GetQuote => self.get_quote.is_some(),
            Kind::ReportAttestationError => self.report_err.is_some(),
            Kind::CheckUpdateStatus => self.check_update_status.is_some(),
            Kind::GetWhiteListSize => self.get_white_list_size.is_some(),
            Kind::GetWhiteList => self.get_white_list.is_some(),
            Kind::GetExtendedEpidGroupId => self.sgx_get_extended_epid_group_id.is_some(),
            Kind::SwitchExtendedEpidGroup => self.sgx_switch_extended_epid_group.is_some(),
            Kind::Register => self.sgx_register.is_some(),
            Kind::InitQuoteEx => self.init_quote_ex.is_some(),
            Kind::GetQuoteSizeEx => self.get_quote_size_ex.is_some(),
            Kind::GetQuoteEx => self.get_quote_ex.is_some(),
            Kind::SelectAttKeyId => self.select_att_key_id.is_some(),
            Kind::GetSupportedAttKeyIdNum => self.get_supported_att_key_id_num.is_some(),
            Kind::GetSupportedAttKeyIds => self.get_supported_att_key_ids.is_some(),
        })
    }

    /// A message in it that lacks what it requires, whether it is what is asked for or not.
    fn incomplete(&self) -> Option<&'static str> {
        let whole = [
            ("getQuoteReq", self.get_quote.as_ref().is_none_or(GetQuoteRequest::is_whole)),
            ("getLicTokenReq", self.get_lic_token.as_ref().is_none_or(GetLaunchTokenRequest::is_whole)),
            ("reportErrReq", self.report_err.as_ref().is_none_or(ReportAttestationErrorRequest::is_whole)),
            ("checkUpdateStatusReq", self.check_update_status.as_ref().is_none_or(CheckUpdateStatusRequest::is_whole)),
            ("sgxRegisterReq", self.sgx_register.as_ref().is_none_or(RegisterRequest::is_whole)),
            ("initQuoteExReq", self.init_quote_ex.as_ref().is_none_or(InitQuoteExRequest::is_whole)),
            ("getQuoteExReq", self.get_quote_ex.as_ref().is_none_or(GetQuoteExRequest::is_whole)),
            (
                "getSupportedAttKeyIDsReq",
                self.get_supported_att_key_ids.as_ref().is_none_or(GetSupportedAttKeyIdsRequest::is_whole),
            ),
        ];
        whole.into_iter().find(|(_, is_whole)| !is_whole).map(|(name, _)| name)
    }
}

impl GetQuoteRequest {
    fn is_whole(&self) -> bool {
        self.report.is_some() && self.quote_type.is_some() && self.spid.is_some() && self.buf_size.is_some()
    }
}

impl GetLaunchTokenRequest {
    fn is_whole(&self) -> bool {
        self.mr_enclave.is_some() && self.mr_signer.is_some() && self.se_attributes.is_some()
    }
}

impl ReportAttestationErrorRequest {
    fn is_whole(&self) -> bool {
        self.platform_info.is_some() && self.attestation_error_code.is_some() && self.update_info_size.is_some()
    }
}

impl CheckUpdateStatusRequest {
    fn is_whole(&self) -> bool {
        self.update_info_size.is_some() && self.config.is_some()
    }
}

impl RegisterRequest {
    fn is_whole(&self) -> bool {
        self.buf.is_some() && self.data_type.is_some()
    }
}

impl InitQuoteExRequest {
    fn is_whole(&self) -> bool {
        self.b_pub_key_id.is_some()
    }
}

impl GetQuoteExRequest {
    fn is_whole(&self) -> bool {
        self.report.is_some() && self.buf_size.is_some()
    }
}

impl GetSupportedAttKeyIdsRequest {
    fn is_whole(&self) -> bool {
        self.buf_size.is_some()
    }
}

impl Response {
    /// Reads a response: well-formed, with the error code that each has to have.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let response = Self::decode(bytes)?;
        match response.codes().into_iter().flatten().any(|code| code.is_none()) {
            true => Err(MessageError::Incomplete("response")),
            false => Ok(response),
        }
    }

    /// The kind of request that it answers, and with which error code; nothing where it answers none that is known.
    pub fn outcome(&self) -> Option<(Kind, u32)> {
        let codes = Kind::ALL.into_iter().zip(self.codes());
        codes.filter_map(|(kind, code)| Some((kind, code??))).next()
    }

    /// The error codes of the responses that are there, by [`Kind::ALL`].
    fn codes(&self) -> [Option<Option<u32>>; Kind::COUNT] {
        Kind::ALL.map(|kind| match kind {
            Kind::GetLaunchToken => self.get_lic_token.as_ref().map(|response| response.error_code),
            Kind::InitQuote => self.init_quote.as_ref().map(|response| response.error_code),
            Kind::GetQuote => self.get_quote.as_ref().map(|response| response.error_code),
            Kind::ReportAttestationError => self.report_err.as_ref().map(|response| response.error_code),
            Kind::CheckUpdateStatus => self.check_update_status.as_ref().map(|response| response.error_code),
            Kind::GetWhiteListSize => self.get_white_list_size.as_ref().map(|response| response.error_code),
            Kind::GetWhiteList => self.get_white_list.as_ref().map(|response| response.error_code),
            Kind::GetExtendedEpidGroupId => {
                self.sgx_get_extended_epid_group_id.as_ref().map(|response| response.error_code)
            }
            Kind::SwitchExtendedEpidGroup => {
                self.sgx_switch_extended_epid_group.as_ref().map(|response| response.error_code)
            }
            Kind::Register => self.sgx_register.as_ref().map(|response| response.error_code),
            Kind::InitQuoteEx => self.init_quote_ex.as_ref().map(|response| response.error_code),
            Kind::GetQuoteSizeEx => self.get_quote_size_ex.as_ref().map(|response| response.error_code),
            Kind::GetQuoteEx => self.get_quote_ex.as_ref().map(|response| response.error_code),
            Kind::SelectAttKeyId => self.select_att_key_id.as_ref().map(|response| response.error_code),
            Kind::GetSupportedAttKeyIdNum => {
                self.get_supported_att_key_id_num.as_ref().map(|response| response.error_code)
            }
            Kind::GetSupportedAttKeyIds => self.get_supported_att_key_ids.as_ref().map(|response| response.error_code),
        })
    }

    /// The answer to a request of that kind that says nothing but an error code.
    pub fn bare(kind: Kind, error_code: u32) -> Self {
        let error_code = Some(error_code);
        match kind {
            Kind::GetLaunchToken => Self {
                get_lic_token: Some(GetLaunchTokenResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::InitQuote => {
                Self { init_quote: Some(InitQuoteResponse { error_code, ..Default::default() }), ..Self::default() }
            }
            Kind::GetQuote => {
                Self { get_quote: Some(GetQuoteResponse { error_code, ..Default::default() }), ..Self::default() }
            }
            Kind::ReportAttestationError => Self {
                report_err: Some(ReportAttestationErrorResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::CheckUpdateStatus => Self {
                check_update_status: Some(CheckUpdateStatusResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetWhiteListSize => Self {
                get_white_list_size: Some(GetWhiteListSizeResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetWhiteList => Self {
                get_white_list: Some(GetWhiteListResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetExtendedEpidGroupId => Self {
                sgx_get_extended_epid_group_id: Some(GetExtendedEpidGroupIdResponse {
                    error_code,
                    ..Default::default()
                }),
                ..Self::default()
            },
            Kind::SwitchExtendedEpidGroup => Self {
                sgx_switch_extended_epid_group: Some(SwitchExtendedEpidGroupResponse { error_code }),
                ..Self::default()
            },
            Kind::Register => Self { sgx_register: Some(RegisterResponse { error_code }), ..Self::default() },
            Kind::InitQuoteEx => Self {
                init_quote_ex: Some(InitQuoteExResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetQuoteSizeEx => Self {
                get_quote_size_ex: Some(GetQuoteSizeExResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetQuoteEx => {
                Self { get_quote_ex: Some(GetQuoteExResponse { error_code, ..Default::default() }), ..Self::default() }
            }
            Kind::SelectAttKeyId => Self {
                select_att_key_id: Some(SelectAttKeyIdResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
            Kind::GetSupportedAttKeyIdNum => Self {
                get_supported_att_key_id_num: Some(GetSupportedAttKeyIdNumResponse {
                    error_code,
                    ..Default::default()
                }),
                ..Self::default()
            },
            Kind::GetSupportedAttKeyIds => Self {
                get_supported_att_key_ids: Some(GetSupportedAttKeyIdsResponse { error_code, ..Default::default() }),
                ..Self::default()
            },
        }
    }
}

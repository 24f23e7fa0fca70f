//! Requests as clients make them.

use abi::sgx::AttestationKeyIdExt;
use aesm::message::{
    CheckUpdateStatusRequest, GetExtendedEpidGroupIdRequest, GetLaunchTokenRequest, GetQuoteExRequest, GetQuoteRequest,
    GetQuoteSizeExRequest, GetSupportedAttKeyIdsRequest, GetWhiteListRequest, GetWhiteListSizeRequest,
    InitQuoteExRequest, InitQuoteRequest, Kind, RegisterRequest, ReportAttestationErrorRequest, Request,
    SelectAttKeyIdRequest, SwitchExtendedEpidGroupRequest,
};
use zerocopy::IntoBytes;

pub const TIMEOUT: Option<u32> = Some(30_000_000);

pub fn dcap() -> Vec<u8> {
    AttestationKeyIdExt::dcap().as_bytes().to_vec()
}

/// The EPID key, which this machine has not.
pub fn epid() -> Vec<u8> {
    let mut id = AttestationKeyIdExt::dcap();
    id.base.mr_signer[..4].copy_from_slice(&[0xec, 0x15, 0xb1, 0x07]);
    id.base.algorithm_id = 0.into();
    id.as_bytes().to_vec()
}

pub fn list(header: [u16; 2], count: u32, entries: &[Vec<u8>]) -> Vec<u8> {
    let mut list: Vec<u8> = header.iter().flat_map(|field| field.to_le_bytes()).collect();
    list.extend(count.to_le_bytes());
    list.extend(entries.concat());
    list
}

pub fn select(list: Option<Vec<u8>>) -> Request {
    let request = SelectAttKeyIdRequest { att_key_id_list: list, timeout: TIMEOUT };
    Request { select_att_key_id: Some(request), ..Request::default() }
}

pub fn key_ids(buf_size: u32) -> Request {
    let request = GetSupportedAttKeyIdsRequest { buf_size: Some(buf_size), timeout: TIMEOUT };
    Request { get_supported_att_key_ids: Some(request), ..Request::default() }
}

pub fn init(key: Option<Vec<u8>>, wanted: bool, buf_size: Option<u64>) -> Request {
    let request = InitQuoteExRequest { att_key_id: key, b_pub_key_id: Some(wanted), buf_size, timeout: TIMEOUT };
    Request { init_quote_ex: Some(request), ..Request::default() }
}

pub fn size(key: Option<Vec<u8>>) -> Request {
    let request = GetQuoteSizeExRequest { att_key_id: key, timeout: TIMEOUT };
    Request { get_quote_size_ex: Some(request), ..Request::default() }
}

pub fn quote(key: Option<Vec<u8>>, report: Vec<u8>, info: Option<Vec<u8>>, buf_size: u32) -> Request {
    let request = GetQuoteExRequest {
        report: Some(report),
        att_key_id: key,
        qe_report_info: info,
        buf_size: Some(buf_size),
        timeout: TIMEOUT,
    };
    Request { get_quote_ex: Some(request), ..Request::default() }
}

/// One of each kind that a machine without EPID and launch tokens does not do.
pub fn without_service() -> [(Kind, Request); 10] {
    let bytes = Some(vec![1; 32]);
    let none = Request::default;
    [
        (Kind::GetLaunchToken, {
            let [mr_enclave, mr_signer, se_attributes] = [bytes.clone(), bytes.clone(), bytes.clone()];
            let request = GetLaunchTokenRequest { mr_enclave, mr_signer, se_attributes, timeout: None };
            Request { get_lic_token: Some(request), ..none() }
        }),
        (Kind::InitQuote, Request { init_quote: Some(InitQuoteRequest { timeout: TIMEOUT }), ..none() }),
        (Kind::GetQuote, {
            let request = GetQuoteRequest {
                report: bytes.clone(),
                quote_type: Some(0),
                spid: bytes.clone(),
                // As long as real lists are.
                sig_rl: Some(vec![3; 900_000]),
                buf_size: Some(2048),
                ..Default::default()
            };
            Request { get_quote: Some(request), ..none() }
        }),
        (Kind::ReportAttestationError, {
            let [attestation_error_code, update_info_size] = [Some(1), Some(2)];
            let request = ReportAttestationErrorRequest {
                platform_info: bytes.clone(),
                attestation_error_code,
                update_info_size,
                timeout: None,
            };
            Request { report_err: Some(request), ..none() }
        }),
        (Kind::CheckUpdateStatus, {
            let request = CheckUpdateStatusRequest { update_info_size: Some(0), config: Some(1), ..Default::default() };
            Request { check_update_status: Some(request), ..none() }
        }),
        (Kind::GetWhiteListSize, Request { get_white_list_size: Some(GetWhiteListSizeRequest::default()), ..none() }),
        (Kind::GetWhiteList, Request { get_white_list: Some(GetWhiteListRequest::default()), ..none() }),
        (Kind::GetExtendedEpidGroupId, {
            Request { sgx_get_extended_epid_group_id: Some(GetExtendedEpidGroupIdRequest::default()), ..none() }
        }),
        (Kind::SwitchExtendedEpidGroup, {
            let request = SwitchExtendedEpidGroupRequest { x_group_id: Some(0), timeout: None };
            Request { sgx_switch_extended_epid_group: Some(request), ..none() }
        }),
        (Kind::Register, {
            let request = RegisterRequest { buf: bytes, data_type: Some(1), timeout: None };
            Request { sgx_register: Some(request), ..none() }
        }),
    ]
}

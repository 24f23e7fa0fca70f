//! What each request is answered with.

use abi::sgx::{AttestationKeyIdExt, QeReportInfo, Report};
use zerocopy::{FromBytes, IntoBytes};

use crate::backend::Backend;
use crate::error_code::ErrorCode;
use crate::key_ids::{self, PUB_KEY_ID_SIZE};
use crate::message::{
    Asked, GetQuoteExRequest, GetQuoteExResponse, GetQuoteSizeExResponse, GetSupportedAttKeyIdNumResponse,
    GetSupportedAttKeyIdsResponse, InitQuoteExRequest, InitQuoteExResponse, Kind, Request, Response,
    SelectAttKeyIdResponse,
};
use crate::refusal::Refusal;

/// How long a quote may be asked to be: four times the longest that there are.
pub const MAX_QUOTE: u32 = 64 << 10;

/// An answer with what the log says of it.
pub struct Answer {
    pub response: Response,
    pub refusal: Option<Refusal>,
}

/// Answers a request of that kind.
pub async fn answer(backend: &Backend, kind: Kind, request: &Request) -> Answer {
    let hops = &request.hops;
    let answered = match request.asked() {
        Some(Asked::GetSupportedAttKeyIdNum(_)) => key_id_num(backend, hops).await,
        Some(Asked::GetSupportedAttKeyIds(asked)) => supported_key_ids(backend, asked.buf_size(), hops).await,
        Some(Asked::SelectAttKeyId(asked)) => select_key_id(backend, asked.att_key_id_list.as_deref(), hops).await,
        Some(Asked::InitQuoteEx(asked)) => init_quote(backend, asked, hops).await,
        Some(Asked::GetQuoteSizeEx(asked)) => quote_size(backend, asked.att_key_id.as_deref(), hops).await,
        Some(Asked::GetQuoteEx(asked)) => quote(backend, asked, hops).await,
        Some(
            Asked::InitQuote(_)
            | Asked::GetQuote(_)
            | Asked::ReportAttestationError(_)
            | Asked::CheckUpdateStatus(_)
            | Asked::GetExtendedEpidGroupId(_)
            | Asked::SwitchExtendedEpidGroup(_),
        ) => Err(unavailable("there is no EPID on this machine")),
        Some(Asked::GetLaunchToken(_) | Asked::GetWhiteListSize(_) | Asked::GetWhiteList(_) | Asked::Register(_)) => {
            Err(unavailable("enclaves are launched without tokens on this machine"))
        }
        None => Err(Refusal::parameter("request is absent")),
    };
    match answered {
        Ok(response) => Answer { response, refusal: None },
        Err(refusal) => Answer { response: Response::bare(kind, refusal.code.number()), refusal: Some(refusal) },
    }
}

fn unavailable(cause: &str) -> Refusal {
    Refusal::new(ErrorCode::ServiceUnavailable, cause.to_owned())
}

/// One, where what quotes is able to; a key that does not work is not offered.
async fn key_id_num(backend: &Backend, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    backend.check_available(hops).await?;
    Ok(GetSupportedAttKeyIdNumResponse { error_code: Some(0), att_key_id_num: Some(1) }.into())
}

/// The buffer has to have exactly the size.
async fn supported_key_ids(backend: &Backend, buf_size: u32, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    if usize::try_from(buf_size) != Ok(AttestationKeyIdExt::SIZE) {
        return Err(Refusal::parameter(format!("buffer for the ids has {buf_size} bytes")));
    }
    backend.check_available(hops).await?;
    Ok(GetSupportedAttKeyIdsResponse { error_code: Some(0), att_key_ids: Some(key_ids::offered_bytes()) }.into())
}

async fn select_key_id(backend: &Backend, list: Option<&[u8]>, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    key_ids::check_list(list)?;
    backend.check_available(hops).await?;
    Ok(SelectAttKeyIdResponse { error_code: Some(0), selected_att_key_id: Some(key_ids::offered_bytes()) }.into())
}

/// Either the size of the public key's id alone, with zeros for the target, or everything.
async fn init_quote(backend: &Backend, request: &InitQuoteExRequest, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    key_ids::check(request.att_key_id.as_deref())?;
    let mut response = InitQuoteExResponse {
        error_code: Some(0),
        target_info: Some(vec![0; abi::sgx::TargetInfo::SIZE]),
        pub_key_id_size: Some(PUB_KEY_ID_SIZE),
        pub_key_id: None,
    };
    if request.b_pub_key_id() {
        if request.buf_size() != PUB_KEY_ID_SIZE {
            let size = request.buf_size();
            return Err(Refusal::parameter(format!("buffer for the public key's id has {size} bytes")));
        }
        let ready = backend.init(hops).await?;
        response.target_info = Some(ready.target_info.as_bytes().to_vec());
        response.pub_key_id = Some(ready.ecdsa_id.to_vec());
    }
    Ok(response.into())
}

async fn quote_size(backend: &Backend, key: Option<&[u8]>, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    key_ids::check(key)?;
    let size = backend.quote_size(hops).await?;
    Ok(GetQuoteSizeExResponse { error_code: Some(0), quote_size: Some(size) }.into())
}

/// The quote fills the buffer: zeros follow it.
async fn quote(backend: &Backend, request: &GetQuoteExRequest, hops: &[Vec<u8>]) -> Result<Response, Refusal> {
    let report = Report::ref_from_bytes(request.report())
        .map_err(|_| Refusal::parameter(format!("report has {} bytes", request.report().len())))?;
    let info = match request.qe_report_info.as_deref() {
        None => None,
        Some(bytes) => Some(
            QeReportInfo::read_from_bytes(bytes)
                .map_err(|_| Refusal::parameter(format!("report info has {} bytes", bytes.len())))?,
        ),
    };
    key_ids::check(request.att_key_id.as_deref())?;
    let room = request.buf_size();
    if room > MAX_QUOTE {
        return Err(Refusal::parameter(format!("buffer for the quote has {room} bytes, and {MAX_QUOTE} are allowed")));
    }
    let mut quoted = backend.quote(report, info.as_ref(), room, hops).await?;
    let size = usize::try_from(room).unwrap_or_default();
    if quoted.quote.len() > size {
        return Err(Refusal::too_small(room, quoted.quote.len()));
    }
    quoted.quote.resize(size, 0);
    let echoed = match (info, quoted.qe_report) {
        (None, _) => None,
        (Some(info), Some(qe_report)) => Some(QeReportInfo { qe_report, ..info }.as_bytes().to_vec()),
        (Some(_), None) => {
            let cause = "quoting enclave gave no report about the quote".to_owned();
            return Err(Refusal::new(ErrorCode::UnableToGenerateQeReport, cause));
        }
    };
    Ok(GetQuoteExResponse { error_code: Some(0), quote: Some(quoted.quote), qe_report_info: echoed }.into())
}

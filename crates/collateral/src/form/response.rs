//! Responses of Intel's service and of caches: a piece in the body, the chain of its signer in a header.

mod head;

use std::borrow::Cow;

use problem::Problem;

use super::{Form, Unrecognised, certificates, piece};

/// Headers that carry the chain of who signed the body, in URL-encoded PEM. Version 4 of the API renamed the first;
/// caches send either.
const ISSUER_CHAINS: [&str; 5] = [
    "TCB-Info-Issuer-Chain",
    "SGX-TCB-Info-Issuer-Chain",
    "SGX-Enclave-Identity-Issuer-Chain",
    "SGX-PCK-CRL-Issuer-Chain",
    "SGX-PCK-Certificate-Issuer-Chain",
];

/// The name that the piece in the body goes by.
const BODY: &str = "body";

/// A response to a request for collateral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Status code.
    pub status: u16,
    /// Names, of whichever case, and values.
    pub headers: Vec<(&'a [u8], &'a [u8])>,
    /// The body, decoded where it was sent compressed or in chunks.
    pub body: &'a [u8],
}

/// Why a response has no collateral.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// A head does not begin as one does.
    #[error("response does not begin with an HTTP status line")]
    StatusLine,
    /// A line of the head is no header.
    #[error("line {0} of the response's head is not `name: value`")]
    Header(usize),
    /// The text ends within the head.
    #[error("response has no empty line between head and body")]
    NoBody,
    /// More heads one after the other than redirections and proxies make.
    #[error("response has more than {} heads", head::MAX_HEADS)]
    TooManyHeads,
    /// The request was refused, so the body is no collateral.
    #[error("response has status {}{}", .0, reason(*.0))]
    Status(u16),
    /// A chain with a `%` that two hexadecimal digits do not follow.
    #[error("issuer chain has a malformed percent escape")]
    PercentEscape,
}

impl Problem for ResponseError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::StatusLine => "collateral_response_status_line_malformed",
            Self::Header(_) => "collateral_response_header_malformed",
            Self::NoBody => "collateral_response_without_body",
            Self::TooManyHeads => "collateral_response_too_many_heads",
            Self::Status(404) => "collateral_response_not_found",
            Self::Status(410) => "collateral_response_gone",
            Self::Status(429) => "collateral_response_too_many_requests",
            Self::Status(_) => "collateral_response_status",
            Self::PercentEscape => "collateral_response_percent_escape_malformed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::StatusLine | Self::Header(_) | Self::NoBody | Self::TooManyHeads => {
                "save the response as `curl -i` prints it: status line, headers, empty line, body"
            }
            Self::Status(404) => "there is nothing for this FMSPC or CA; compare them with the platform's certificate",
            Self::Status(410) => {
                "this evaluation data number is no longer served; ask for a higher one, or for update=standard or early"
            }
            Self::Status(429) => "too many requests; wait as long as the header Retry-After says and ask again",
            Self::Status(_) => "the request was refused or failed; save a response with status 200",
            Self::PercentEscape => "the header is cut or damaged; save the response again",
        };
        text.into()
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        400 => " (Bad Request)",
        401 => " (Unauthorized)",
        404 => " (Not Found)",
        410 => " (Gone)",
        429 => " (Too Many Requests)",
        500 => " (Internal Server Error)",
        503 => " (Service Unavailable)",
        _ => "",
    }
}

impl<'a> Response<'a> {
    /// Reads a response as `curl -i` saves it. Of several heads, which proxies, interim responses and redirections leave,
    /// the last one counts.
    ///
    /// # Errors
    /// Where the bytes are no response. Its status is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ResponseError> {
        head::parse(bytes)
    }

    /// The piece in the body under the name `body`, and the certificates of each issuer chain under the header's name.
    ///
    /// # Errors
    /// Where the status is not 200, or the body or a chain cannot be read; the error names which.
    pub fn pieces(&self) -> Result<Vec<(String, Form)>, Unrecognised> {
        if self.status != 200 {
            return Err(ResponseError::Status(self.status).into());
        }
        let mut pieces = vec![(BODY.to_owned(), piece(self.body).map_err(|error| error.of_member(BODY))?)];
        for (name, value) in &self.headers {
            if let Some(header) = ISSUER_CHAINS.iter().find(|header| name.eq_ignore_ascii_case(header.as_bytes())) {
                let chain = issuer_chain(value).map_err(|error| error.of_member(*header))?;
                pieces.push(((*header).to_owned(), Form::Certificates(chain)));
            }
        }
        Ok(pieces)
    }
}

fn issuer_chain(value: &[u8]) -> Result<Vec<dcap::Certificate>, Unrecognised> {
    certificates(&percent_decoded(value)?)
}

/// `+` stays what it is: it is base64 here, and no space of a form.
fn percent_decoded(value: &[u8]) -> Result<Vec<u8>, ResponseError> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or(ResponseError::PercentEscape)?;
        let mut escaped = [0];
        hex::decode_to_slice(digits, &mut escaped).map_err(|_| ResponseError::PercentEscape)?;
        decoded.extend(escaped);
        rest = after;
    }
    Ok(decoded)
}

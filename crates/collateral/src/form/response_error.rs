//! Why a response has no collateral.

use std::borrow::Cow;

use problem::Problem;

/// More heads than a proxy, an interim response and a few redirections leave.
pub(crate) const MAX_HEADS: usize = 8;

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
    #[error("response has more than {} heads", MAX_HEADS)]
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

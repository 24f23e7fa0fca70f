//! HTTP responses as they are saved: status line, headers, body. RFC 9112, with bare LF tolerated.

use crate::form::response_error::{MAX_HEADS, ResponseError};

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

impl<'a> Response<'a> {
    /// Reads a response as `curl -i` saves it. Of several heads, which proxies, interim responses and redirections leave,
    /// the last one counts.
    ///
    /// # Errors
    /// Where the bytes are no response. Its status is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ResponseError> {
        parse(bytes)
    }
}

/// Reads one head after the other; the last one is that of the body.
fn parse(bytes: &[u8]) -> Result<Response<'_>, ResponseError> {
    let mut rest = bytes;
    for _ in 0..MAX_HEADS {
        let response = head(rest)?;
        // No collateral begins like a head.
        if !response.body.starts_with(b"HTTP/") {
            return Ok(response);
        }
        rest = response.body;
    }
    Err(ResponseError::TooManyHeads)
}

/// One head, and what follows its empty line.
fn head(bytes: &[u8]) -> Result<Response<'_>, ResponseError> {
    let (first, mut rest) = line(bytes).ok_or(ResponseError::NoBody)?;
    let status = status(first).ok_or(ResponseError::StatusLine)?;
    let mut headers = Vec::new();
    for number in 2_usize.. {
        let (header, after) = line(rest).ok_or(ResponseError::NoBody)?;
        rest = after;
        if header.is_empty() {
            break;
        }
        headers.push(name_and_value(header).ok_or(ResponseError::Header(number))?);
    }
    Ok(Response { status, headers, body: rest })
}

/// A line without its end, LF or CRLF, and what follows.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.split_first()?.1))
}

/// The code of `HTTP/1.1 200 OK` or `HTTP/2 200`.
fn status(line: &[u8]) -> Option<u16> {
    let mut words = line.split(|&byte| byte == b' ');
    words.next()?.strip_prefix(b"HTTP/")?;
    let code = words.next().filter(|code| code.len() == 3 && code.iter().all(u8::is_ascii_digit))?;
    str::from_utf8(code).ok()?.parse().ok()
}

/// A header with a name of token characters right before its colon. Folded lines, which RFC 9112 abolishes, are none.
fn name_and_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let is_token = !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_graphic());
    is_token.then_some((name, value.split_first()?.1.trim_ascii()))
}

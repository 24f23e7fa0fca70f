//! Recognising by its content what bytes of collateral are.

use crate::form::encoding;
use crate::form::json;
use crate::form::response::Response;
use crate::piece::{Container, Contents, MAX_PIECE};
use crate::unrecognised::Unrecognised;

/// A document of JSON, a response with its head, or one piece in whichever encoding.
pub(crate) fn contents(bytes: &[u8]) -> Result<Contents, Unrecognised> {
    if bytes.len() > MAX_PIECE {
        return Err(Unrecognised::TooLong);
    }
    match encoding::without_end(bytes.trim_ascii_start()) {
        text @ [b'{', ..] => json::sniff(text),
        text if text.starts_with(b"HTTP/") => {
            // With its end: a body in DER is not text.
            let response = Response::parse(bytes.trim_ascii_start())?;
            Ok(Contents::Several(Container::Response, response.pieces()?))
        }
        _ => Ok(Contents::Piece(Box::new(encoding::piece(bytes)?))),
    }
}

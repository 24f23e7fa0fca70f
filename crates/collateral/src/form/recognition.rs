//! Reading bytes of collateral as what their structure says they are.

use evidence::FileKind;

use crate::form::encoding;
use crate::form::response::Response;
use crate::form::signed;
use crate::form::{qvl, reference};
use crate::piece::{Container, Contents, MAX_PIECE};
use crate::unrecognised::Unrecognised;

/// A document of JSON, a response with its head, or one piece in whichever encoding.
pub(crate) fn contents(bytes: &[u8]) -> Result<Contents, Unrecognised> {
    if bytes.len() > MAX_PIECE {
        return Err(Unrecognised::TooLong);
    }
    let start = bytes.trim_ascii_start();
    let text = encoding::without_end(start);
    match evidence::recognise(bytes) {
        Some(FileKind::QvlCollateral) => Ok(Contents::Several(Container::Qvl, qvl::pieces(text)?)),
        Some(FileKind::ReferenceCollateral) => Ok(Contents::Several(Container::Reference, reference::pieces(text)?)),
        // With its end: a body in DER is not text.
        Some(FileKind::HttpResponse) => Ok(Contents::Several(Container::Response, Response::parse(start)?.pieces()?)),
        // Documents, and JSON that cannot be read at all: the reason helps more than that it is not known.
        _ if text.starts_with(b"{") => Ok(Contents::Piece(Box::new(signed::piece(text)?))),
        _ => Ok(Contents::Piece(Box::new(encoding::piece(bytes)?))),
    }
}

//! One piece in any of its forms.

use crate::form::encoding;
use crate::form::signed;
use crate::piece::{Form, MAX_PIECE};
use crate::unrecognised::Unrecognised;

/// One piece, in whichever encoding.
pub(crate) fn piece(bytes: &[u8]) -> Result<Form, Unrecognised> {
    if bytes.len() > MAX_PIECE {
        return Err(Unrecognised::TooLong);
    }
    match encoding::without_end(bytes.trim_ascii_start()) {
        text @ [b'{', ..] => signed::piece(text),
        _ => encoding::piece(bytes),
    }
}

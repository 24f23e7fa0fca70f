//! Telling by its content what bytes of collateral are.

use crate::bundle::read;
use crate::form::recognition;
use crate::piece::{Container, Contents};
use crate::unrecognised::Unrecognised;

/// Says what the bytes are and reads them.
///
/// # Errors
/// See [`Unrecognised`]: whether they are nothing known, or something known that is damaged.
pub fn sniff(bytes: &[u8]) -> Result<Contents, Unrecognised> {
    if evidence::is_bundle(bytes) {
        return Ok(Contents::Several(Container::Bundle, read::read(bytes)?));
    }
    recognition::contents(bytes)
}

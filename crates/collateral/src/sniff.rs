//! Telling by its content what bytes of collateral are.

use crate::bundle;
use crate::form::{self, Container, Contents, Unrecognised};

/// Says what the bytes are and reads them.
///
/// # Errors
/// See [`Unrecognised`]: whether they are nothing known, or something known that is damaged.
pub fn sniff(bytes: &[u8]) -> Result<Contents, Unrecognised> {
    if bundle::is_bundle(bytes) {
        return Ok(Contents::Several(Container::Bundle, bundle::read(bytes)?));
    }
    form::contents(bytes)
}

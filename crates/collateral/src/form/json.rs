//! JSON documents: signed ones as Intel sends them, and those that hold several pieces.

use crate::form::signed::{names, signed};
use crate::form::{qvl, reference};
use crate::piece::{Container, Contents};
use crate::unrecognised::Unrecognised;

/// Tells by the names of its members what the object is.
pub(crate) fn sniff(text: &[u8]) -> Result<Contents, Unrecognised> {
    let names = names(text)?;
    let has_any = |of: &[&str]| of.iter().any(|name| names.contains_key(*name));
    if has_any(&["tcb_info_signature", "qe_identity_signature"]) {
        Ok(Contents::Several(Container::Qvl, qvl::pieces(text)?))
    } else if has_any(&["tcb_info", "qe_identity", "root_ca_crl", "pck_crl"]) {
        Ok(Contents::Several(Container::Reference, reference::pieces(text)?))
    } else {
        Ok(Contents::Piece(Box::new(signed(text, &names)?)))
    }
}

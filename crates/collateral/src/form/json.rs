//! JSON documents: signed ones as Intel sends them, and those that hold several pieces.

use std::collections::BTreeMap;

use dcap::{MAX_DEPTH, MalformedJson, SignedDocument};
use serde::de::IgnoredAny;

use super::{Container, Contents, Form, Unrecognised, qvl, reference};

/// Tells by the names of its members what the object is.
pub(super) fn sniff(text: &[u8]) -> Result<Contents, Unrecognised> {
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

/// One signed document.
pub(super) fn piece(text: &[u8]) -> Result<Form, Unrecognised> {
    signed(text, &names(text)?)
}

type Names = BTreeMap<String, IgnoredAny>;

/// The names of the members of an object that is strict JSON.
fn names(text: &[u8]) -> Result<Names, Unrecognised> {
    // The reference structure wraps a wrapper: two levels more than a signed document may have.
    let names = strict_json::from_slice(text, MAX_DEPTH.saturating_add(2));
    Ok(names.map_err(MalformedJson::from)?)
}

fn signed(text: &[u8], names: &Names) -> Result<Form, Unrecognised> {
    if names.contains_key("tcbInfo") {
        Ok(Form::TcbInfo(SignedDocument::from_wrapper(text)?))
    } else if names.contains_key("enclaveIdentity") {
        Ok(Form::Identity(SignedDocument::from_wrapper(text)?))
    } else {
        Err(Unrecognised::Unknown)
    }
}

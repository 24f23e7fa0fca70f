//! Signed documents as Intel sends them.

use std::collections::BTreeMap;

use dcap::{MAX_DEPTH, MalformedJson, SignedDocument};
use serde::de::IgnoredAny;

use crate::piece::Form;
use crate::unrecognised::Unrecognised;

/// One signed document.
pub(crate) fn piece(text: &[u8]) -> Result<Form, Unrecognised> {
    signed(text, &names(text)?)
}

pub(crate) type Names = BTreeMap<String, IgnoredAny>;

/// The names of the members of an object that is strict JSON.
pub(crate) fn names(text: &[u8]) -> Result<Names, Unrecognised> {
    // The reference structure wraps a wrapper: two levels more than a signed document may have.
    let names = strict_json::from_slice(text, MAX_DEPTH.saturating_add(2));
    Ok(names.map_err(MalformedJson::from)?)
}

pub(crate) fn signed(text: &[u8], names: &Names) -> Result<Form, Unrecognised> {
    if names.contains_key("tcbInfo") {
        Ok(Form::TcbInfo(SignedDocument::from_wrapper(text)?))
    } else if names.contains_key("enclaveIdentity") {
        Ok(Form::Identity(SignedDocument::from_wrapper(text)?))
    } else {
        Err(Unrecognised::Unknown)
    }
}

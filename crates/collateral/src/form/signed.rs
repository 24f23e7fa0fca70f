//! Signed documents as Intel sends them: TCB Info and enclave identities.

use dcap::{EnclaveIdentity, SignedJson, TcbInfo};

use super::{Form, Unrecognised};

pub(crate) const TCB_INFO: &str = "tcbInfo";
pub(crate) const IDENTITY: &str = "enclaveIdentity";

/// TCB Info as Intel's service sends it: `{"tcbInfo":{...},"signature":"..."}`.
pub(crate) fn tcb_info(text: &[u8]) -> Result<Form, Unrecognised> {
    tcb_info_form(SignedJson::from_wrapper(text, TCB_INFO)?)
}

/// An enclave identity as Intel's service sends it: `{"enclaveIdentity":{...},"signature":"..."}`.
pub(crate) fn identity(text: &[u8]) -> Result<Form, Unrecognised> {
    identity_form(SignedJson::from_wrapper(text, IDENTITY)?)
}

pub(super) fn tcb_info_form(document: SignedJson) -> Result<Form, Unrecognised> {
    let read = TcbInfo::from_json(document.body())?;
    Ok(Form::TcbInfo(document, read))
}

pub(super) fn identity_form(document: SignedJson) -> Result<Form, Unrecognised> {
    let read = EnclaveIdentity::from_json(document.body())?;
    Ok(Form::Identity(document, read))
}

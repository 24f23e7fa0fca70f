//! Intel's reference structure `sgx_ql_qve_collateral_t`, in memory and as JSON with the same member names.
//!
//! Its versions differ in how the revocation lists are encoded (1.0 PEM, 3.0 hexadecimal, 3.1 DER), and what fills it in
//! does not always say the truth about that: the version is not looked at, the bytes are.

use std::borrow::Cow;

use dcap::SignedDocument;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::form::encoding::{self, certificates, without_end};
use crate::piece::{Container, Form, MAX_PIECE};
use crate::unrecognised::Unrecognised;

/// `sgx_ql_qve_collateral_t` with its strings borrowed; NUL bytes at their ends are tolerated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReferenceCollateral<'a> {
    /// Version of the structure: the major one in the lower 16 bits, the minor one in the upper. Not looked at.
    pub version: u32,
    /// 0 for SGX, 0x81 for TDX. Not looked at: TCB Info says it under its signature.
    pub tee_type: u32,
    /// PEM: PCK CA, root.
    pub pck_crl_issuer_chain: &'a [u8],
    /// DER, or PEM, hexadecimal or base64 text.
    pub root_ca_crl: &'a [u8],
    /// DER, or PEM, hexadecimal or base64 text.
    pub pck_crl: &'a [u8],
    /// PEM: TCB signing certificate, root.
    pub tcb_info_issuer_chain: &'a [u8],
    /// `{"tcbInfo":{...},"signature":"..."}`.
    pub tcb_info: &'a [u8],
    /// PEM: TCB signing certificate, root.
    pub qe_identity_issuer_chain: &'a [u8],
    /// `{"enclaveIdentity":{...},"signature":"..."}`.
    pub qe_identity: &'a [u8],
}

impl ReferenceCollateral<'_> {
    /// The pieces, each with the member it was read from.
    ///
    /// # Errors
    /// Where a member cannot be read; the error names it.
    pub fn pieces(&self) -> Result<Vec<(String, Form)>, Unrecognised> {
        type Read = fn(&[u8]) -> Result<Form, Unrecognised>;
        let chain: Read = |text| Ok(Form::Certificates(certificates(text)?));
        let crl: Read = |text| Ok(Form::Crl(encoding::crl(text)?));
        let tcb_info: Read = |text| Ok(Form::TcbInfo(SignedDocument::from_wrapper(without_end(text))?));
        let identity: Read = |text| Ok(Form::Identity(SignedDocument::from_wrapper(without_end(text))?));
        let members = [
            ("pck_crl_issuer_chain", self.pck_crl_issuer_chain, chain),
            ("root_ca_crl", self.root_ca_crl, crl),
            ("pck_crl", self.pck_crl, crl),
            ("tcb_info_issuer_chain", self.tcb_info_issuer_chain, chain),
            ("tcb_info", self.tcb_info, tcb_info),
            ("qe_identity_issuer_chain", self.qe_identity_issuer_chain, chain),
            ("qe_identity", self.qe_identity, identity),
        ];
        let read = |(name, bytes, read): (&str, &[u8], Read)| {
            let bounded = if bytes.len() > MAX_PIECE { Err(Unrecognised::TooLong) } else { Ok(bytes) };
            match bounded.and_then(read) {
                Ok(piece) => Ok((name.to_owned(), piece)),
                Err(error) => Err(error.of_member(name)),
            }
        };
        members.into_iter().map(read).collect()
    }
}

/// The structure as JSON; `version`, `tee_type` and sizes may stand beside these.
#[derive(Deserialize)]
struct Wire<'a> {
    pck_crl_issuer_chain: String,
    root_ca_crl: String,
    pck_crl: String,
    tcb_info_issuer_chain: String,
    #[serde(borrow)]
    tcb_info: &'a RawValue,
    qe_identity_issuer_chain: String,
    #[serde(borrow)]
    qe_identity: &'a RawValue,
}

/// The pieces, each with the member it was read from.
pub(crate) fn pieces(text: &[u8]) -> Result<Vec<(String, Form)>, Unrecognised> {
    let members = |source| Unrecognised::Members { container: Container::Reference, source };
    let wire: Wire<'_> = serde_json::from_slice(text).map_err(members)?;
    let tcb_info = document(wire.tcb_info).map_err(members)?;
    let qe_identity = document(wire.qe_identity).map_err(members)?;
    ReferenceCollateral {
        pck_crl_issuer_chain: wire.pck_crl_issuer_chain.as_bytes(),
        root_ca_crl: wire.root_ca_crl.as_bytes(),
        pck_crl: wire.pck_crl.as_bytes(),
        tcb_info_issuer_chain: wire.tcb_info_issuer_chain.as_bytes(),
        tcb_info: tcb_info.as_bytes(),
        qe_identity_issuer_chain: wire.qe_identity_issuer_chain.as_bytes(),
        qe_identity: qe_identity.as_bytes(),
        ..ReferenceCollateral::default()
    }
    .pieces()
}

/// A wrapper as text, or as an object, whose bytes are kept.
fn document(value: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    if value.get().starts_with('"') {
        serde_json::from_str(value.get()).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(value.get()))
    }
}

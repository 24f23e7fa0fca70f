//! dcap-qvl's `QuoteCollateralV3`: PEM chains, CRLs and signatures in hexadecimal, signed JSON as text.

use dcap::{Document, MalformedJson, SignedDocument};
use serde::Deserialize;

use crate::form::encoding::{self, certificates};
use crate::piece::{Container, Form};
use crate::unrecognised::Unrecognised;

#[derive(Deserialize)]
struct QvlJson {
    pck_crl_issuer_chain: String,
    root_ca_crl: String,
    pck_crl: String,
    tcb_info_issuer_chain: String,
    tcb_info: String,
    tcb_info_signature: String,
    qe_identity_issuer_chain: String,
    qe_identity: String,
    qe_identity_signature: String,
    /// The chain of the platform itself, where it was asked for.
    pck_certificate_chain: Option<String>,
}

/// The pieces, each with the member it was read from.
pub(crate) fn pieces(text: &[u8]) -> Result<Vec<(String, Form)>, Unrecognised> {
    let read: QvlJson =
        serde_json::from_slice(text).map_err(|source| Unrecognised::Members { container: Container::Qvl, source })?;
    let chain = |text: &String| Ok(Form::Certificates(certificates(text.as_bytes())?));
    let crl = |text: &String| Ok(Form::Crl(encoding::crl(text.as_bytes())?));
    let members = [
        ("pck_crl_issuer_chain", chain(&read.pck_crl_issuer_chain)),
        ("root_ca_crl", crl(&read.root_ca_crl)),
        ("pck_crl", crl(&read.pck_crl)),
        ("tcb_info_issuer_chain", chain(&read.tcb_info_issuer_chain)),
        ("tcb_info", document(read.tcb_info, &read.tcb_info_signature).map(Form::TcbInfo)),
        ("qe_identity_issuer_chain", chain(&read.qe_identity_issuer_chain)),
        ("qe_identity", document(read.qe_identity, &read.qe_identity_signature).map(Form::Identity)),
    ];
    let platform = read.pck_certificate_chain.as_ref().map(|text| ("pck_certificate_chain", chain(text)));
    let named = |(name, piece): (&str, Result<Form, Unrecognised>)| match piece {
        Ok(piece) => Ok((name.to_owned(), piece)),
        Err(error) => Err(error.of_member(name)),
    };
    members.into_iter().chain(platform).map(named).collect()
}

fn document<T: Document>(body: String, signature: &str) -> Result<SignedDocument<T>, Unrecognised> {
    // Intel signs the object alone. Elsewhere it stands in a wrapper, where what is around it is lost.
    if body.trim_ascii() != body {
        return Err(MalformedJson::Field("document has white space around it".to_owned()).into());
    }
    Ok(SignedDocument::new(body.into_bytes(), signature)?)
}

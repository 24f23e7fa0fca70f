//! Telling by its content what a file of collateral is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dcap::{Certificate, Crl, EnclaveIdentity, MalformedJson, SignedJson, TcbInfo, pem};
use serde::Deserialize;

/// More bytes than any piece of collateral has.
pub const MAX_PIECE: usize = 2 << 20;

/// A piece of collateral as it was read; nothing about it is proven.
#[derive(Clone, Debug)]
pub enum Form {
    /// TCB Info with its signature.
    TcbInfo(SignedJson, TcbInfo),
    /// Enclave identity with its signature.
    Identity(SignedJson, EnclaveIdentity),
    /// A revocation list.
    Crl(Crl),
    /// Certificates: one, or a chain.
    Certificates(Vec<Certificate>),
    /// Everything for one platform family in one document, as dcap-qvl keeps it.
    Qvl(Box<QvlJson>),
}

/// Why bytes are no piece of collateral.
#[derive(Debug, thiserror::Error)]
pub enum Unrecognised {
    /// Longer than [`MAX_PIECE`].
    #[error("longer than {MAX_PIECE} bytes")]
    TooLong,
    /// Nothing that is known.
    #[error("neither signed JSON, certificate nor revocation list")]
    Unknown,
    /// A signed document that cannot be read.
    #[error("JSON document that cannot be read: {0}")]
    Json(#[from] MalformedJson),
    /// A certificate that cannot be read.
    #[error("certificate that cannot be read: {0}")]
    Certificate(#[from] dcap::MalformedCertificate),
    /// A revocation list that cannot be read.
    #[error("revocation list that cannot be read: {0}")]
    Crl(#[from] dcap::MalformedCrl),
    /// PEM that cannot be read.
    #[error("PEM that cannot be read: {0}")]
    Pem(#[from] pem::PemError),
    /// A member of dcap-qvl's JSON that cannot be read.
    #[error("member `{0}` is not hexadecimal")]
    Hex(&'static str),
}

/// dcap-qvl's `QuoteCollateralV3`: PEM chains, CRLs and signatures in hexadecimal, signed JSON as text.
#[derive(Clone, Debug, Deserialize)]
pub struct QvlJson {
    pck_crl_issuer_chain: String,
    root_ca_crl: String,
    pck_crl: String,
    tcb_info_issuer_chain: String,
    tcb_info: String,
    tcb_info_signature: String,
    qe_identity_issuer_chain: String,
    qe_identity: String,
    qe_identity_signature: String,
}

impl QvlJson {
    /// The pieces, each with the member it was read from.
    ///
    /// # Errors
    /// Where a member cannot be read.
    pub fn pieces(&self) -> Result<Vec<(&'static str, Form)>, Unrecognised> {
        let hex_crl = |name, text: &str| {
            let der = hex::decode(text).map_err(|_| Unrecognised::Hex(name))?;
            Ok::<_, Unrecognised>((name, Form::Crl(Crl::from_der(&der)?)))
        };
        let chain =
            |name, text: &str| Ok::<_, Unrecognised>((name, Form::Certificates(certificates(text.as_bytes())?)));
        let tcb_info = SignedJson::new(self.tcb_info.clone().into_bytes(), &self.tcb_info_signature)?;
        let identity = SignedJson::new(self.qe_identity.clone().into_bytes(), &self.qe_identity_signature)?;
        Ok(vec![
            chain("pck_crl_issuer_chain", &self.pck_crl_issuer_chain)?,
            hex_crl("root_ca_crl", &self.root_ca_crl)?,
            hex_crl("pck_crl", &self.pck_crl)?,
            chain("tcb_info_issuer_chain", &self.tcb_info_issuer_chain)?,
            ("tcb_info", tcb_info_form(tcb_info)?),
            chain("qe_identity_issuer_chain", &self.qe_identity_issuer_chain)?,
            ("qe_identity", identity_form(identity)?),
        ])
    }
}

/// Says what the bytes are and reads them.
///
/// # Errors
/// See [`Unrecognised`]: whether they are nothing known, or something known that is damaged.
pub fn sniff(bytes: &[u8]) -> Result<Form, Unrecognised> {
    if bytes.len() > MAX_PIECE {
        return Err(Unrecognised::TooLong);
    }
    match bytes.trim_ascii_start() {
        [b'{', ..] => json(bytes.trim_ascii()),
        text if text.starts_with(b"-----BEGIN CERTIFICATE-----") => Ok(Form::Certificates(certificates(text)?)),
        text if text.starts_with(b"-----BEGIN X509 CRL-----") => pem_crl(text),
        // Every certificate and list is a SEQUENCE.
        [0x30, second, ..] if !second.is_ascii_hexdigit() => der(bytes),
        _ => encoded(bytes),
    }
}

fn json(bytes: &[u8]) -> Result<Form, Unrecognised> {
    if let Ok(qvl) = serde_json::from_slice::<QvlJson>(bytes) {
        strict_json::check(bytes, dcap::MAX_DEPTH).map_err(MalformedJson::from)?;
        return Ok(Form::Qvl(Box::new(qvl)));
    }
    match SignedJson::from_wrapper(bytes, "tcbInfo") {
        Ok(document) => return tcb_info_form(document),
        Err(MalformedJson::Wrapper(_)) => {}
        Err(error) => return Err(error.into()),
    }
    match SignedJson::from_wrapper(bytes, "enclaveIdentity") {
        Ok(document) => identity_form(document),
        Err(MalformedJson::Wrapper(_)) => Err(Unrecognised::Unknown),
        Err(error) => Err(error.into()),
    }
}

fn tcb_info_form(document: SignedJson) -> Result<Form, Unrecognised> {
    let read = TcbInfo::from_json(document.body())?;
    Ok(Form::TcbInfo(document, read))
}

fn identity_form(document: SignedJson) -> Result<Form, Unrecognised> {
    let read = EnclaveIdentity::from_json(document.body())?;
    Ok(Form::Identity(document, read))
}

fn certificates(text: &[u8]) -> Result<Vec<Certificate>, Unrecognised> {
    let blocks = pem::blocks(text, "CERTIFICATE")?;
    Ok(blocks.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?)
}

fn pem_crl(text: &[u8]) -> Result<Form, Unrecognised> {
    match <[Vec<u8>; 1]>::try_from(pem::blocks(text, "X509 CRL")?) {
        Ok([der]) => Ok(Form::Crl(Crl::from_der(&der)?)),
        Err(_) => Err(Unrecognised::Unknown),
    }
}

fn der(bytes: &[u8]) -> Result<Form, Unrecognised> {
    // Which of both it is shows in the first members; a damaged one is reported as what it resembles more.
    match (Certificate::from_der(bytes), Crl::from_der(bytes)) {
        (Ok(certificate), _) => Ok(Form::Certificates(vec![certificate])),
        (_, Ok(crl)) => Ok(Form::Crl(crl)),
        (Err(error), Err(dcap::MalformedCrl::Der(_))) => Err(error.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

/// DER as hexadecimal or base64 text, as caches hand it out.
fn encoded(bytes: &[u8]) -> Result<Form, Unrecognised> {
    let text = bytes.trim_ascii();
    let decoded = hex::decode(text).or_else(|_| STANDARD.decode(text)).map_err(|_| Unrecognised::Unknown)?;
    match decoded.first() {
        Some(0x30) => der(&decoded),
        _ => Err(Unrecognised::Unknown),
    }
}

//! What `veritee inspect` prints of a file.

use ::collateral::{Container, Form};
use dcap::{
    CertificateDescription, CrlDescription, EpidDescription, HeaderDescription, IdentityDescription, QuoteDescription,
    TcbInfoDescription,
};
use serde::Serialize;
use serde_json::Value;

/// What a file, or a piece in it, is.
#[derive(Serialize)]
pub struct Description {
    pub is: String,
    #[serde(flatten)]
    fields: Fields,
}

/// The fields of each kind of file.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Fields {
    Quote(Box<QuoteDescription>),
    UnreadableQuote { header: HeaderDescription, help: String },
    Epid(Box<EpidDescription>),
    Unread { bytes: usize },
    TcbInfo(TcbInfoDescription),
    Identity(IdentityDescription),
    Crl(CrlDescription),
    Certificate(Box<CertificateDescription>),
    Certificates { certificates: Vec<CertificateDescription> },
    Pieces { pieces: Vec<PieceDescription> },
    Token { header: Value, claims: Value },
    KeySet { keys: Vec<KeyDescription> },
}

/// One of several pieces.
#[derive(Serialize)]
pub struct PieceDescription {
    member: String,
    #[serde(flatten)]
    piece: Description,
}

/// A key of a key set.
#[derive(Serialize)]
pub struct KeyDescription {
    pub kid: Value,
    pub kty: Value,
    pub alg: Value,
    pub certificates: usize,
}

impl Description {
    pub fn new(is: impl Into<String>, fields: Fields) -> Self {
        Self { is: is.into(), fields }
    }

    /// A piece of collateral.
    pub fn of_piece(form: &Form) -> Self {
        match form {
            Form::TcbInfo(document) => {
                let info = document.content();
                let is = format!("TCB Info for {}, version {}", info.tee, info.version);
                Self::new(is, Fields::TcbInfo(info.into()))
            }
            Form::Identity(document) => {
                let identity = document.content();
                Self::new(format!("identity of the enclave {}", identity.id), Fields::Identity(identity.into()))
            }
            Form::Crl(crl) => Self::new("certificate revocation list", Fields::Crl(crl.into())),
            Form::Certificates(certificates) => match certificates.as_slice() {
                [one] => {
                    let is = if one.sgx_extension().is_some() { "PCK certificate" } else { "certificate" };
                    Self::new(is, Fields::Certificate(Box::new(one.into())))
                }
                all => {
                    let certificates = all.iter().map(CertificateDescription::from).collect();
                    Self::new(format!("chain of {} certificates", all.len()), Fields::Certificates { certificates })
                }
            },
        }
    }

    /// Several pieces of collateral in one file.
    pub fn of_several(container: Container, pieces: &[(String, Form)]) -> Self {
        let is = match container {
            Container::Qvl => "collateral for one platform family, in dcap-qvl's JSON",
            Container::Reference => "collateral for one platform family, in JSON of Intel's reference structure",
            Container::Response => "HTTP response with collateral",
            Container::Bundle => "collateral bundle",
        };
        let describe =
            |(member, form): &(String, Form)| PieceDescription { member: member.clone(), piece: Self::of_piece(form) };
        Self::new(is, Fields::Pieces { pieces: pieces.iter().map(describe).collect() })
    }
}

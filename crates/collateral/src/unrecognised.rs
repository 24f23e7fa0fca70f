//! Why bytes are no collateral.

use std::borrow::Cow;

use dcap::{MalformedCertificate, MalformedCrl, MalformedJson, pem};
use problem::Problem;

use crate::bundle::error::BundleError;
use crate::form::response_error::ResponseError;
use crate::piece::{Container, MAX_PIECE};

/// Why bytes are no piece of collateral.
#[derive(Debug, thiserror::Error)]
pub enum Unrecognised {
    /// Longer than [`MAX_PIECE`], and no bundle.
    #[error("longer than {MAX_PIECE} bytes")]
    TooLong,
    /// Nothing that is known.
    #[error("neither signed JSON, certificate, revocation list, saved response nor bundle")]
    Unknown,
    /// A signed document that cannot be read.
    #[error("JSON document cannot be read")]
    Json(#[from] MalformedJson),
    /// A certificate that cannot be read.
    #[error("certificate cannot be read")]
    Certificate(#[from] MalformedCertificate),
    /// A revocation list that cannot be read.
    #[error("revocation list cannot be read")]
    Crl(#[from] MalformedCrl),
    /// PEM that cannot be read.
    #[error("PEM cannot be read")]
    Pem(#[from] pem::PemError),
    /// Something else where a revocation list has to be.
    #[error("revocation list that is neither DER, PEM, hexadecimal nor base64")]
    Encoding,
    /// What holds several pieces lacks a member, or has one of another type.
    #[error("{container} cannot be read")]
    Members {
        /// What it is otherwise.
        container: Container,
        /// Which member, and why.
        source: serde_json::Error,
    },
    /// One of several pieces cannot be read.
    #[error("`{member}`")]
    Member {
        /// Which member, header or element.
        member: String,
        /// Why.
        source: Box<Self>,
    },
    /// An HTTP response that has no piece.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// A bundle that cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Problem for Unrecognised {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "collateral_too_long",
            Self::Unknown => "collateral_unrecognised",
            Self::Json(_) => "collateral_document_malformed",
            Self::Certificate(_) => "collateral_certificate_malformed",
            Self::Crl(_) => "collateral_crl_malformed",
            Self::Pem(_) => "collateral_pem_malformed",
            Self::Encoding => "collateral_encoding_unknown",
            Self::Members { .. } => "collateral_members_malformed",
            Self::Member { source, .. } => return source.code(),
            Self::Response(error) => return error.code(),
            Self::Bundle(error) => return error.code(),
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::TooLong => "no piece of collateral is that long; check that it is the right file",
            Self::Unknown => {
                "pass TCB Info, QE identity, a CRL or a chain as Intel's service sends it, dcap-qvl's JSON, or a bundle"
            }
            Self::Json(_) => "fetch the document again and keep its bytes: Intel's signature is over exactly those",
            Self::Certificate(_) | Self::Crl(_) | Self::Pem(_) => {
                "the piece is damaged; fetch it again from Intel or your cache"
            }
            Self::Encoding => "give the list as DER, PEM, hexadecimal or base64",
            Self::Members { .. } => "compare the members with those that the format has; export the collateral again",
            Self::Member { source, .. } => return source.help(),
            Self::Response(error) => return error.help(),
            Self::Bundle(error) => return error.help(),
        };
        text.into()
    }
}

impl Unrecognised {
    /// The same, said of one of several pieces.
    pub(crate) fn of_member(self, member: impl Into<String>) -> Self {
        Self::Member { member: member.into(), source: Box::new(self) }
    }
}

//! Which piece of collateral cannot be used, and why.

use std::borrow::Cow;
use std::fmt;

use problem::Problem;

use crate::documents::signed_document::MalformedJson;
use crate::pki::chain::CertificateError;
use crate::pki::crl::MalformedCrl;
use unix_time::OutsideValidity;

/// One piece of collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// TCB levels of the platform family.
    TcbInfo,
    /// Identity of the quoting enclave.
    QeIdentity,
    /// Revocation list of the root CA.
    RootCrl,
    /// Revocation list of the CA that issued the platform's certificate.
    PckCrl,
}

impl Piece {
    const fn code(self) -> &'static str {
        match self {
            Self::TcbInfo => "tcb_info",
            Self::QeIdentity => "qe_identity",
            Self::RootCrl => "root_ca_crl",
            Self::PckCrl => "pck_crl",
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TcbInfo => "TCB Info",
            Self::QeIdentity => "QE identity",
            Self::RootCrl => "root CA CRL",
            Self::PckCrl => "PCK CRL",
        })
    }
}

/// Collateral that cannot be used: which piece, and why.
#[derive(Debug, thiserror::Error)]
#[error("{piece}")]
pub struct CollateralError {
    /// The piece.
    pub piece: Piece,
    /// Why it cannot be used.
    #[source]
    pub fault: CollateralFault,
}

/// Why a piece of collateral cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CollateralFault {
    /// The document cannot be read.
    #[error(transparent)]
    Json(#[from] MalformedJson),
    /// The revocation list cannot be read.
    #[error(transparent)]
    Crl(#[from] MalformedCrl),
    /// The signer's chain may not sign it.
    #[error("its issuer chain proves nothing")]
    Chain(#[from] CertificateError),
    /// The issuer chain has the wrong number of certificates.
    #[error("its issuer chain has {0} certificates, not 2")]
    ChainLength(usize),
    /// The signer did not sign it.
    #[error("its signature does not verify with its signer's key")]
    BadSignature,
    /// The revocation list is another CA's.
    #[error("it is not issued by the CA whose certificates it should revoke")]
    WrongIssuer,
    /// Another root than the rest of the collateral.
    #[error("its issuer chain leads to another root than that of the other pieces")]
    OtherRoot,
    /// Judged before it begins or after it ends.
    #[error(transparent)]
    OutsideValidity(#[from] OutsideValidity),
}

impl Problem for CollateralFault {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Json(error) => return error.code(),
            Self::Crl(error) => return error.code(),
            Self::Chain(error) => return error.code(),
            Self::ChainLength(_) => "issuer_chain_length_wrong",
            Self::BadSignature => "collateral_bad_signature",
            Self::WrongIssuer => "crl_wrong_issuer",
            Self::OtherRoot => "collateral_other_root",
            Self::OutsideValidity(OutsideValidity::NotYetValid { .. }) => "collateral_not_yet_valid",
            Self::OutsideValidity(OutsideValidity::Expired { .. }) => "collateral_expired",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::OutsideValidity(OutsideValidity::Expired { .. }) => {
                "fetch fresh collateral, or judge as of a time when this was valid"
            }
            Self::OutsideValidity(OutsideValidity::NotYetValid { .. }) => {
                "check the clock or the time given to judge at; it lies before this collateral was issued"
            }
            Self::Chain(error) => return error.help(),
            Self::WrongIssuer => {
                "supply the list of the CA that issued the platform's certificate: Platform or Processor"
            }
            Self::OtherRoot => "do not mix simulated and genuine collateral",
            Self::Json(_) | Self::Crl(_) | Self::ChainLength(_) | Self::BadSignature => {
                "the collateral is damaged or forged; fetch it again from Intel or your cache"
            }
        };
        text.into()
    }
}

impl Problem for CollateralError {
    /// Names piece and fault, such as `tcb_info_expired`.
    fn code(&self) -> Cow<'static, str> {
        let fault = match &self.fault {
            CollateralFault::Json(_) | CollateralFault::Crl(_) => "malformed".into(),
            CollateralFault::Chain(error) => error.code(),
            CollateralFault::ChainLength(_) => "chain_length_wrong".into(),
            CollateralFault::BadSignature => "bad_signature".into(),
            CollateralFault::WrongIssuer => "wrong_issuer".into(),
            CollateralFault::OtherRoot => "other_root".into(),
            CollateralFault::OutsideValidity(OutsideValidity::NotYetValid { .. }) => "not_yet_valid".into(),
            CollateralFault::OutsideValidity(OutsideValidity::Expired { .. }) => "expired".into(),
        };
        format!("{}_{fault}", self.piece.code()).into()
    }

    fn help(&self) -> Cow<'_, str> {
        self.fault.help()
    }
}

pub(crate) const fn fault(piece: Piece, fault: CollateralFault) -> CollateralError {
    CollateralError { piece, fault }
}

//! Which piece of collateral cannot be used, and why.

use std::fmt;

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
#[error("{piece}: {fault}")]
pub struct CollateralError {
    /// The piece.
    pub piece: Piece,
    /// Why it cannot be used.
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
    #[error("its issuer chain proves nothing: {0}")]
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

impl CollateralError {
    /// A stable name of the fault, such as `tcb_info_expired`.
    pub fn code(&self) -> String {
        let fault = match &self.fault {
            CollateralFault::Json(_) | CollateralFault::Crl(_) => "malformed".to_owned(),
            CollateralFault::Chain(error) => error.code(),
            CollateralFault::ChainLength(_) => "chain_length_wrong".to_owned(),
            CollateralFault::BadSignature => "bad_signature".to_owned(),
            CollateralFault::WrongIssuer => "wrong_issuer".to_owned(),
            CollateralFault::OtherRoot => "other_root".to_owned(),
            CollateralFault::OutsideValidity(OutsideValidity::NotYetValid { .. }) => "not_yet_valid".to_owned(),
            CollateralFault::OutsideValidity(OutsideValidity::Expired { .. }) => "expired".to_owned(),
        };
        format!("{}_{fault}", self.piece.code())
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match &self.fault {
            CollateralFault::OutsideValidity(OutsideValidity::Expired { .. }) => {
                "fetch fresh collateral, or judge as of a time when this was valid"
            }
            CollateralFault::OutsideValidity(OutsideValidity::NotYetValid { .. }) => {
                "check the clock or the time given to judge at; it lies before this collateral was issued"
            }
            CollateralFault::Chain(error) => error.help(),
            CollateralFault::WrongIssuer => {
                "supply the list of the CA that issued the platform's certificate: Platform or Processor"
            }
            CollateralFault::OtherRoot => "do not mix simulated and genuine collateral",
            _ => "the collateral is damaged or forged; fetch it again from Intel or your cache",
        }
    }
}

pub(crate) const fn fault(piece: Piece, fault: CollateralFault) -> CollateralError {
    CollateralError { piece, fault }
}

//! Pieces of collateral, and what holds several of them.

use std::fmt;

use dcap::{Certificate, Crl, EnclaveIdentity, SignedDocument, TcbInfo};
use serde::{Serialize, Serializer};

/// More bytes than any piece of collateral has, and any document or response of a few pieces. Bundles may be longer.
pub const MAX_PIECE: usize = 2 << 20;

/// A piece of collateral as it was read; nothing about it is proven.
#[derive(Clone, Debug)]
pub enum Form {
    /// TCB Info with its signature.
    TcbInfo(SignedDocument<TcbInfo>),
    /// Enclave identity with its signature.
    Identity(SignedDocument<EnclaveIdentity>),
    /// A revocation list.
    Crl(Crl),
    /// Certificates: one, or a chain.
    Certificates(Vec<Certificate>),
}

/// Which kind of piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// TCB Info.
    TcbInfo,
    /// Enclave identity.
    Identity,
    /// Revocation list.
    Crl,
    /// Certificate.
    Certificate,
}

impl Kind {
    /// Its name in bundles and in JSON: `tcb-info`, `identity`, `crl`, `certificate`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcbInfo => "tcb-info",
            Self::Identity => "identity",
            Self::Crl => "crl",
            Self::Certificate => "certificate",
        }
    }
}

/// What bytes of collateral hold.
#[derive(Clone, Debug)]
pub enum Contents {
    /// One piece.
    Piece(Box<Form>),
    /// Several pieces, each with its name in what holds them: a member, a header, or the source that a bundle gives.
    Several(Container, Vec<(String, Form)>),
}

/// What holds several pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// dcap-qvl's JSON, `QuoteCollateralV3`: everything for one platform family.
    Qvl,
    /// Intel's reference structure `sgx_ql_qve_collateral_t` as JSON: everything for one platform family.
    Reference,
    /// A response of Intel's service or of a cache, with its head: one piece and the chain of its signer.
    Response,
    /// Our own bundle: everything for any number of platform families.
    Bundle,
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qvl => "dcap-qvl's JSON",
            Self::Reference => "JSON of Intel's reference structure",
            Self::Response => "HTTP response",
            Self::Bundle => "collateral bundle",
        })
    }
}

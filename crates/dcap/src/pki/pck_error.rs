//! Why a PCK chain proves nothing.

use std::borrow::Cow;

use problem::Problem;

use crate::pki::chain::CertificateError;
use crate::pki::pem::PemError;
use crate::pki::sgx_extension::MalformedSgxExtension;

/// Why a PCK chain proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PckError {
    /// The chain is no PEM.
    #[error("PCK certificate chain cannot be read")]
    Pem(#[from] PemError),
    /// Another number of certificates than leaf, intermediate, root.
    #[error("PCK certificate chain has {0} certificates, not 3")]
    Length(usize),
    /// A certificate may not play its part.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The leaf's SGX extension cannot be used.
    #[error("PCK certificate's SGX extension cannot be used")]
    SgxExtension(#[from] MalformedSgxExtension),
    /// Platform instance id and configuration belong to the Platform CA alone.
    #[error("PCK certificate has a platform instance id where its CA gives none, or the reverse")]
    CaType,
    /// The quote has no chain and none was supplied.
    #[error(
        "quote has certification data of type {0}, which is no PCK certificate chain, and none is supplied beside it"
    )]
    NoChain(u16),
    /// The chain beside the quote is another platform's.
    #[error("PCK certificate chain beside the quote is of another platform: the {0} differs from the quote's")]
    OtherPlatform(&'static str),
}

impl Problem for PckError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Pem(_) => "pck_chain_malformed",
            Self::Length(_) => "pck_chain_length_wrong",
            Self::Certificate(error) => return error.code(),
            Self::SgxExtension(_) => "pck_certificate_sgx_extension_malformed",
            Self::CaType => "pck_certificate_wrong_ca",
            Self::NoChain(_) => "pck_chain_missing",
            Self::OtherPlatform(_) => "pck_chain_of_other_platform",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Certificate(error) => return error.help(),
            Self::NoChain(_) => {
                "fetch the platform's PCK certificate with its issuer chain from Intel's service or your cache, \
                 and supply it beside the quote"
            }
            Self::OtherPlatform(_) => "supply the PCK certificate chain of the machine that made the quote",
            _ => "the chain must be PEM: PCK certificate, its CA, root; obtain the quote again",
        };
        text.into()
    }
}

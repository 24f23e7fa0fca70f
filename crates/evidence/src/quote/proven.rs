//! A quote whose platform is proven, waiting for its collateral.

use abi::open_enclave;
use dcap::{PlatformFamily, ProvenPck, Quote, Tee};

use crate::error::EvidenceError;
use crate::kind::Kind;
use crate::request::{Context, Request};

/// A quote that is well-formed, and whose PCK chain leads to a trusted root. Whether the quote itself is authentic is not known yet.
#[derive(Clone, Debug)]
pub struct ProvenQuote<'a> {
    quote: Quote<'a>,
    pck: ProvenPck,
}

impl<'a> ProvenQuote<'a> {
    /// 1. The bytes are a quote, and of the TEE that the kind is about: the policy of one kind must not judge another.
    /// 2. The platform's chain leads to a trusted root.
    pub(crate) fn prove(request: &Request<'a>, context: &Context<'_>) -> Result<Self, EvidenceError> {
        let bytes = match request.kind {
            Kind::SgxQuote | Kind::TdxQuote => request.body.bytes(),
            Kind::OpenEnclaveReport => open_enclave::quote_in(request.body.bytes())?,
        };
        let quote = Quote::parse(bytes)?;
        match (request.kind.tee(), quote.tee()) {
            (Tee::Sgx, Tee::Tdx) => return Err(EvidenceError::NotAnSgxQuote),
            (Tee::Tdx, Tee::Sgx) => return Err(EvidenceError::NotATdxQuote),
            (Tee::Sgx, Tee::Sgx) | (Tee::Tdx, Tee::Tdx) => {}
        }
        let pck = context.anchors().quotes().prove(&quote, request.certificates, context.at())?;
        Ok(Self { quote, pck })
    }

    /// Returns the quote.
    pub const fn quote(&self) -> &Quote<'a> {
        &self.quote
    }

    /// Returns the platform.
    pub const fn pck(&self) -> &ProvenPck {
        &self.pck
    }

    /// Returns the family that collateral is needed for.
    pub fn family(&self) -> PlatformFamily {
        self.pck.family(self.quote.tee())
    }
}

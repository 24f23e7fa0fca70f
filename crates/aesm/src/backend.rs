//! What answers the requests that need a quoting enclave: one in this process, or another daemon's.

use std::sync::Arc;

use abi::sgx::{QeReportInfo, Report};

use crate::error_code::ErrorCode;
use crate::quoting_enclave::{Initialised, QuoteError, Quoted, QuotingEnclave};
use crate::refusal::Refusal;
use crate::upstream::Upstream;

/// What quotes.
pub enum Backend {
    /// A quoting enclave in this process.
    Enclave(Arc<dyn QuotingEnclave>),
    /// Another daemon's.
    Upstream(Upstream),
}

impl Backend {
    /// Whether it is able to quote.
    pub(crate) async fn check_available(&self, hops: &[Vec<u8>]) -> Result<(), Refusal> {
        let checked = match self {
            Self::Enclave(enclave) => enclave.init().map(drop).map_err(Refusal::from),
            Self::Upstream(upstream) => upstream.check_available(hops).await,
        };
        // Whatever it is that does not work: there is no key to offer.
        checked.map_err(|refusal| Refusal { code: ErrorCode::ServiceUnavailable, ..refusal })
    }

    pub(crate) async fn init(&self, hops: &[Vec<u8>]) -> Result<Initialised, Refusal> {
        match self {
            Self::Enclave(enclave) => Ok(enclave.init()?),
            Self::Upstream(upstream) => upstream.init(hops).await,
        }
    }

    pub(crate) async fn quote_size(&self, hops: &[Vec<u8>]) -> Result<u32, Refusal> {
        match self {
            Self::Enclave(enclave) => Ok(made_ready(&**enclave, || enclave.quote_size())?),
            Self::Upstream(upstream) => upstream.quote_size(hops).await,
        }
    }

    /// `room` is how long the quote may be. One from upstream may have zeros behind it already.
    pub(crate) async fn quote(
        &self,
        report: &Report,
        info: Option<&QeReportInfo>,
        room: u32,
        hops: &[Vec<u8>],
    ) -> Result<Quoted, Refusal> {
        let enclave = match self {
            Self::Enclave(enclave) => &**enclave,
            Self::Upstream(upstream) => return upstream.quote(report, info, room, hops).await,
        };
        // Nothing is signed that cannot be sent.
        let needed = made_ready(enclave, || enclave.quote_size())?;
        if needed > room {
            return Err(Refusal::too_small(room, needed));
        }
        Ok(made_ready(enclave, || enclave.quote(report, info))?)
    }
}

/// Makes the attestation key ready where it is not, which after a restart it need not be: clients of a daemon that was restarted do
/// not have to know it.
fn made_ready<T>(enclave: &dyn QuotingEnclave, ask: impl Fn() -> Result<T, QuoteError>) -> Result<T, QuoteError> {
    match ask() {
        Err(QuoteError::AttKeyNotInitialized(_)) => {
            enclave.init()?;
            ask()
        }
        asked => asked,
    }
}

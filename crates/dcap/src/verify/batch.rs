//! Many quotes at once, on all cores.

use std::borrow::Cow;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

use problem::Problem;

use crate::documents::verified::VerifiedCollateral;
use crate::pki::pck::ProvenPck;
use crate::pki::pck_error::PckError;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::error::QuoteError;
use crate::quote::parse::Quote;
use crate::quote::tee::Tee;
use crate::verify::error::VerifyError;
use crate::verify::verified::VerifiedQuote;
use crate::verify::verifier::Verifier;
use unix_time::UnixTime;

/// Why a quote of a batch is not verified.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It is no quote.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// Its platform is not proven.
    #[error(transparent)]
    Pck(#[from] PckError),
    /// The caller had no collateral for its platform.
    #[error("there is no collateral for {tee} on FMSPC {fmspc}")]
    NoCollateral {
        /// SGX or TDX.
        tee: Tee,
        /// The platform family.
        fmspc: Fmspc,
    },
    /// It is not authentic, or cannot be judged.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl Problem for BatchError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Quote(error) => return error.code(),
            Self::Pck(error) => return error.code(),
            Self::NoCollateral { .. } => "collateral_missing",
            Self::Verify(error) => return error.code(),
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Quote(error) => return error.help(),
            Self::Pck(error) => return error.help(),
            Self::NoCollateral { .. } => "fetch collateral for this platform from Intel's service or your cache",
            Self::Verify(error) => return error.help(),
        };
        text.into()
    }
}

impl Verifier {
    /// Verifies quotes as of `at` on all cores that this process may use. Results come in the order of the quotes; each
    /// is what [`Quote::parse`], [`Verifier::prove`] and [`Verifier::verify`] give, one after the other.
    ///
    /// `collateral` is asked for each proven platform, by several threads at once, and gives what was verified for it.
    pub fn verify_batch<'c>(
        &self,
        quotes: &[&[u8]],
        collateral: impl Fn(&ProvenPck, Tee) -> Option<&'c VerifiedCollateral> + Sync,
        at: UnixTime,
    ) -> Vec<Result<VerifiedQuote, BatchError>> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut results: Vec<Option<Result<VerifiedQuote, BatchError>>> = quotes.iter().map(|_| None).collect();
        // Parts small enough that no core waits long for the last one; each result is written where it belongs.
        let part = quotes.len().div_ceil(cores.saturating_mul(8)).max(1);
        let parts = Mutex::new(quotes.chunks(part).zip(results.chunks_mut(part)));
        let work = || {
            let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some((quotes, results)) = next() {
                for (quote, result) in quotes.iter().zip(results) {
                    *result = Some(self.verify_one(quote, &collateral, at));
                }
            }
        };
        // The caller waits: a scheduler sets new threads on idle cores sooner than it moves one that runs.
        thread::scope(|scope| {
            for _ in 0..quotes.len().min(cores) {
                scope.spawn(work);
            }
        });
        results.into_iter().flatten().collect()
    }

    fn verify_one<'c>(
        &self,
        bytes: &[u8],
        collateral: impl Fn(&ProvenPck, Tee) -> Option<&'c VerifiedCollateral>,
        at: UnixTime,
    ) -> Result<VerifiedQuote, BatchError> {
        let quote = Quote::parse(bytes)?;
        let pck = self.prove(&quote, None, at)?;
        let (tee, fmspc) = (quote.tee(), pck.fmspc());
        let collateral = collateral(&pck, tee).ok_or(BatchError::NoCollateral { tee, fmspc })?;
        Ok(self.verify(&quote, &pck, collateral, at)?)
    }
}

//! Writing down what each check found.

use crate::documents::collateral_error::CollateralError;
use crate::pki::pck_error::PckError;
use crate::quote::error::QuoteError;
use crate::report::finding::{Finding, Outcome};
use crate::verify::error::VerifyError;

/// What a check gave, or the name of the check that did not pass and on which it rests.
pub(crate) type Known<T> = Result<T, &'static str>;

pub(crate) fn known<T>(value: &Known<T>) -> Known<&T> {
    value.as_ref().map_err(|because| *because)
}

/// The findings so far.
#[derive(Default)]
pub(crate) struct Log(Vec<Finding>);

impl Log {
    /// Makes a check, unless what it rests on is not known.
    pub(crate) fn check<T, E: Fault>(
        &mut self,
        check: &'static str,
        run: impl FnOnce() -> Known<Result<T, E>>,
    ) -> Known<T> {
        let (outcome, value) = match run() {
            Ok(Ok(value)) => (Outcome::Passed, Ok(value)),
            Ok(Err(error)) => (error.outcome(), Err(check)),
            Err(because) => (Outcome::Skipped { because }, Err(because)),
        };
        self.0.push(Finding { check, outcome });
        value
    }

    pub(crate) fn findings(self) -> Vec<Finding> {
        self.0
    }
}

/// The errors of verification, which all have a code and help.
pub(crate) trait Fault: std::error::Error {
    fn code_and_help(&self) -> (String, &'static str);

    fn outcome(&self) -> Outcome {
        let (code, help) = self.code_and_help();
        let causes = std::iter::successors(self.source(), |cause| cause.source());
        let message = causes.fold(self.to_string(), |message, cause| format!("{message}: {cause}"));
        Outcome::Failed { code, message, help }
    }
}

impl Fault for QuoteError {
    fn code_and_help(&self) -> (String, &'static str) {
        (self.code().to_owned(), self.help())
    }
}

macro_rules! faults {
    ($($error:ty),+) => {
        $(impl Fault for $error {
            fn code_and_help(&self) -> (String, &'static str) {
                (self.code(), self.help())
            }
        })+
    };
}

faults!(PckError, CollateralError, VerifyError);

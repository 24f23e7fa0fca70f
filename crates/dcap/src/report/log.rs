//! Writing down what each check found.

use problem::Problem;

use crate::report::finding::{Finding, Outcome};

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
    pub(crate) fn check<T, E: Problem>(
        &mut self,
        check: &'static str,
        run: impl FnOnce() -> Known<Result<T, E>>,
    ) -> Known<T> {
        let (outcome, value) = match run() {
            Ok(Ok(value)) => (Outcome::Passed, Ok(value)),
            Ok(Err(error)) => (failed(&error), Err(check)),
            Err(because) => (Outcome::Skipped { because }, Err(because)),
        };
        self.0.push(Finding { check, outcome, status: None });
        value
    }

    pub(crate) fn findings(self) -> Vec<Finding> {
        self.0
    }
}

fn failed(error: &impl Problem) -> Outcome {
    let (code, help) = (error.code().into_owned(), error.help().into_owned());
    Outcome::Failed { code, message: problem::chain(error), help }
}

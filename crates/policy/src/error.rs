//! What is wrong with a text, and why an evaluation ended without a permit.

use std::fmt;

/// Foreign text fit for an error: cut, and without anything that a terminal or a log would obey.
pub(crate) fn shown(text: &str) -> String {
    let escaped = text.chars().take(crate::limits::MAX_OFFENDING).map(|character| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    });
    escaped.collect()
}

/// One mistake in a policy's text, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending text, cut to a bound; unprintable characters are escaped.
    pub offending: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        if !self.offending.is_empty() {
            write!(f, " at `{}`", self.offending)?;
        }
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Every mistake found in a text, at least one, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseErrors(Vec<ParseError>);

impl ParseErrors {
    pub(crate) fn new(errors: Vec<ParseError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The mistakes.
    pub fn iter(&self) -> impl Iterator<Item = &ParseError> {
        self.0.iter()
    }
}

impl fmt::Display for ParseErrors {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseErrors {}

/// Why a policy does not permit. The first two sentences are Azure Attestation's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule denied.
    #[error("A Deny claim was issued, authorization failed.")]
    Denied {
        /// Line of the first rule that did.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// No rule permitted.
    #[error("No Permit claim was issued in the authorizationrules section, authorization failed.")]
    NoPermit,
    /// It could not be evaluated to an end.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// Why an evaluation did not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A rule issues a claim that the service alone speaks for.
    #[error("rule at line {line}, column {column} issues `{name}`, which the service alone speaks for")]
    OwnedName {
        /// The claim's name.
        name: String,
        /// Line of the rule.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// Several values where one is needed.
    #[error("rule at line {line}, column {column} needs one value for `{argument}` and gets {count}")]
    NotOneValue {
        /// Which argument.
        argument: &'static str,
        /// How many there are.
        count: usize,
        /// Line of the rule.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// A value of the wrong kind.
    #[error("rule at line {line}, column {column} gives `{argument}` a value that is no {expected}")]
    WrongKind {
        /// Which argument.
        argument: &'static str,
        /// What it should be.
        expected: String,
        /// Line of the rule.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// More claims than an evaluation may have.
    #[error("policy makes more than {} claims", crate::limits::MAX_CLAIMS)]
    TooManyClaims,
    /// More bytes of claims than an evaluation may have.
    #[error("policy makes more than {} bytes of claims", crate::limits::MAX_CLAIM_BYTES)]
    TooManyBytes,
    /// More steps than an evaluation may take.
    #[error("policy takes more than {} steps", crate::limits::MAX_STEPS)]
    OutOfFuel,
}

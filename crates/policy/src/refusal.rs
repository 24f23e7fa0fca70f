//! Why an evaluation ended without a permit.

use crate::diagnostic::shown;
use crate::fuel::OutOfFuel;
use crate::jmespath::QueryFailure;
use crate::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_STEPS};
use crate::source::Position;
use crate::vocabulary::{Domain, Kind};

/// Why a policy does not permit. The first two sentences are Azure Attestation's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule denied.
    #[error("A Deny claim was issued, authorization failed.")]
    Denied {
        /// Where the first rule stands that did.
        at: Position,
    },
    /// No rule permitted.
    #[error("No Permit claim was issued in the authorizationrules section, authorization failed.")]
    NoPermit,
    /// It could not be evaluated to an end.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

impl Refusal {
    /// Whether the fuel alone was too little.
    pub const fn is_out_of_fuel(&self) -> bool {
        matches!(self, Self::Evaluation(EvaluationError { fault: Fault::OutOfFuel, .. }))
    }
}

/// Why an evaluation did not end, and which rule's doing it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{fault}", self.place())]
pub struct EvaluationError {
    /// Where the rule stands; none where the claims of the evidence alone are too much.
    pub at: Option<Position>,
    /// What is wrong.
    pub fault: Fault,
}

impl EvaluationError {
    fn place(&self) -> String {
        self.at.map(|at| format!("rule at line {}, column {}: ", at.line, at.column)).unwrap_or_default()
    }
}

/// What ends an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A claim is issued that the service alone speaks for.
    #[error("issues `{name}`, which the service alone speaks for")]
    OwnedName {
        /// The claim's name.
        name: String,
    },
    /// A claim of the service is copied into the token that may not be.
    #[error("issues a copy of `{name}`, which rules may read and not issue")]
    ReadOnly {
        /// The claim's name.
        name: String,
    },
    /// Several values, or none, where one is needed.
    #[error("{what} needs one value and gets {count}")]
    NotOneValue {
        /// Which argument.
        what: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A value of the wrong kind.
    #[error("{what} needs {expected} and gets {}", kind.as_str())]
    WrongKind {
        /// Which argument.
        what: &'static str,
        /// What it needs.
        expected: String,
        /// What it gets.
        kind: Kind,
    },
    /// A property that nothing heeds.
    #[error("sets the property `{name}`, which nothing here heeds")]
    UnknownProperty {
        /// Its name.
        name: String,
    },
    /// A property with a value that it cannot have.
    #[error("sets the property `{name}` to {value}; it must be {domain}")]
    PropertyValue {
        /// Its name.
        name: String,
        /// The value, cut to 60 characters.
        value: String,
        /// What it can be.
        domain: Domain,
    },
    /// A text that is no JSON.
    #[error("{what} is no JSON: {message}")]
    Json {
        /// Which argument.
        what: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// JSON that is no value of a claim.
    #[error("JsonToClaimValue gets {found}; claims are text, integers of 64 bits, and booleans")]
    NoClaimValue {
        /// What it is.
        found: &'static str,
    },
    /// A JMESPath query, made while evaluating, that cannot be read.
    #[error("JmesPath's query cannot be read: {message}")]
    QuerySyntax {
        /// What is wrong with it.
        message: String,
    },
    /// A JMESPath query that ended in an error.
    #[error("JmesPath: {0}")]
    Query(QueryFailure),
    /// More claims than an evaluation may have.
    #[error("policy makes more than {MAX_CLAIMS} claims")]
    TooManyClaims,
    /// More bytes of claims, or in one value, than an evaluation may have.
    #[error("policy makes more than {MAX_CLAIM_BYTES} bytes of claims")]
    TooManyBytes,
    /// More steps than an evaluation may take.
    #[error("policy takes more than {MAX_STEPS} steps")]
    OutOfFuel,
}

impl Fault {
    pub(crate) fn owned_name(name: &str) -> Self {
        Self::OwnedName { name: shown(name) }
    }

    pub(crate) fn wrong_kind(what: &'static str, expected: impl Into<String>, kind: Kind) -> Self {
        Self::WrongKind { what, expected: expected.into(), kind }
    }
}

impl From<OutOfFuel> for Fault {
    fn from(_: OutOfFuel) -> Self {
        Self::OutOfFuel
    }
}

impl From<QueryFailure> for Fault {
    fn from(failure: QueryFailure) -> Self {
        match failure {
            QueryFailure::OutOfFuel(_) => Self::OutOfFuel,
            failure => Self::Query(failure),
        }
    }
}

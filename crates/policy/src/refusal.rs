//! Why an evaluation ended without a permit.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use problem::Problem;

use crate::claims::ValueType;
use crate::diagnostic::shown;
use crate::fuel::OutOfFuel;
use crate::jmespath::QueryFailure;
use crate::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_STEPS};
use crate::source::Position;
use crate::vocabulary::Domain;

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
///
/// Its message is the place of the rule, and the fault is its cause; where there is no place it is the fault itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    /// Where the rule stands; none where the claims of the evidence alone are too much.
    pub at: Option<Position>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "rule at line {}, column {}", at.line, at.column),
            None => self.fault.fmt(f),
        }
    }
}

impl Error for EvaluationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if self.at.is_some() { Some(&self.fault) } else { self.fault.source() }
    }
}

impl Problem for Refusal {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Denied { .. } => "policy_denied".into(),
            Self::NoPermit => "policy_did_not_permit".into(),
            Self::Evaluation(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Denied { .. } => "`veritee policy explain` shows which claims the rule matched".into(),
            Self::NoPermit => "`veritee policy explain` shows which claims the rules that permit ask for".into(),
            Self::Evaluation(error) => error.help(),
        }
    }
}

impl Problem for EvaluationError {
    fn code(&self) -> Cow<'static, str> {
        self.fault.code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.fault.help()
    }
}

impl Problem for Fault {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::OwnedName { .. } => "policy_owned_name",
            Self::ReadOnly { .. } => "policy_read_only_claim",
            Self::NotOneValue { .. } => "policy_not_one_value",
            Self::WrongType { .. } => "policy_wrong_type",
            Self::UnknownProperty { .. } => "policy_unknown_property",
            Self::PropertyValue { .. } => "policy_property_value",
            Self::Json { .. } => "policy_json",
            Self::NoClaimValue { .. } => "policy_no_claim_value",
            Self::QuerySyntax { .. } => "policy_query_syntax",
            Self::Query(failure) => return failure.code(),
            Self::TooManyClaims => "policy_too_many_claims",
            Self::TooManyBytes => "policy_too_many_bytes",
            Self::OutOfFuel => "policy_too_many_steps",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::OwnedName { .. } => "issue it under a name of your own",
            Self::ReadOnly { .. } => "issue what you need of it, with JmesPath",
            Self::NotOneValue { .. } => "write a condition that matches exactly one claim",
            Self::WrongType { .. } => "test the claim with valueType before you use its value",
            Self::UnknownProperty { .. } => "`veritee policy lint` names the properties that the section has",
            Self::PropertyValue { .. } => "issue the property with a value that it can have",
            Self::Json { .. } => "pass a claim whose value is JSON",
            Self::NoClaimValue { .. } => "select one text, integer or boolean with JmesPath first",
            Self::QuerySyntax { .. } => {
                "write the query as a literal: then `veritee policy check` shows what is wrong with it"
            }
            Self::Query(failure) => return failure.help(),
            Self::TooManyClaims | Self::TooManyBytes => "make fewer or shorter claims",
            Self::OutOfFuel => "use fewer rules, or conditions that match fewer claims",
        }
        .into()
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
    /// A value of the wrong type.
    #[error("{what} needs {expected} and gets {}", found.as_str())]
    WrongType {
        /// Which argument.
        what: &'static str,
        /// What it needs.
        expected: String,
        /// What it gets.
        found: ValueType,
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
    #[error("JmesPath")]
    Query(#[source] QueryFailure),
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

    pub(crate) fn wrong_type(what: &'static str, expected: impl Into<String>, found: ValueType) -> Self {
        Self::WrongType { what, expected: expected.into(), found }
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

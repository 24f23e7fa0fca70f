//! The attestation policy language: text to [`Policy`]; [`Policy::configure`] before evidence is verified,
//! [`Policy::decide`] after, [`Policy::explain`] for whoever asks why.
//!
//! It decides over claims, which are names with values; what the names mean is for the caller. Nothing here knows of
//! enclaves, HTTP or files: a [`Vocabulary`] says which claims and properties there are. The language is Azure Attestation's,
//! versions 1.0, 1.1 and 1.2; where its documentation is silent, the decision stands at the function that takes it, and in
//! docs/policy-language.md.
//!
//! ```
//! use policy::{Claim, Issuer, Policy, Value, Vocabulary};
//!
//! let policy = Policy::parse(r#"
//!     version=1.0;
//!     authorizationrules { [type=="svn", value>=2] => permit(); };
//!     issuancerules { c:[type=="svn"] => issue(type="version", value=c.value); };
//! "#)?;
//! let svn = |value| [Claim { name: "svn".into(), value: Value::Integer(value), issuer: Issuer::AttestationService }];
//! let vocabulary = Vocabulary::empty();
//! assert_eq!(policy.decide(&svn(3), &vocabulary).unwrap().issued[0].value, Value::Integer(3));
//! assert!(policy.decide(&svn(1), &vocabulary).is_err());
//! # Ok::<(), policy::Diagnostics>(())
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

mod claims;
mod decision;
mod diagnostic;
mod evaluate;
mod examination;
mod format;
mod fuel;
mod function;
mod jmespath;
mod lex;
pub mod limits;
mod lint;
mod owned;
mod parse;
mod permit;
mod print;
mod properties;
mod refusal;
mod similar;
mod source;
pub mod test;
mod trace;
mod tree;
mod vocabulary;

pub use claims::json::{InvalidClaims, claims_from_json};
pub use claims::{Claim, Issuer, Value, ValueType};
pub use decision::Decision;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use examination::{Examination, examine};
pub use format::format;
pub use fuel::{Fuel, OutOfFuel};
pub use jmespath::QueryFailure;
pub use lint::lint;
pub use owned::OwnedNames;
pub use permit::Permit;
pub use properties::Properties;
pub use refusal::{EvaluationError, Fault, Refusal};
pub use source::{Lines, Position, Span};
pub use trace::full::FullExplanation;
pub use trace::{ConditionTrace, Explanation, Near, Outcome, RuleTrace};
pub use tree::{Policy, Section, Version};
pub use vocabulary::{Domain, Form, KnownClaim, KnownProperty, Vocabulary};

//! The attestation policy language: text to [`Policy`]; [`Policy::configure`] before evidence is verified,
//! [`Policy::decide`] after.
//!
//! It decides over claims, which are names with values; what the names mean is for the caller. Nothing here knows of
//! enclaves, HTTP or files. The language is Azure Attestation's, versions 1.0 and 1.1; where its documentation is silent,
//! the decision stands at the function that takes it.
//!
//! ```
//! use policy::{Claim, Issuer, OwnedNames, Policy, Value};
//!
//! let policy = Policy::parse(r#"
//!     version=1.0;
//!     authorizationrules { [type=="svn", value>=2] => permit(); };
//!     issuancerules { c:[type=="svn"] => issue(type="version", value=c.value); };
//! "#)?;
//! let svn = |value| [Claim { name: "svn".into(), value: Value::Integer(value), issuer: Issuer::AttestationService }];
//! let owned = OwnedNames::new(&["iss"], &[]);
//! assert_eq!(policy.decide(&svn(3), &owned).unwrap().issued[0].value, Value::Integer(3));
//! assert!(policy.decide(&svn(1), &owned).is_err());
//! # Ok::<(), policy::ParseErrors>(())
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
mod error;
mod evaluate;
mod lex;
pub mod limits;
mod owned;
mod parse;
mod properties;
mod tree;

pub use claims::{Claim, Issuer, Value};
pub use error::{EvaluationError, ParseError, ParseErrors, Refusal};
pub use evaluate::Permit;
pub use owned::OwnedNames;
pub use properties::Properties;
pub use tree::{Policy, Version};

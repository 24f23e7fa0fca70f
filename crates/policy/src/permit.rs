//! A policy's word for yes.

use crate::claims::Claim;
use crate::properties::Properties;

/// A policy's word for yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// The claims it issued, in order; none has a name that the vocabulary owns.
    pub issued: Vec<Claim>,
    /// The properties of the issuance rules: those that it set, and the defaults of the others.
    pub properties: Properties,
}

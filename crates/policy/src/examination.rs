//! Everything that a check of a text finds, for programs and for people.

use serde::{Serialize, Serializer};

use crate::diagnostic::{Diagnostics, Severity};
use crate::tree::{Policy, Version};
use crate::vocabulary::Vocabulary;

/// What a text is and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// The version of the language; none where the text is not a policy.
    pub version: Option<Version>,
    /// The number of rules; none where the text is not a policy.
    pub rules: Option<usize>,
    /// The number of errors.
    pub errors: usize,
    /// The number of warnings.
    pub warnings: usize,
    /// Each error and warning, in the order of the text.
    pub diagnostics: Diagnostics,
}

/// Checks a text: the mistakes of one that is not a policy, or the errors and warnings of one that is.
pub fn examine(text: &str, vocabulary: &Vocabulary) -> Examination {
    let (policy, diagnostics) = match Policy::parse(text) {
        Ok(policy) => {
            let diagnostics = policy.lint(vocabulary);
            (Some(policy), diagnostics)
        }
        Err(mistakes) => (None, mistakes),
    };
    Examination {
        version: policy.as_ref().map(Policy::version),
        rules: policy.as_ref().map(|policy| policy.rule_spans().count()),
        errors: diagnostics.count(Severity::Error),
        warnings: diagnostics.count(Severity::Warning),
        diagnostics,
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

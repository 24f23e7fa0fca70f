//! What several commands take: the text of a policy, and an attestation type.

use std::path::Path;

use attestation::PolicyType;
use policy::Vocabulary;

use crate::failure::{self, Failure};

/// Reads a file that has to be text, of at most `limit` bytes; `-` is standard input.
pub fn read_text(path: &Path, limit: usize) -> Result<String, Failure> {
    let bytes = failure::read_file(path, limit as u64)?;
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("`{}` is not UTF-8 text: {}", path.display(), error.utf8_error());
        Failure::verdict("not_text", message, "pass a policy or a policy JWS; both are text in UTF-8")
    })
}

/// Reads a policy's text. One that is too long for a policy is read too, so that it is told what it is.
pub fn read_policy(path: &Path) -> Result<String, Failure> {
    read_text(path, policy::limits::MAX_TEXT * 4)
}

/// Reads an attestation type.
pub fn parse_type(name: &str) -> Result<PolicyType, String> {
    PolicyType::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = PolicyType::ALL.iter().map(|known| known.as_str()).collect();
        format!("choose from {}", names.join(", "))
    })
}

/// What a policy of that type speaks about; of any type, where it is not said.
pub fn vocabulary(policy_type: Option<PolicyType>) -> Vocabulary {
    policy_type.map_or_else(PolicyType::every_vocabulary, PolicyType::vocabulary)
}

//! A policy JWS in whichever way it is handed over.

use attestation::policy_jws::PolicyJws;

use crate::failure::Failure;

/// Whether a text is meant to be a compact JWS: base64 of what begins with `{`, and a dot. No policy's text looks so.
pub fn is_meant(text: &str) -> bool {
    (text.starts_with("ey") || text.starts_with("ew")) && text.contains('.') && !text.contains(char::is_whitespace)
}

/// The JWS itself: without white space around it, and without the quotes and escapes of JSON.
pub fn bare(text: &str) -> String {
    let text = text.trim();
    let quoted = if text.starts_with('"') { serde_json::from_str(text).ok() } else { None };
    quoted.unwrap_or_else(|| text.to_owned())
}

/// Reads a bare JWS; what it says against itself is a verdict.
pub fn read(jws: &str) -> Result<PolicyJws, Failure> {
    PolicyJws::read(jws).map_err(|error| Failure::of_verdict(&error))
}

#[cfg(test)]
mod tests {
    use super::{bare, is_meant};

    #[test]
    fn policies_and_file_names_are_not_taken_for_a_jws() {
        for jws in ["eyJhbGciOiJub25lIn0..", "eyJhbGciOiJub25lIn0.", "ewogImFsZyI6Im5vbmUifQ.."] {
            assert!(is_meant(jws), "{jws}");
        }
        for other in ["", "policy.jws", "version=1.0;authorizationrules{};", "eyJhbGciOiJub25lIn0", "ey. ."] {
            assert!(!is_meant(other), "{other}");
        }
    }

    #[test]
    fn quotes_of_json_are_taken_off_and_others_stay() {
        assert_eq!(bare(" \"a.b.\\u0063\"\n"), "a.b.c");
        assert_eq!(bare("a.b.c\r\n"), "a.b.c");
        assert_eq!(bare("\"a.b.c"), "\"a.b.c");
    }
}

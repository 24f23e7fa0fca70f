//! What of a stranger's text an error message may repeat.

/// The first 200 characters of `text`, safe for terminals and logs.
pub(crate) fn excerpt(text: &str) -> String {
    problem::untrusted::excerpt(text, 200)
}

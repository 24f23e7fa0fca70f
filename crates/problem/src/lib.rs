//! The error contract of Veritee: stable codes, help, cause chains, and one sanitizer of untrusted text.
//!
//! An error that is shown to people implements [`Problem`]. Its `Display` prints its own layer only; [`chain`] prints the causes
//! after it. Whatever may contain text of other people passes [`untrusted`] on its way to a terminal or a log.

pub mod untrusted;

use std::borrow::Cow;
use std::error::Error;

/// An error with a stable code and a way out.
pub trait Problem: Error {
    /// A stable name for programs, in snake_case.
    fn code(&self) -> Cow<'static, str>;

    /// One sentence that says what to do about this very error; empty if there is nothing to do.
    fn help(&self) -> Cow<'_, str>;
}

/// Returns the message of an error followed by those of its causes, outermost first, separated by colons.
///
/// A cause that the message before it already ends with is not repeated: transparent layers print the message of their cause.
///
/// ```
/// let cause = std::io::Error::other("disk is full");
/// assert_eq!(problem::chain(&cause), "disk is full");
/// ```
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as &(dyn Error + 'static))
        }
    }

    #[test]
    fn causes_follow_their_effect_and_transparent_layers_are_printed_once() {
        let layer = |message, cause| Layer(message, Some(Box::new(cause)));
        let error =
            layer("cannot start", layer("cannot read `key`", layer("cannot read `key`", Layer("denied", None))));
        assert_eq!(chain(&error), "cannot start: cannot read `key`: denied");
    }
}

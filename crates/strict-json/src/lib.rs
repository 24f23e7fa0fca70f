//! Reads JSON from strangers: no duplicate members, bounded depth.
//!
//! `serde_json` keeps the last of two members of one name where another reader keeps the first, so two programs can read
//! one signed text differently. [`check`] refuses such texts, and [`from_slice`] reads nothing that `check` refuses.
//! This is not a parser: the grammar (RFC 8259) is `serde_json`'s.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! struct Point { x: i32 }
//!
//! let point: Point = strict_json::from_slice(br#"{"x": 1}"#, 4)?;
//! assert_eq!(point.x, 1);
//! assert!(strict_json::from_slice::<Point>(br#"{"x": 1, "\u0078": 2}"#, 4).is_err());
//! # Ok::<(), strict_json::Error>(())
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

mod scan;

use std::borrow::Cow;

use problem::Problem;
use serde::Deserialize;

/// The deepest nesting that can be asked for, in arrays and objects; a larger `max_depth` means this one.
///
/// `serde_json` stops by itself at the 128th level; ours comes first, so that its error is always [`Error::TooDeep`].
pub const MAX_DEPTH: usize = 126;

/// The longest part of a member name, in characters, that an [`Error`] repeats.
pub const MAX_REPORTED_NAME: usize = 64;

/// Why a text was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object has two members of the same name, compared after escapes are resolved.
    #[error("JSON has the member `{}` twice in one object", problem::untrusted::one_line(name))]
    Duplicate {
        /// The name, cut to [`MAX_REPORTED_NAME`] characters.
        name: String,
    },
    /// Arrays and objects are nested deeper than allowed.
    #[error("JSON is nested deeper than {max_depth} levels")]
    TooDeep {
        /// The depth that was allowed; `[]` has depth 1, a number 0.
        max_depth: usize,
    },
    /// No JSON, no UTF-8, or something follows the value.
    #[error("invalid JSON at line {line}, column {column}")]
    Syntax {
        /// Line, counted from 1.
        line: usize,
        /// Column in bytes, as `serde_json` counts it.
        column: usize,
        /// What `serde_json` says about it.
        source: serde_json::Error,
    },
    /// Well-formed, but not the value that was asked for: a member is missing or of another type.
    #[error("JSON has not the expected content")]
    Content(#[source] serde_json::Error),
}

impl Problem for Error {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Duplicate { .. } => "json_duplicate_member",
            Self::TooDeep { .. } => "json_too_deep",
            Self::Syntax { .. } => "json_syntax",
            Self::Content(_) => "json_content",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Duplicate { .. } => "give each member of an object its own name",
            Self::TooDeep { .. } => "flatten the document",
            Self::Syntax { .. } => "send one JSON value in UTF-8 and nothing after it",
            Self::Content(_) => "compare the members and their types with the documentation",
        };
        text.into()
    }
}

/// Checks that `bytes` is one JSON value without duplicate members, nested no deeper than `max_depth` arrays and objects.
///
/// Names are compared exactly, after escapes are resolved; in memory this takes no more than the text itself, and
/// recursion ends at `max_depth` or [`MAX_DEPTH`].
///
/// # Errors
/// [`Error::Duplicate`], [`Error::TooDeep`] or [`Error::Syntax`], whichever comes first in the text.
pub fn check(bytes: &[u8], max_depth: usize) -> Result<(), Error> {
    scan::scan(bytes, max_depth.min(MAX_DEPTH))
}

/// Reads a `T` from `bytes` after [`check`]; `T` may borrow from `bytes` (`&str`, `&RawValue`).
///
/// # Errors
/// Those of [`check`], and [`Error::Content`] when the text is no `T`.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8], max_depth: usize) -> Result<T, Error> {
    check(bytes, max_depth)?;
    // As in the scan: from text, so that not every string is looked through for UTF-8 by itself.
    let read = match str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    };
    read.map_err(Error::Content)
}

//! Parts of evidence that may be damaged.

use serde::Serialize;

/// Something that is described, or why it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Readable<T> {
    /// Its description.
    Read(T),
    /// It cannot be read.
    Unreadable {
        /// Why.
        unreadable: String,
    },
}

impl<T> Readable<T> {
    pub(crate) fn of<E: std::error::Error>(read: Result<T, E>) -> Self {
        match read {
            Ok(read) => Self::Read(read),
            Err(error) => Self::Unreadable { unreadable: problem::chain(&error) },
        }
    }
}

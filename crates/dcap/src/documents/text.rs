//! Text within JSON.

use std::borrow::Cow;

use serde::Deserialize;

/// A string, borrowed where it is written without escapes. (By itself, serde copies a `Cow`.)
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads a member that may be absent, and is not `null` where it is there. Goes with `#[serde(default)]`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

//! Text within JSON.

use std::borrow::Cow;

use serde::Deserialize;

/// A string, borrowed where it is written without escapes. (By itself, serde copies a `Cow`.)
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

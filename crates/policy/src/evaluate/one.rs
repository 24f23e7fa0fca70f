//! Sets of which one value is asked.

use crate::claims::Value;
use crate::refusal::Fault;
use crate::vocabulary::Kind;

/// The one value of a set.
pub(super) fn one<'v>(values: &'v [Value], what: &'static str) -> Result<&'v Value, Fault> {
    match values {
        [value] => Ok(value),
        _ => Err(Fault::NotOneValue { what, count: values.len() }),
    }
}

/// The one text of a set.
pub(super) fn one_text<'v>(values: &'v [Value], what: &'static str) -> Result<&'v str, Fault> {
    match one(values, what)? {
        Value::String(text) => Ok(text),
        value => Err(Fault::wrong_kind(what, "a String", Kind::of(value))),
    }
}

/// The one text of a set, which has to have something in it.
pub(super) fn one_text_with_content<'v>(values: &'v [Value], what: &'static str) -> Result<&'v str, Fault> {
    let text = one_text(values, what)?;
    if text.is_empty() { Err(Fault::wrong_kind(what, "a text with something in it", Kind::String)) } else { Ok(text) }
}

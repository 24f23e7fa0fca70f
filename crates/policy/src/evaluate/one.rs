//! Sets of which one value is asked.

use crate::claims::{Value, ValueType};
use crate::refusal::Fault;

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
        value => Err(Fault::wrong_type(what, "a String", value.value_type())),
    }
}

/// The one text of a set, which has to have something in it.
pub(super) fn one_text_with_content<'v>(values: &'v [Value], what: &'static str) -> Result<&'v str, Fault> {
    let text = one_text(values, what)?;
    if text.is_empty() {
        Err(Fault::wrong_type(what, "a text with something in it", ValueType::String))
    } else {
        Ok(text)
    }
}

//! What the functions of version 1.2 do.

use super::one::{one, one_text, one_text_with_content};
use crate::claims::Value;
use crate::diagnostic::shown;
use crate::fuel::Fuel;
use crate::function::Function;
use crate::jmespath::{Json, Query, Unread};
use crate::limits::MAX_CLAIM_BYTES;
use crate::refusal::Fault;

/// Steps for reading a byte of a query: most bytes can be a token, with a node of its own.
const QUERY_BYTE: usize = 24;

/// `query` is that of a JmesPath, where it stands in the policy's text.
pub(super) fn call(
    function: Function,
    query: Option<&Query>,
    arguments: &[Vec<Value>],
    fuel: &mut Fuel,
) -> Result<Vec<Value>, Fault> {
    let argument = |number: usize| arguments.get(number).map(Vec::as_slice).unwrap_or_default();
    let (first, second) = (argument(0), argument(1));
    match function {
        Function::JmesPath => jmes_path(first, second, query, fuel).map(|text| vec![Value::String(text)]),
        Function::JsonToClaimValue => json_to_claim_value(first, fuel),
        Function::IsSubsetOf => is_subset_of(first, second, fuel).map(|is| vec![Value::Boolean(is)]),
        Function::AppendString => append_string(first, second, fuel).map(|text| vec![Value::String(text)]),
        Function::NegateBool => negate_bool(first).map(|negated| vec![Value::Boolean(negated)]),
        Function::ContainsOnlyValue => contains_only_value(first, second, fuel).map(|does| vec![Value::Boolean(does)]),
    }
}

/// The result as JSON text: a text within its quotes, nothing found as `null`.
fn jmes_path(json: &[Value], query: &[Value], parsed: Option<&Query>, fuel: &mut Fuel) -> Result<String, Fault> {
    let json = one_text_with_content(json, "JmesPath's JSON")?;
    let text = one_text_with_content(query, "JmesPath's query")?;
    let document = read_json("JmesPath's JSON", json, fuel)?;
    let read;
    let query = match parsed {
        Some(parsed) => parsed,
        None => {
            fuel.spend(text.len().saturating_mul(QUERY_BYTE))?;
            read = Query::parse(text).map_err(|error| Fault::QuerySyntax { message: shown(&error.message) })?;
            &read
        }
    };
    let result = query.evaluate(&document, fuel).map_err(Fault::from)?;
    result.write(MAX_CLAIM_BYTES, fuel).map_err(Fault::from)
}

/// A scalar as one value, an array of scalars as a set, `null` as no value. A single word that is no JSON is a text.
fn json_to_claim_value(json: &[Value], fuel: &mut Fuel) -> Result<Vec<Value>, Fault> {
    const WHAT: &str = "JsonToClaimValue's JSON";
    let text = one_text(json, WHAT)?;
    fuel.read(text.len())?;
    if is_bare_word(text) {
        fuel.copy(text.len())?;
        return Ok(vec![Value::String(text.to_owned())]);
    }
    let scalars = match read_json(WHAT, text, fuel)? {
        Json::Array(elements) => {
            fuel.allocate(2)?;
            for element in elements.iter() {
                fuel.copy(if let Json::String(text) = element { text.len() } else { 0 })?;
            }
            elements.iter().map(scalar).collect::<Result<Vec<_>, _>>()?
        }
        json => {
            fuel.copy(if let Json::String(text) = &json { text.len() } else { 0 })?;
            vec![scalar(&json)?]
        }
    };
    Ok(scalars.into_iter().flatten().collect())
}

fn scalar(json: &Json) -> Result<Option<Value>, Fault> {
    match json {
        Json::Null => Ok(None),
        Json::Boolean(truth) => Ok(Some(Value::Boolean(*truth))),
        Json::String(text) => Ok(Some(Value::String(text.to_string()))),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Ok(Some(Value::Integer(integer))),
            None => Err(Fault::NoClaimValue { found: "a number that is no integer of 64 bits" }),
        },
        Json::Array(_) => Err(Fault::NoClaimValue { found: "an array within an array" }),
        Json::Object(_) => Err(Fault::NoClaimValue { found: "an object" }),
    }
}

/// Such as `abc`, which is documented to be taken as text. The three words of JSON are what JSON says.
fn is_bare_word(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    text.bytes().next().is_some_and(is_letter)
        && text.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit() || byte == b'-' || byte == b'.')
        && !matches!(text, "true" | "false" | "null")
}

/// Whether every value of the first set is in the second; the empty set is in every set.
fn is_subset_of(subset: &[Value], superset: &[Value], fuel: &mut Fuel) -> Result<bool, Fault> {
    for value in subset {
        if !contains(superset, value, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains(set: &[Value], value: &Value, fuel: &mut Fuel) -> Result<bool, Fault> {
    for element in set {
        fuel.compare(value.bytes().min(element.bytes()))?;
        if element == value {
            return Ok(true);
        }
    }
    Ok(false)
}

fn append_string(first: &[Value], second: &[Value], fuel: &mut Fuel) -> Result<String, Fault> {
    let first = one_text(first, "AppendString's first text")?;
    let second = one_text(second, "AppendString's second text")?;
    fuel.copy(first.len().saturating_add(second.len()))?;
    Ok([first, second].concat())
}

fn negate_bool(boolean: &[Value]) -> Result<bool, Fault> {
    const WHAT: &str = "NegateBool's argument";
    match one(boolean, WHAT)? {
        Value::Boolean(truth) => Ok(!truth),
        value => Err(Fault::wrong_type(WHAT, "a Boolean", value.value_type())),
    }
}

/// Whether the set has something in it, and nothing but that value.
fn contains_only_value(set: &[Value], value: &[Value], fuel: &mut Fuel) -> Result<bool, Fault> {
    let value = one(value, "ContainsOnlyValue's value")?;
    for element in set {
        fuel.compare(value.bytes().min(element.bytes()))?;
        if element != value {
            return Ok(false);
        }
    }
    Ok(!set.is_empty())
}

fn read_json(what: &'static str, text: &str, fuel: &mut Fuel) -> Result<Json, Fault> {
    Json::read(text, fuel).map_err(|error| match error {
        Unread::OutOfFuel(_) => Fault::OutOfFuel,
        Unread::Syntax(error) => Fault::Json { what, message: shown(&error.to_string()) },
    })
}

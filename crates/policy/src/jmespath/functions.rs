//! What the functions do.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Number;

use super::call::{Argument, Call};
use super::evaluation::{Evaluation, QueryFailure};
use super::function::Function;
use super::tree::Node;
use super::{Json, number};
use crate::fuel::{comparison, rounds};
use crate::limits::MAX_CLAIM_BYTES;

/// Steps for a byte whose case is folded.
const FOLDED: usize = 3;
/// Steps for a text that is joined to others, besides its bytes.
const JOINED: usize = 2;

/// Calls a function; every argument but an `&expression` is evaluated first, from left to right.
pub(super) fn call(
    function: Function,
    arguments: &[Node],
    current: &Json,
    evaluation: &mut Evaluation<'_>,
) -> Result<Json, QueryFailure> {
    evaluation.fuel.allocate(1)?;
    let mut values = Vec::with_capacity(arguments.len());
    let mut reference = None;
    for argument in arguments {
        if let Node::Reference(node) = argument {
            reference = Some(&**node);
        }
        values.push(Argument {
            json: evaluation.node(argument, current)?,
            is_reference: matches!(argument, Node::Reference(_)),
        });
    }
    Call { function, arguments: &values, reference, evaluation }.result()
}

impl<'a> Call<'a, '_> {
    fn result(&mut self) -> Result<Json, QueryFailure> {
        match self.function {
            Function::Abs => self.finite(number::absolute(self.number(0)?)),
            Function::Ceil => self.finite(number::rounded(self.number(0)?, f64::ceil)),
            Function::Floor => self.finite(number::rounded(self.number(0)?, f64::floor)),
            Function::Sum => {
                let numbers = self.numbers(0)?;
                self.evaluation.fuel.spend(numbers.len())?;
                let sum = number::sum(&numbers);
                self.finite(sum)
            }
            Function::Avg => self.average(),
            Function::Contains => self.contains(),
            Function::StartsWith => self.has_part(str::starts_with),
            Function::EndsWith => self.has_part(str::ends_with),
            Function::EqualsIgnoreCase => self.equals_ignore_case(),
            Function::Join => self.join(),
            Function::Keys => {
                let members = self.object(0)?;
                self.evaluation.fuel.allocate(2)?;
                self.evaluation.make(members.len())?;
                Ok(Json::array(members.keys().map(|name| Json::String(Arc::clone(name))).collect()))
            }
            Function::Values => {
                let members = self.object(0)?;
                self.evaluation.fuel.allocate(2)?;
                self.evaluation.make(members.len())?;
                Ok(Json::array(members.values().cloned().collect()))
            }
            Function::Length => self.length(),
            Function::Map => self.map(),
            Function::Max => self.extreme(Ordering::Greater),
            Function::Min => self.extreme(Ordering::Less),
            Function::MaxBy => self.extreme_by(Ordering::Greater),
            Function::MinBy => self.extreme_by(Ordering::Less),
            Function::Merge => self.merge(),
            Function::NotNull => {
                let first = self.arguments.iter().find(|argument| argument.json != Json::Null);
                Ok(first.map_or(Json::Null, |argument| argument.json.clone()))
            }
            Function::Reverse => self.reverse(),
            Function::Sort => self.sort(),
            Function::SortBy => self.sort_by(),
            Function::ToArray => match self.value(0)? {
                array @ Json::Array(_) => Ok(array.clone()),
                other => {
                    self.evaluation.fuel.allocate(2)?;
                    Ok(Json::array(vec![other.clone()]))
                }
            },
            Function::ToNumber => self.number_in_text(),
            Function::ToString => match self.value(0)? {
                text @ Json::String(_) => Ok(text.clone()),
                other => {
                    let text = other.write(MAX_CLAIM_BYTES, self.evaluation.fuel)?;
                    self.evaluation.made_text(text)
                }
            },
            Function::Type => {
                self.evaluation.fuel.allocate(1)?;
                Ok(Json::string(self.value(0)?.type_name()))
            }
        }
    }

    fn has_part(&mut self, has: fn(&'a str, &'a str) -> bool) -> Result<Json, QueryFailure> {
        let (whole, part) = (self.string(0)?, self.string(1)?);
        self.evaluation.fuel.compare(whole.len().min(part.len()))?;
        Ok(Json::Boolean(has(whole, part)))
    }

    /// A text that is a number and nothing else.
    fn number_in_text(&mut self) -> Result<Json, QueryFailure> {
        match self.value(0)? {
            number @ Json::Number(_) => Ok(number.clone()),
            Json::String(text) => {
                self.evaluation.fuel.read(text.len())?;
                self.evaluation.fuel.allocate(1)?;
                let text = text.trim_matches([' ', '\t', '\n', '\r']);
                // Nothing but a number is read: what is another kind of JSON is refused at its first byte.
                let number = text.parse::<Number>().ok().and_then(|number| number::normal(&number));
                Ok(number.unwrap_or(Json::Null))
            }
            _ => Ok(Json::Null),
        }
    }

    fn average(&mut self) -> Result<Json, QueryFailure> {
        let numbers = self.numbers(0)?;
        self.evaluation.fuel.spend(numbers.len())?;
        if numbers.is_empty() {
            return Ok(Json::Null);
        }
        let sum: f64 = numbers.iter().map(|number| number::float(number)).sum();
        // A count beyond 2^53 cannot be held in memory.
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let count = numbers.len() as f64;
        self.finite(number::of_float(sum / count))
    }

    fn contains(&mut self) -> Result<Json, QueryFailure> {
        let (whole, wanted) = (self.value(0)?, self.value(1)?);
        match whole {
            Json::Array(elements) => {
                for element in elements.iter() {
                    if self.evaluation.equal(element, wanted)? {
                        return Ok(Json::Boolean(true));
                    }
                }
                Ok(Json::Boolean(false))
            }
            Json::String(text) => {
                let Json::String(part) = wanted else { return Ok(Json::Boolean(false)) };
                // The search looks at the part too, before it begins.
                self.evaluation.fuel.read(text.len().saturating_add(part.len()).saturating_mul(2))?;
                Ok(Json::Boolean(text.contains(&**part)))
            }
            other => Err(self.wrong("an array or a string", other)),
        }
    }

    fn equals_ignore_case(&mut self) -> Result<Json, QueryFailure> {
        let (left, right) = (self.string(0)?, self.string(1)?);
        // It ends where the shorter one does; each byte is at most one letter when it is folded.
        self.evaluation.fuel.spend(left.len().min(right.len()).saturating_mul(FOLDED).saturating_add(1))?;
        let lower = |text: &'a str| text.chars().flat_map(char::to_lowercase);
        Ok(Json::Boolean(lower(left).eq(lower(right))))
    }

    fn join(&mut self) -> Result<Json, QueryFailure> {
        let separator = self.string(0)?;
        let strings = self.strings(1)?;
        self.evaluation.fuel.spend(strings.len().saturating_mul(JOINED))?;
        let bytes = strings.iter().map(|text| text.len().saturating_add(separator.len()));
        let bytes = bytes.fold(0, usize::saturating_add);
        if bytes > MAX_CLAIM_BYTES {
            return Err(QueryFailure::TooLarge);
        }
        self.evaluation.fuel.copy(bytes)?;
        self.evaluation.made_text(strings.join(separator))
    }

    fn length(&mut self) -> Result<Json, QueryFailure> {
        let length = match self.value(0)? {
            Json::String(text) => {
                self.evaluation.fuel.compare(text.len())?;
                text.chars().count()
            }
            Json::Array(elements) => elements.len(),
            Json::Object(members) => members.len(),
            other => return Err(self.wrong("a string, an array or an object", other)),
        };
        Ok(Json::Number(length.into()))
    }

    fn map(&mut self) -> Result<Json, QueryFailure> {
        let (node, elements) = (self.reference(0)?, self.array(1)?);
        self.evaluation.fuel.allocate(2)?;
        self.evaluation.make(elements.len())?;
        let mapped: Result<Vec<Json>, _> = elements.iter().map(|element| self.evaluation.node(node, element)).collect();
        mapped.map(Json::array)
    }

    fn merge(&mut self) -> Result<Json, QueryFailure> {
        let mut merged = BTreeMap::new();
        for number in 0..self.arguments.len() {
            let members = self.object(number)?;
            self.evaluation.make(members.len())?;
            for name in members.keys() {
                self.evaluation.fuel.allocate(1)?;
                self.evaluation.fuel.look_up(name.len(), merged.len().saturating_add(members.len()))?;
            }
            merged.extend(members.iter().map(|(name, value)| (Arc::clone(name), value.clone())));
        }
        Ok(Json::Object(Arc::new(merged)))
    }

    fn reverse(&mut self) -> Result<Json, QueryFailure> {
        match self.value(0)? {
            Json::String(text) => {
                self.evaluation.fuel.read(text.len().saturating_mul(2))?;
                self.evaluation.made_text(text.chars().rev().collect())
            }
            Json::Array(elements) => {
                self.evaluation.fuel.allocate(2)?;
                self.evaluation.make(elements.len())?;
                Ok(Json::array(elements.iter().rev().cloned().collect()))
            }
            other => Err(self.wrong("a string or an array", other)),
        }
    }

    fn extreme(&mut self, wanted: Ordering) -> Result<Json, QueryFailure> {
        let elements = self.array(0)?;
        self.check_keys(elements, "an array of numbers, or of strings")?;
        Ok(extreme(elements, wanted).and_then(|place| elements.get(place)).cloned().unwrap_or(Json::Null))
    }

    fn extreme_by(&mut self, wanted: Ordering) -> Result<Json, QueryFailure> {
        let elements = self.array(0)?;
        let keys = self.keys_by(elements)?;
        self.evaluation.fuel.spend(keys.len().saturating_mul(2))?;
        Ok(extreme(&keys, wanted).and_then(|place| elements.get(place)).cloned().unwrap_or(Json::Null))
    }

    fn sort(&mut self) -> Result<Json, QueryFailure> {
        let elements = self.array(0)?;
        self.check_keys(elements, "an array of numbers, or of strings")?;
        self.sorted(elements, elements)
    }

    fn sort_by(&mut self) -> Result<Json, QueryFailure> {
        let elements = self.array(0)?;
        let keys = self.keys_by(elements)?;
        self.sorted(elements, &keys)
    }

    fn sorted(&mut self, elements: &[Json], keys: &[Json]) -> Result<Json, QueryFailure> {
        self.evaluation.fuel.allocate(4)?;
        self.evaluation.make(elements.len())?;
        let rounds = rounds(elements.len());
        for key in keys {
            self.evaluation.fuel.spend(weight(key).saturating_mul(rounds))?;
        }
        let mut places: Vec<(&Json, &Json)> = keys.iter().zip(elements).collect();
        places.sort_by(|(a, _), (b, _)| order(a, b));
        Ok(Json::array(places.into_iter().map(|(_, element)| element.clone()).collect()))
    }

    /// What `&expression` gives for each element.
    fn keys_by(&mut self, elements: &[Json]) -> Result<Vec<Json>, QueryFailure> {
        let node = self.reference(1)?;
        self.evaluation.fuel.allocate(1)?;
        let keys: Result<Vec<Json>, _> = elements.iter().map(|element| self.evaluation.node(node, element)).collect();
        let keys = keys?;
        self.check_keys(&keys, "an expression that gives numbers, or strings")?;
        Ok(keys)
    }

    /// Only numbers with numbers, and strings with strings, have an order.
    fn check_keys(&mut self, keys: &[Json], expected: &'static str) -> Result<(), QueryFailure> {
        for key in keys {
            self.evaluation.fuel.spend(weight(key))?;
            let is_like_first = keys.first().is_some_and(|first| first.type_name() == key.type_name());
            if !is_like_first || !matches!(key, Json::Number(_) | Json::String(_)) {
                return Err(self.wrong(expected, key));
            }
        }
        Ok(())
    }
}

/// The steps of a comparison with it.
fn weight(key: &Json) -> usize {
    match key {
        Json::String(text) => comparison(text.len()).saturating_mul(2),
        _ => 2,
    }
}

/// The place of the first key that is before (or after) all others.
fn extreme(keys: &[Json], wanted: Ordering) -> Option<usize> {
    let mut best: Option<(usize, &Json)> = None;
    for (place, key) in keys.iter().enumerate() {
        if best.is_none_or(|(_, best)| order(key, best) == wanted) {
            best = Some((place, key));
        }
    }
    best.map(|(place, _)| place)
}

fn order(a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => number::compare(a, b),
        (Json::String(a), Json::String(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

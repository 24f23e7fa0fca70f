//! JSON values, shared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::fuel::{Fuel, OutOfFuel};
use crate::limits::MAX_JSON_NODES;

/// Steps for a value in a document: read, moved into its array or object, released.
const VALUE: usize = 6;
/// Steps for an escape in a text, besides its bytes.
const ESCAPE: usize = 2;

/// A value; a clone of it is the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    Number(Number),
    String(Arc<str>),
    Array(Arc<[Self]>),
    /// By name.
    Object(Arc<BTreeMap<Arc<str>, Self>>),
}

impl Json {
    /// Reads a literal of a query, whose length is bounded.
    pub(crate) fn parse(text: &str) -> Result<Self, Unread> {
        Self::read(text, &mut Fuel::full())
    }

    /// Reads a document. Members that are there twice are refused, as are more than [`MAX_JSON_NODES`] values, and more than
    /// 128 levels.
    pub(crate) fn read(text: &str, fuel: &mut Fuel) -> Result<Self, Unread> {
        fuel.read(text.len())?;
        let escapes = text.bytes().filter(|byte| *byte == b'\\').count();
        fuel.spend(escapes.saturating_mul(ESCAPE))?;
        let mut reader = Reader { nodes_left: MAX_JSON_NODES, fuel, is_out_of_fuel: false };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let json = Value(&mut reader).deserialize(&mut deserializer);
        if reader.is_out_of_fuel {
            return Err(Unread::OutOfFuel(OutOfFuel));
        }
        let json = json?;
        deserializer.end()?;
        Ok(json)
    }

    pub(crate) fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn array(elements: Vec<Self>) -> Self {
        Self::Array(elements.into())
    }

    /// What JMESPath calls its type.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Everything but `false`, `null`, and what is empty.
    pub(crate) fn is_truth(&self) -> bool {
        match self {
            Self::Null | Self::Boolean(false) => false,
            Self::Boolean(true) | Self::Number(_) => true,
            Self::String(text) => !text.is_empty(),
            Self::Array(elements) => !elements.is_empty(),
            Self::Object(members) => !members.is_empty(),
        }
    }
}

/// Why a document is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error(transparent)]
    OutOfFuel(#[from] OutOfFuel),
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
}

/// What is left for the rest of a document.
struct Reader<'f> {
    nodes_left: usize,
    fuel: &'f mut Fuel,
    is_out_of_fuel: bool,
}

impl Reader<'_> {
    fn node<E: de::Error>(&mut self) -> Result<(), E> {
        self.nodes_left = self
            .nodes_left
            .checked_sub(1)
            .ok_or_else(|| E::custom(format_args!("more than {MAX_JSON_NODES} values")))?;
        self.pay(|fuel| fuel.spend(VALUE))
    }

    fn pay<E: de::Error>(&mut self, pay: impl FnOnce(&mut Fuel) -> Result<(), OutOfFuel>) -> Result<(), E> {
        pay(self.fuel).map_err(|error| {
            self.is_out_of_fuel = true;
            E::custom(error)
        })
    }
}

/// One value.
struct Value<'r, 'f>(&'r mut Reader<'f>);

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.0.node()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Boolean(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Json, E> {
        // `-0` comes as a float, and is the integer.
        if number == 0.0 {
            return Ok(Json::Number(0.into()));
        }
        Number::from_f64(number).map(Json::Number).ok_or_else(|| de::Error::custom("a number that is not finite"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        self.0.pay(|fuel| fuel.copy(text.len()))?;
        Ok(Json::string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        self.0.pay(|fuel| fuel.allocate(2))?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Value(&mut *self.0))? {
            array.push(element);
        }
        Ok(Json::array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        self.0.pay(|fuel| fuel.allocate(2))?;
        let mut object = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            self.0.pay(|fuel| {
                fuel.allocate(1)?;
                fuel.copy(name.len())?;
                fuel.copy(name.len())?;
                fuel.look_up(name.len(), object.len())
            })?;
            let name: Arc<str> = name.into();
            let value = members.next_value_seed(Value(&mut *self.0))?;
            if let Some(_twice) = object.insert(name, value) {
                return Err(de::Error::custom("an object has a member twice"));
            }
        }
        Ok(Json::Object(Arc::new(object)))
    }
}

//! JSON values, shared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::limits::MAX_JSON_NODES;

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
    /// Reads a document. Members that are there twice are refused, as are more than [`MAX_JSON_NODES`] values, and more than
    /// 128 levels.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut nodes_left = MAX_JSON_NODES;
        let json = Value { nodes_left: &mut nodes_left }.deserialize(&mut deserializer)?;
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

/// One value, and how many more the document may have.
struct Value<'n> {
    nodes_left: &'n mut usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        *self.nodes_left = self
            .nodes_left
            .checked_sub(1)
            .ok_or_else(|| de::Error::custom(format_args!("more than {MAX_JSON_NODES} values")))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
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
        Ok(Json::string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Value { nodes_left: self.nodes_left })? {
            array.push(element);
        }
        Ok(Json::array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            let name: Arc<str> = name.into();
            let value = members.next_value_seed(Value { nodes_left: self.nodes_left })?;
            if let Some(_twice) = object.insert(name, value) {
                return Err(de::Error::custom("an object has a member twice"));
            }
        }
        Ok(Json::Object(Arc::new(object)))
    }
}

//! One pass over a text that keeps nothing but the names of the objects it is inside of.

mod names;

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use names::{Name, Names};

use crate::{Error, MAX_REPORTED_NAME};

pub(crate) fn scan(bytes: &[u8], max_depth: usize) -> Result<(), Error> {
    let refusal = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Value { remaining: max_depth, max_depth, refusal: &refusal };
    value.deserialize(&mut json).and_then(|()| json.end()).map_err(|source| {
        // serde_json can carry our errors only as text, so they travel beside it.
        refusal.take().unwrap_or(Error::Syntax { line: source.line(), column: source.column(), source })
    })
}

#[derive(Clone, Copy)]
struct Value<'s> {
    remaining: usize,
    max_depth: usize,
    refusal: &'s RefCell<Option<Error>>,
}

impl<'s> Value<'s> {
    fn refuse<E: serde::de::Error>(self, refusal: Error) -> E {
        *self.refusal.borrow_mut() = Some(refusal);
        E::custom("refused")
    }

    fn inside<E: serde::de::Error>(self) -> Result<Value<'s>, E> {
        match self.remaining.checked_sub(1) {
            Some(remaining) => Ok(Value { remaining, ..self }),
            None => Err(self.refuse(Error::TooDeep { max_depth: self.max_depth })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let element = self.inside()?;
        while elements.next_element_seed(element)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let member = self.inside()?;
        let mut names = Names::default();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            if names.contains(&name) {
                let name = name.as_str().chars().take(MAX_REPORTED_NAME).collect();
                return Err(self.refuse(Error::Duplicate { name }));
            }
            names.insert(name);
            members.next_value_seed(member)?;
        }
        Ok(())
    }
}

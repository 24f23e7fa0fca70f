//! One pass over a text that keeps nothing but the names of the objects it is inside of.

mod names;

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use names::{Name, Names};

use crate::{Error, MAX_REPORTED_NAME};

pub(crate) fn scan(bytes: &[u8], max_depth: usize) -> Result<(), Error> {
    // From text where it is one, so that not every string is looked through for UTF-8 by itself.
    match str::from_utf8(bytes) {
        Ok(text) => scan_with(serde_json::Deserializer::from_str(text), max_depth),
        Err(_) => scan_with(serde_json::Deserializer::from_slice(bytes), max_depth),
    }
}

fn scan_with<'de, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    max_depth: usize,
) -> Result<(), Error> {
    let (refusal, names) = (RefCell::new(None), RefCell::new(Names::default()));
    let value = Value { remaining: max_depth, max_depth, refusal: &refusal, names: &names };
    value.deserialize(&mut json).and_then(|()| json.end()).map_err(|source| {
        // serde_json can carry our errors only as text, so they travel beside it.
        refusal.take().unwrap_or(Error::Syntax { line: source.line(), column: source.column(), source })
    })
}

#[derive(Clone, Copy)]
struct Value<'s, 'de> {
    remaining: usize,
    max_depth: usize,
    refusal: &'s RefCell<Option<Error>>,
    names: &'s RefCell<Names<'de>>,
}

impl<'s, 'de> Value<'s, 'de> {
    fn refuse<E: serde::de::Error>(self, refusal: Error) -> E {
        *self.refusal.borrow_mut() = Some(refusal);
        E::custom("refused")
    }

    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.remaining.checked_sub(1) {
            Some(remaining) => Ok(Self { remaining, ..self }),
            None => Err(self.refuse(Error::TooDeep { max_depth: self.max_depth })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
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
        let mut object = self.names.borrow().enter();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            let inserted = self.names.borrow_mut().insert(&mut object, name);
            if let Err(name) = inserted {
                let name = name.as_str().chars().take(MAX_REPORTED_NAME).collect();
                return Err(self.refuse(Error::Duplicate { name }));
            }
            members.next_value_seed(member)?;
        }
        self.names.borrow_mut().leave(&object);
        Ok(())
    }
}

//! The member names of one object: most objects have few, and most names are written without escapes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// Up to so many names, comparing each with each is faster than hashing.
const FEW: usize = 16;

/// A member name with its escapes resolved; it borrows from the text where it has none.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Name<'de>(Cow<'de, str>);

impl Name<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names met so far in one object.
#[derive(Default)]
pub(super) struct Names<'de> {
    few: Vec<Name<'de>>,
    many: HashSet<Name<'de>>,
}

impl<'de> Names<'de> {
    pub(super) fn contains(&self, name: &Name<'de>) -> bool {
        self.few.contains(name) || (!self.many.is_empty() && self.many.contains(name))
    }

    pub(super) fn insert(&mut self, name: Name<'de>) {
        if self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
    }
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

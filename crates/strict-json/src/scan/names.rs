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

/// Names met so far in the objects that the text is inside of: those of the innermost object last.
#[derive(Default)]
pub(super) struct Names<'de>(Vec<Name<'de>>);

/// One of those objects.
pub(super) struct Object<'de> {
    first: usize,
    /// Its names, once they are too many to compare each with each.
    many: HashSet<Name<'de>>,
}

impl<'de> Names<'de> {
    pub(super) fn enter(&self) -> Object<'de> {
        Object { first: self.0.len(), many: HashSet::new() }
    }

    /// Takes a name of the innermost object in, unless it is there: then it comes back.
    pub(super) fn insert(&mut self, object: &mut Object<'de>, name: Name<'de>) -> Result<(), Name<'de>> {
        let few = self.0.get(object.first..).unwrap_or_default();
        if few.contains(&name) || object.many.contains(&name) {
            return Err(name);
        }
        if few.len() < FEW {
            self.0.push(name);
        } else {
            object.many.insert(name);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, object: &Object<'de>) {
        self.0.truncate(object.first);
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

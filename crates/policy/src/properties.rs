//! Properties that rules set: settings of the service, not claims of the token.

use std::collections::BTreeMap;

use crate::claims::Value;

/// Named settings; of two with one name the later holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, Value>);

impl Properties {
    /// The property of that name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Every property, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn set(&mut self, name: String, value: Value) {
        self.0.insert(name, value);
    }
}

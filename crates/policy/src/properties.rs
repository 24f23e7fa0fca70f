//! Properties that rules set: settings of the service, not claims of the token.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::claims::{Claim, Value};
use crate::diagnostic::shown;
use crate::refusal::Fault;
use crate::tree::Section;
use crate::vocabulary::Vocabulary;

/// Named settings; of two with one name the later holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Properties(BTreeMap<String, Value>);

impl Properties {
    /// The property of that name: as a rule set it, or its default; none where it has no default and no rule set it.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Every property, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What the properties of that section are where no rule sets them.
    pub(crate) fn defaults(vocabulary: &Vocabulary, section: Section) -> Self {
        let known = vocabulary.properties.iter().filter(|property| property.section == section);
        Self(known.filter_map(|property| Some((property.name.to_owned(), property.default.clone()?))).collect())
    }

    /// One that did nothing would be taken for a rule that holds, so nothing unknown is set.
    pub(crate) fn set(&mut self, claim: &Claim, section: Section, vocabulary: &Vocabulary) -> Result<(), Fault> {
        let known = vocabulary.property(&claim.name).filter(|property| property.section == section);
        let Some(property) = known else { return Err(Fault::UnknownProperty { name: shown(&claim.name) }) };
        if !property.domain.has(&claim.value) {
            let value = claim.value.to_string();
            return Err(Fault::PropertyValue { name: property.name.to_owned(), value, domain: property.domain });
        }
        self.0.insert(claim.name.clone(), claim.value.clone());
        Ok(())
    }
}

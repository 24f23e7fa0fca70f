//! Distinguished names.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, COMMON_NAME, L, O, ORGANIZATIONAL_UNIT_NAME, ST};
use der::Tag;

use crate::asn1;
use crate::build_error::BuildError;

/// The organisational unit in every name that the simulator makes: the mark of a simulation.
pub const SIMULATION_UNIT: &str = "Veritee simulation";

/// A distinguished name: attributes in the order in which they are written, one to a relative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Attribute type and text.
    pub attributes: Vec<(ObjectIdentifier, String)>,
}

impl Name {
    /// Intel's attributes in Intel's order, with the mark of the simulation after the organisation.
    pub fn simulated(common_name: &str) -> Self {
        let attributes = [
            (COMMON_NAME, common_name),
            (O, "Intel Corporation"),
            (ORGANIZATIONAL_UNIT_NAME, SIMULATION_UNIT),
            (L, "Santa Clara"),
            (ST, "CA"),
            (C, "US"),
        ];
        Self { attributes: attributes.map(|(oid, text)| (oid, text.to_owned())).to_vec() }
    }

    /// The same name with another common name.
    pub fn with_common_name(&self, common_name: &str) -> Self {
        let mut name = self.clone();
        for (_, text) in name.attributes.iter_mut().filter(|(oid, _)| *oid == COMMON_NAME) {
            common_name.clone_into(text);
        }
        name
    }

    /// The name in DER. The country is a PrintableString, everything else UTF8String, as Intel has it.
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, BuildError> {
        let mut relative_names = Vec::new();
        for (oid, text) in &self.attributes {
            let tag = if *oid == C { Tag::PrintableString } else { Tag::Utf8String };
            let attribute = asn1::sequence(&[asn1::oid(*oid)?, asn1::value(tag, text.as_bytes())?])?;
            relative_names.push(asn1::value(Tag::Set, &attribute)?);
        }
        asn1::sequence(&relative_names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;

    #[test]
    fn a_name_bears_the_mark_of_the_simulation() {
        let der = Name::simulated("Intel SGX Root CA").to_der().unwrap();
        let name = x509_cert::name::Name::from_der(&der).unwrap().to_string();
        assert_eq!(name, "C=US,ST=CA,L=Santa Clara,OU=Veritee simulation,O=Intel Corporation,CN=Intel SGX Root CA");
    }

    #[test]
    fn another_common_name_leaves_the_rest() {
        let name = Name::simulated("a").with_common_name("b");
        assert_eq!(name, Name::simulated("b"));
    }
}

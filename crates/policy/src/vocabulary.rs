//! What a policy speaks about: the claims of a kind of evidence, the properties that rules may set, and the names that the
//! caller speaks for. Handed in as data: nothing here knows what they mean.

use std::fmt;

use crate::claims::{Claim, Issuer, Value, ValueType};
use crate::owned::OwnedNames;
use crate::similar::nearest;
use crate::tree::Section;

/// The names that mean something to whoever evaluates a policy.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// The kind of evidence, as its readers know it, such as `SgxEnclave`; none where it is about every kind.
    pub evidence: Option<&'static str>,
    /// The claims that such evidence may have.
    pub claims: Vec<KnownClaim>,
    /// Older names of claims, with those of today.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Whether clients may send claims of their own with the evidence (issuer `CustomClaim`).
    pub has_custom_claims: bool,
    /// The claims of the service that no rule may copy into the token.
    pub read_only: &'static [&'static str],
    /// The properties that rules may set.
    pub properties: Vec<KnownProperty>,
    /// The names that the caller alone speaks for.
    pub owned: OwnedNames,
}

/// A claim that evidence may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownClaim {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub value_type: ValueType,
    /// What its value looks like.
    pub form: Form,
}

/// What the text of a claim looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything of its type.
    Any,
    /// That many digits of lowercase hex.
    Hex(usize),
    /// One of these.
    Words(&'static [&'static str]),
}

impl Form {
    /// Whether a claim can have that value.
    pub fn has(self, value: &Value) -> bool {
        let Value::String(text) = value else { return true };
        match self {
            Self::Any => true,
            Self::Hex(digits) => {
                text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
            Self::Words(words) => words.contains(&text.as_str()),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value of its kind"),
            Self::Hex(digits) => write!(f, "{digits} digits of lowercase hex"),
            Self::Words(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                write!(f, "one of {}", quoted.join(", "))
            }
        }
    }
}

/// A property that rules may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProperty {
    /// Its name.
    pub name: &'static str,
    /// The section whose rules may set it.
    pub section: Section,
    /// The values that it may have.
    pub domain: Domain,
    /// Its value where no rule sets it; none where the caller then decides.
    pub default: Option<Value>,
}

/// The values that a property may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// `true` or `false`.
    Boolean,
    /// An integer from the first to the second.
    Integer(i64, i64),
    /// This word, or a number of at most 32 bits written as text.
    WordOrNumber(&'static str),
}

impl Domain {
    /// Whether the value is one of them.
    pub fn has(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Boolean, Value::Boolean(_)) => true,
            (Self::Integer(from, to), Value::Integer(number)) => (from..=to).contains(number),
            (Self::WordOrNumber(word), Value::String(text)) => {
                text == word || (text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u32>().is_ok())
            }
            _ => false,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("true or false"),
            Self::Integer(from, to) => write!(f, "an integer from {from} to {to}"),
            Self::WordOrNumber(word) => write!(f, "\"{word}\" or a number in quotes"),
        }
    }
}

impl Vocabulary {
    /// Of nothing: no claims, no properties, no names that are taken.
    pub const fn empty() -> Self {
        Self {
            evidence: None,
            claims: Vec::new(),
            renamed: &[],
            has_custom_claims: false,
            read_only: &[],
            properties: Vec::new(),
            owned: OwnedNames::new(&[], &[]),
        }
    }

    /// The claim of that name.
    pub fn claim(&self, name: &str) -> Option<&KnownClaim> {
        self.claims.iter().find(|claim| claim.name == name)
    }

    /// The property of that name.
    pub fn property(&self, name: &str) -> Option<&KnownProperty> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Today's name of a claim that has another name in older policies.
    pub fn current_name(&self, name: &str) -> Option<&'static str> {
        self.renamed.iter().find(|(old, _)| *old == name).map(|(_, current)| *current)
    }

    /// Whether the service said it and no rule may copy it into the token.
    pub(crate) fn is_read_only(&self, claim: &Claim) -> bool {
        claim.issuer == Issuer::AttestationService && self.read_only.contains(&claim.name.as_str())
    }

    pub(crate) fn similar_claim(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.claims.iter().map(|claim| claim.name))
    }

    pub(crate) fn similar_property(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.properties.iter().map(|property| property.name))
    }
}

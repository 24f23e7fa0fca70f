//! The name of a provider.

use std::borrow::Cow;

use problem::Problem;
use std::fmt;

/// 3 to 24 characters of `a` to `z`, `0` to `9` and `-`; folded to lower case when it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName(String);

/// A text is no name of a provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a provider")]
pub struct InvalidProviderName(String);

impl Problem for InvalidProviderName {
    fn code(&self) -> Cow<'static, str> {
        "provider_name_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "a name has 3 to 24 characters: letters, digits and hyphens".into()
    }
}

impl ProviderName {
    /// Reads a name.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidProviderName> {
        let is_name = (3..=24).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            // As in host names, which a name can become a part of.
            && !text.starts_with('-')
            && !text.ends_with('-');
        if is_name {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidProviderName(text.chars().take(40).collect()))
        }
    }

    /// The provider that is there from the first start on.
    pub fn default_provider() -> Self {
        Self("default".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that of the provider which is there from the first start on.
    pub fn is_default(&self) -> bool {
        *self == Self::default_provider()
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_what_is_none_is_refused() {
        assert_eq!(ProviderName::parse("Contoso-1").unwrap().as_str(), "contoso-1");
        for text in ["", "ab", "-abc", "abc-", "a.b.c", "a/b", "ä-ö-ü", "a b c", &"a".repeat(25)] {
            assert!(ProviderName::parse(text).is_err(), "{text}");
        }
    }
}

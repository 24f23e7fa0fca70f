//! What may be changed about a provider.

use std::borrow::Cow;

use problem::Problem;
use std::collections::BTreeMap;
use std::path::PathBuf;

use evidence::{AcceptedTcb, Requirements};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use token::TokenAlgorithm;

/// The subscription of providers that name none.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// The resource group of providers that name none.
const RESOURCE_GROUP: &str = "veritee";

/// Seconds that a token may be valid: a minute to a week.
const LIFETIMES: std::ops::RangeInclusive<i64> = 60..=604_800;
/// Days after which a signing key is replaced where nobody says.
const KEY_ROTATION_DAYS: u32 = 90;
/// The most of them: a year.
const MAX_KEY_ROTATION_DAYS: u32 = 366;
/// Tags of a provider, as Azure bounds them.
const MAX_TAGS: usize = 50;
/// Characters of a tag's name, and of its value.
const MAX_TAG: (usize, usize) = (512, 256);

/// What may be changed about a provider. Its JSON is what the store keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// The subscription it is managed under.
    pub subscription: String,
    /// The resource group it is managed under.
    pub resource_group: String,
    /// Words of its operators.
    pub tags: BTreeMap<String, String>,
    /// Whether the data plane is for everybody who can reach it.
    pub public_network_access: bool,
    /// Whether attestation of a TPM needs a bearer token.
    pub tpm_attestation_authentication: bool,
    /// TCB statuses accepted beside `UpToDate`; none is what the service accepts.
    pub accepted_tcb: Option<AcceptedTcb>,
    /// The evaluation number that the policy property `azuredefault` stands for.
    pub baseline: u32,
    /// The evaluation number that no policy goes below.
    pub minimum_evaluation_data_number: u32,
    /// Where its collateral lies; none is where the service's lies.
    pub collateral: Option<PathBuf>,
    /// What its tokens are signed with.
    #[serde(serialize_with = "write_algorithm", deserialize_with = "read_algorithm")]
    pub token_algorithm: TokenAlgorithm,
    /// Seconds that its attestation tokens are valid.
    pub token_lifetime: i64,
    /// The longest that [`Self::token_lifetime`] ever was: keys are published that long after they signed last.
    longest_token_lifetime: i64,
    /// Days after which a signing key is replaced; 0 is never.
    pub key_rotation_days: u32,
    /// Whether evidence is attested for everybody.
    pub anonymous_attestation: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            subscription: SUBSCRIPTION.to_owned(),
            resource_group: RESOURCE_GROUP.to_owned(),
            tags: BTreeMap::new(),
            public_network_access: true,
            tpm_attestation_authentication: true,
            accepted_tcb: None,
            baseline: 0,
            minimum_evaluation_data_number: 0,
            collateral: None,
            token_algorithm: TokenAlgorithm::Rs256,
            token_lifetime: token::ATTESTATION_LIFETIME,
            longest_token_lifetime: token::ATTESTATION_LIFETIME,
            key_rotation_days: KEY_ROTATION_DAYS,
            anonymous_attestation: true,
        }
    }
}

/// Why settings are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// The lifetime of tokens is out of range.
    #[error("token lifetime of {0} seconds is out of range")]
    Lifetime(i64),
    /// Signing keys would be replaced too seldom.
    #[error("signing keys are replaced after {0} days, more than a year")]
    Rotation(u32),
    /// There are too many tags, or one is too long.
    #[error("tags are too many or too long")]
    Tags,
}

impl Problem for InvalidSettings {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Lifetime(_) => "token_lifetime_out_of_range",
            Self::Rotation(_) => "key_rotation_out_of_range",
            Self::Tags => "tags_too_long",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Lifetime(_) => "give 60 seconds to 604800, which is a week",
            Self::Rotation(_) => "give 1 to 366 days, or 0 for never",
            Self::Tags => "a provider has 50 tags at most, with names of 512 characters and values of 256",
        };
        text.into()
    }
}

impl Settings {
    /// The defaults of a provider under that subscription and resource group.
    pub fn in_scope(subscription: &str, resource_group: &str) -> Self {
        let (subscription, resource_group) = (subscription.to_owned(), resource_group.to_owned());
        Self { subscription, resource_group, ..Self::default() }
    }

    /// Whether a provider can have them.
    ///
    /// # Errors
    /// [`InvalidSettings`].
    pub fn check(&self) -> Result<(), InvalidSettings> {
        if !LIFETIMES.contains(&self.token_lifetime) {
            return Err(InvalidSettings::Lifetime(self.token_lifetime));
        }
        if self.key_rotation_days > MAX_KEY_ROTATION_DAYS {
            return Err(InvalidSettings::Rotation(self.key_rotation_days));
        }
        let is_short = |(name, value): (&String, &String)| {
            name.chars().count() <= MAX_TAG.0 && value.chars().count() <= MAX_TAG.1 && !name.is_empty()
        };
        if self.tags.len() > MAX_TAGS || !self.tags.iter().all(is_short) {
            return Err(InvalidSettings::Tags);
        }
        Ok(())
    }

    /// Changes how long tokens are valid.
    pub(crate) fn set_token_lifetime(&mut self, seconds: i64) {
        self.token_lifetime = seconds;
        self.longest_token_lifetime = self.longest_token_lifetime.max(seconds);
    }

    /// The longest that a token of the provider was ever valid, in seconds.
    pub(crate) const fn longest_token_lifetime(&self) -> i64 {
        self.longest_token_lifetime
    }

    /// As the store keeps them.
    pub(crate) fn to_json(&self) -> String {
        // Text, numbers and lists of them can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What a verified quote has to meet; `service` is what the service demands where a provider says nothing.
    pub(crate) fn requirements(&self, service: &Requirements) -> Requirements {
        let requirements = match &self.accepted_tcb {
            None => service.clone(),
            Some(statuses) => Requirements::accepting(statuses).left_to_policy(),
        };
        requirements.minimum_evaluation_data_number(self.minimum_evaluation_data_number)
    }
}

fn write_algorithm<S: Serializer>(algorithm: &TokenAlgorithm, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(algorithm.name())
}

fn read_algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TokenAlgorithm, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_from_their_json_and_absent_ones_are_the_defaults() {
        let settings = Settings {
            accepted_tcb: Some(AcceptedTcb::parse(&["OutOfDate"]).unwrap()),
            token_algorithm: TokenAlgorithm::Es256,
            ..Settings::default()
        };
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings);
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
        assert!(serde_json::from_str::<Settings>("{\"other\":1}").is_err());
    }

    #[test]
    fn what_no_provider_can_have_is_refused() {
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|settings| settings.token_lifetime = 59), Err(InvalidSettings::Lifetime(59)));
        assert_eq!(with(|settings| settings.token_lifetime = 604_801), Err(InvalidSettings::Lifetime(604_801)));
        let tags = with(|settings| settings.tags = (0..51).map(|n| (n.to_string(), String::new())).collect());
        assert_eq!(tags, Err(InvalidSettings::Tags));
        let long = with(|settings| drop(settings.tags.insert("a".into(), "b".repeat(257))));
        assert_eq!(long, Err(InvalidSettings::Tags));
        assert_eq!(with(|settings| settings.key_rotation_days = 367), Err(InvalidSettings::Rotation(367)));
        assert!(serde_json::from_str::<Settings>(r#"{"acceptedTcb":["Revoked"]}"#).is_err());
    }
}

//! What is asked about providers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use evidence::AcceptedTcb;
use token::TokenAlgorithm;

use super::ControlError;
use crate::policy_jws::SignerCertificate;
use crate::provider::{InvalidSettings, Settings};

/// Characters of a location.
const MAX_LOCATION: usize = 32;

/// A location as Azure folds it: `West US` is `westus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// Reads a location.
    ///
    /// # Errors
    /// [`ControlError::Location`].
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        let is_location = (1..=MAX_LOCATION).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -".contains(&byte));
        if is_location { Ok(Self(text.to_ascii_lowercase().replace(' ', ""))) } else { Err(ControlError::Location) }
    }

    /// The folded location.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The root of a new provider, if this service takes it: made by [`Providers::root`](crate::Providers::root).
#[derive(Clone, Debug)]
pub struct ProviderRoot {
    /// In PEM; none is Intel's.
    pub(super) pem: Option<String>,
}

/// What a provider is made from.
#[derive(Debug)]
pub struct ProviderSpec {
    /// Where it is.
    pub location: Location,
    /// What may be changed about it later.
    pub settings: Settings,
    /// The root that its evidence leads to.
    pub root: ProviderRoot,
    /// The certificates that its policies must be signed under, each once.
    pub signers: Vec<SignerCertificate>,
    /// Whether its trust model is `Shared`.
    pub is_shared: bool,
    /// Whether it is the default provider of its location.
    pub is_default: bool,
}

/// A change of a provider's settings. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// See [`Settings::tags`]: they replace all tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// See [`Settings::public_network_access`].
    pub public_network_access: Option<bool>,
    /// See [`Settings::tpm_attestation_authentication`].
    pub tpm_attestation_authentication: Option<bool>,
    /// See [`Settings::accepted_tcb`].
    pub accepted_tcb: Option<AcceptedTcb>,
    /// See [`Settings::baseline`].
    pub baseline: Option<u32>,
    /// See [`Settings::minimum_evaluation_data_number`].
    pub minimum_evaluation_data_number: Option<u32>,
    /// See [`Settings::collateral`].
    pub collateral: Option<PathBuf>,
    /// See [`Settings::token_algorithm`].
    pub token_algorithm: Option<TokenAlgorithm>,
    /// See [`Settings::token_lifetime`].
    pub token_lifetime: Option<i64>,
    /// See [`Settings::key_rotation_days`].
    pub key_rotation_days: Option<u32>,
    /// See [`Settings::anonymous_attestation`].
    pub anonymous_attestation: Option<bool>,
}

impl SettingsChange {
    /// The settings with this change made.
    ///
    /// # Errors
    /// [`InvalidSettings`] if no provider can have them.
    pub fn applied_to(self, mut settings: Settings) -> Result<Settings, InvalidSettings> {
        settings.tags = self.tags.unwrap_or(settings.tags);
        settings.public_network_access = self.public_network_access.unwrap_or(settings.public_network_access);
        settings.tpm_attestation_authentication =
            self.tpm_attestation_authentication.unwrap_or(settings.tpm_attestation_authentication);
        settings.accepted_tcb = self.accepted_tcb.or(settings.accepted_tcb);
        settings.baseline = self.baseline.unwrap_or(settings.baseline);
        settings.minimum_evaluation_data_number =
            self.minimum_evaluation_data_number.unwrap_or(settings.minimum_evaluation_data_number);
        settings.collateral = self.collateral.or(settings.collateral);
        settings.token_algorithm = self.token_algorithm.unwrap_or(settings.token_algorithm);
        settings.key_rotation_days = self.key_rotation_days.unwrap_or(settings.key_rotation_days);
        settings.anonymous_attestation = self.anonymous_attestation.unwrap_or(settings.anonymous_attestation);
        if let Some(seconds) = self.token_lifetime {
            settings.set_token_lifetime(seconds);
        }
        settings.check()?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_folded_as_azure_folds_them() {
        assert_eq!(Location::parse("West US").unwrap().as_str(), "westus");
        for text in ["", "west_us", "wést", &"a".repeat(33)] {
            assert!(matches!(Location::parse(text), Err(ControlError::Location)), "{text}");
        }
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let mut before = Settings::in_scope("subscription", "group");
        (before.baseline, before.collateral) = (7, Some("/c".into()));
        assert_eq!(SettingsChange::default().applied_to(before.clone()), Ok(before.clone()));
        let change = SettingsChange { baseline: Some(8), token_lifetime: Some(60), ..SettingsChange::default() };
        let after = change.applied_to(before.clone()).unwrap();
        assert_eq!((after.baseline, after.token_lifetime, &after.collateral), (8, 60, &before.collateral));
        assert_eq!(after.longest_token_lifetime(), before.token_lifetime, "keys are published that long");
        let change = SettingsChange { token_lifetime: Some(59), ..SettingsChange::default() };
        assert_eq!(change.applied_to(before), Err(InvalidSettings::Lifetime(59)));
    }
}

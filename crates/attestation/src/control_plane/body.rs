//! The bodies of the resource manager's API for providers, and our own member `veritee` in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use evidence::{AcceptedTcb, AcceptedTcbError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use token::policy_jws::SignerCertificate;

use super::ControlError;
use crate::base64;
use crate::provider::{InvalidSettings, Settings};

/// The deepest body: properties, certificates, keys, a key, its chain.
const MAX_DEPTH: usize = 12;

/// What a provider is made from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Create {
    #[serde(default)]
    pub(super) location: String,
    #[serde(flatten)]
    patch: Patch,
    /// From the path.
    #[serde(skip)]
    scope: Option<(String, String)>,
}

/// What is changed about a provider; what is absent stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    tags: Option<BTreeMap<String, String>>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    public_network_access: Option<Switch>,
    tpm_attestation_authentication: Option<Switch>,
    policy_signing_certificates: Option<KeySet>,
    veritee: Option<Veritee>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Switch {
    Enabled,
    Disabled,
}

#[derive(Debug, Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

/// Of a JWK only its certificate counts.
#[derive(Debug, Deserialize)]
struct Key {
    x5c: Vec<String>,
}

/// What Azure does not have. A misspelt member would silently not hold, so it is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Veritee {
    shared: bool,
    default: bool,
    root_certificate: Option<String>,
    accepted_tcb: Option<Vec<String>>,
    baseline: Option<u32>,
    minimum_evaluation_data_number: Option<u32>,
    collateral: Option<PathBuf>,
    token_algorithm: Option<String>,
    token_lifetime: Option<i64>,
    key_rotation_days: Option<u32>,
    anonymous_attestation: Option<bool>,
}

/// Reads a body: strict JSON.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    strict_json::from_slice(body, MAX_DEPTH).map_err(|error| ControlError::Body(error.to_string()))
}

impl Create {
    /// Reads what a provider is made from, under that subscription and resource group.
    ///
    /// # Errors
    /// Fails if it is not strict JSON of that shape.
    pub fn from_json(body: &[u8], subscription: &str, resource_group: &str) -> Result<Self, ControlError> {
        let mut create: Self = read(body)?;
        create.scope = Some((subscription.to_owned(), resource_group.to_owned()));
        Ok(create)
    }

    /// What of it may be changed later.
    pub const fn patch(&self) -> &Patch {
        &self.patch
    }

    /// Whether it asks for nothing that is fixed in a provider of that location.
    pub fn is_patch_in(&self, location: &str) -> bool {
        let properties = self.patch.properties.as_ref();
        let fixed = properties.is_some_and(|properties| properties.policy_signing_certificates.is_some());
        let veritee = self.patch.veritee().is_some_and(|veritee| veritee.shared || veritee.default);
        let root = self.root_certificate().is_some();
        super::location(&self.location).is_ok_and(|asked| asked == location) && !fixed && !veritee && !root
    }

    pub(super) fn settings(&self) -> Result<Settings, ControlError> {
        let mut settings = Settings::default();
        if let Some((subscription, resource_group)) = &self.scope {
            settings.subscription.clone_from(subscription);
            settings.resource_group.clone_from(resource_group);
        }
        self.patch.applied_to(settings)
    }

    pub(super) fn is_shared(&self) -> bool {
        self.patch.veritee().is_some_and(|veritee| veritee.shared)
    }

    pub(super) fn is_default(&self) -> bool {
        self.patch.veritee().is_some_and(|veritee| veritee.default)
    }

    pub(super) fn root_certificate(&self) -> Option<&str> {
        self.patch.veritee().and_then(|veritee| veritee.root_certificate.as_deref())
    }

    /// The certificates that policies must be signed under: the first of each key's chain.
    pub(super) fn certificates(&self) -> Result<Vec<SignerCertificate>, ControlError> {
        let properties = self.patch.properties.as_ref();
        let Some(set) = properties.and_then(|properties| properties.policy_signing_certificates.as_ref()) else {
            return Ok(Vec::new());
        };
        if set.keys.is_empty() {
            return Err(ControlError::NoCertificate);
        }
        let read = |(number, key): (usize, &Key)| {
            let der = key.x5c.first().and_then(|text| base64::decode(text));
            der.and_then(|der| SignerCertificate::from_der(&der).ok()).ok_or(ControlError::Certificate(number))
        };
        let mut certificates: Vec<SignerCertificate> = Vec::new();
        for certificate in (1..).zip(&set.keys).map(read) {
            let certificate = certificate?;
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
        Ok(certificates)
    }
}

impl Patch {
    /// Reads a change.
    ///
    /// # Errors
    /// Fails if it is not strict JSON of that shape.
    pub fn from_json(body: &[u8]) -> Result<Self, ControlError> {
        read(body)
    }

    fn veritee(&self) -> Option<&Veritee> {
        self.properties.as_ref().and_then(|properties| properties.veritee.as_ref())
    }

    /// The settings with this change made.
    pub(super) fn applied_to(&self, mut settings: Settings) -> Result<Settings, ControlError> {
        if let Some(tags) = &self.tags {
            settings.tags.clone_from(tags);
        }
        if let Some(properties) = &self.properties {
            if let Some(switch) = properties.public_network_access {
                settings.public_network_access = matches!(switch, Switch::Enabled);
            }
            if let Some(switch) = properties.tpm_attestation_authentication {
                settings.tpm_attestation_authentication = matches!(switch, Switch::Enabled);
            }
        }
        if let Some(veritee) = self.veritee() {
            veritee.apply(&mut settings)?;
        }
        settings.check()?;
        Ok(settings)
    }
}

impl Veritee {
    fn apply(&self, settings: &mut Settings) -> Result<(), ControlError> {
        let body = |error: String| ControlError::Body(error);
        if let Some(names) = &self.accepted_tcb {
            settings.accepted_tcb = Some(AcceptedTcb::parse(names).map_err(|error| match error {
                AcceptedTcbError::Unknown(error) => body(error.to_string()),
                AcceptedTcbError::Revoked(_) => InvalidSettings::Revoked.into(),
            })?);
        }
        if let Some(name) = &self.token_algorithm {
            settings.token_algorithm = name.parse().map_err(|_| body(format!("`{name:.20}` is no token algorithm")))?;
        }
        settings.baseline = self.baseline.unwrap_or(settings.baseline);
        let minimum = self.minimum_evaluation_data_number;
        settings.minimum_evaluation_data_number = minimum.unwrap_or(settings.minimum_evaluation_data_number);
        settings.set_token_lifetime(self.token_lifetime.unwrap_or(settings.token_lifetime));
        settings.key_rotation_days = self.key_rotation_days.unwrap_or(settings.key_rotation_days);
        settings.anonymous_attestation = self.anonymous_attestation.unwrap_or(settings.anonymous_attestation);
        settings.collateral = self.collateral.clone().or(settings.collateral.take());
        Ok(())
    }
}

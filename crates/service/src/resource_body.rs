//! The bodies of the resource manager's API for providers, and our own member `veritee` in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use attestation::policy_jws::SignerCertificate;
use attestation::{ControlError, Location, ProviderSpec, Providers, Settings, SettingsChange, base64};
use axum::http::StatusCode;
use evidence::{AcceptedTcb, AcceptedTcbError};
use problem::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::response::ApiError;

/// The deepest body of a resource: properties, certificates, keys, a key, its chain.
const MAX_DEPTH: usize = 12;
/// The deepest body of an action.
const MAX_DEPTH_OF_ACTION: usize = 4;

/// Why a body is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResourceBodyError {
    /// It is not JSON of the expected structure, or has a value that is unknown.
    #[error("request body is refused: {0}")]
    Malformed(String),
    /// `Revoked` is to be accepted.
    #[error("TCB status Revoked can never be accepted")]
    Revoked,
    /// A policy signing certificate cannot be read.
    #[error("policy signing certificate {0} is no X.509 certificate in base64 DER")]
    Certificate(usize),
    /// Certificates were announced, and there are none.
    #[error("`policySigningCertificates` has no certificate")]
    NoCertificate,
}

impl Problem for ResourceBodyError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Malformed(_) => "body_malformed",
            Self::Revoked => "revoked_never_accepted",
            Self::Certificate(_) => "certificate_malformed",
            Self::NoCertificate => "certificates_missing",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Malformed(_) => "send the body that docs/providers.md describes",
            Self::Revoked => "leave Revoked out",
            Self::Certificate(_) | Self::NoCertificate => "give each as a JWK with the certificate in `x5c`",
        };
        text.into()
    }
}

impl From<ResourceBodyError> for ApiError {
    fn from(error: ResourceBodyError) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "InvalidParameter", &error)
    }
}

/// The body that a provider is made from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Create {
    #[serde(default)]
    location: String,
    #[serde(flatten)]
    patch: Patch,
}

/// The body that changes a provider.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patch {
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

impl Create {
    /// Reads the body.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, ResourceBodyError> {
        read(body, MAX_DEPTH)
    }

    /// What of it may be changed later.
    pub(crate) const fn patch(&self) -> &Patch {
        &self.patch
    }

    /// Whether it asks for nothing that is fixed in a provider of that location.
    pub(crate) fn is_patch_in(&self, location: &str) -> bool {
        let fixed = self.key_set().is_some();
        let veritee = self.patch.veritee();
        let veritee_fixed = veritee.is_some_and(|veritee| veritee.shared || veritee.default);
        let root = self.root_certificate().is_some();
        let is_there = Location::parse(&self.location).is_ok_and(|asked| asked.as_str() == location);
        is_there && !fixed && !veritee_fixed && !root
    }

    /// What the provider is made from, under that subscription and resource group. The first fault in this order is refused:
    /// location, settings, root, certificates.
    pub(crate) fn spec(
        &self,
        providers: &Providers,
        subscription: &str,
        resource_group: &str,
    ) -> Result<ProviderSpec, ApiError> {
        let location = Location::parse(&self.location)?;
        let settings = Settings::in_scope(subscription, resource_group);
        let settings = self.patch.change()?.applied_to(settings).map_err(ControlError::from)?;
        let root = providers.root(self.root_certificate())?;
        let signers = self.certificates()?;
        let veritee = self.patch.veritee();
        let is_shared = veritee.is_some_and(|veritee| veritee.shared);
        let is_default = veritee.is_some_and(|veritee| veritee.default);
        Ok(ProviderSpec { location, settings, root, signers, is_shared, is_default })
    }

    fn key_set(&self) -> Option<&KeySet> {
        self.patch.properties.as_ref().and_then(|properties| properties.policy_signing_certificates.as_ref())
    }

    fn root_certificate(&self) -> Option<&str> {
        self.patch.veritee().and_then(|veritee| veritee.root_certificate.as_deref())
    }

    /// The certificates that policies must be signed under: the first of each key's chain.
    fn certificates(&self) -> Result<Vec<SignerCertificate>, ResourceBodyError> {
        let Some(set) = self.key_set() else { return Ok(Vec::new()) };
        if set.keys.is_empty() {
            return Err(ResourceBodyError::NoCertificate);
        }
        let read = |(number, key): (usize, &Key)| {
            let der = key.x5c.first().and_then(|text| base64::decode(text));
            der.and_then(|der| SignerCertificate::from_der(&der).ok()).ok_or(ResourceBodyError::Certificate(number))
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
    /// Reads the body.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, ResourceBodyError> {
        read(body, MAX_DEPTH)
    }

    fn veritee(&self) -> Option<&Veritee> {
        self.properties.as_ref().and_then(|properties| properties.veritee.as_ref())
    }

    /// The change that it asks for.
    pub(crate) fn change(&self) -> Result<SettingsChange, ResourceBodyError> {
        let is_enabled = |switch: Option<Switch>| switch.map(|switch| matches!(switch, Switch::Enabled));
        let properties = self.properties.as_ref();
        let mut change = SettingsChange {
            tags: self.tags.clone(),
            public_network_access: is_enabled(properties.and_then(|of| of.public_network_access)),
            tpm_attestation_authentication: is_enabled(properties.and_then(|of| of.tpm_attestation_authentication)),
            ..SettingsChange::default()
        };
        let Some(veritee) = self.veritee() else { return Ok(change) };
        change.accepted_tcb = veritee.accepted_tcb.as_ref().map(|names| accepted_tcb(names)).transpose()?;
        let algorithm = |name: &String| {
            name.parse().map_err(|_| ResourceBodyError::Malformed(format!("`{name:.20}` is no token algorithm")))
        };
        change.token_algorithm = veritee.token_algorithm.as_ref().map(algorithm).transpose()?;
        change.baseline = veritee.baseline;
        change.minimum_evaluation_data_number = veritee.minimum_evaluation_data_number;
        change.collateral.clone_from(&veritee.collateral);
        change.token_lifetime = veritee.token_lifetime;
        change.key_rotation_days = veritee.key_rotation_days;
        change.anonymous_attestation = veritee.anonymous_attestation;
        Ok(change)
    }
}

/// The TCB status of that name; its type is that of the settings.
fn accepted_tcb(names: &[String]) -> Result<AcceptedTcb, ResourceBodyError> {
    AcceptedTcb::parse(names).map_err(|error| match error {
        AcceptedTcbError::Unknown(error) => ResourceBodyError::Malformed(error.to_string()),
        AcceptedTcbError::Revoked(_) => ResourceBodyError::Revoked,
    })
}

/// Reads after how many seconds a new key is to sign; an empty body leaves it to the service.
pub(crate) fn lead_in(body: &[u8]) -> Result<Option<i64>, ResourceBodyError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Rotate {
        lead_seconds: Option<i64>,
    }
    if body.is_empty() {
        return Ok(None);
    }
    read(body, MAX_DEPTH_OF_ACTION).map(|rotate: Rotate| rotate.lead_seconds)
}

/// Reads the id of the key that is to be withdrawn.
pub(crate) fn withdrawn_key_in(body: &[u8]) -> Result<String, ResourceBodyError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Withdraw {
        key_id: String,
    }
    read(body, MAX_DEPTH_OF_ACTION).map(|withdraw: Withdraw| withdraw.key_id)
}

fn read<T: DeserializeOwned>(body: &[u8], max_depth: usize) -> Result<T, ResourceBodyError> {
    strict_json::from_slice(body, max_depth).map_err(|error| ResourceBodyError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(body: &str) -> Result<SettingsChange, ResourceBodyError> {
        Patch::from_json(body.as_bytes()).and_then(|patch| patch.change())
    }

    #[test]
    fn a_change_names_what_its_body_names() {
        assert_eq!(change("{}"), Ok(SettingsChange::default()));
        let body = r#"{"properties":{"publicNetworkAccess":"Disabled","veritee":{"baseline":3,"acceptedTcb":[]}}}"#;
        let expected = SettingsChange {
            public_network_access: Some(false),
            baseline: Some(3),
            accepted_tcb: Some(AcceptedTcb::default()),
            ..SettingsChange::default()
        };
        assert_eq!(change(body), Ok(expected));
    }

    #[test]
    fn a_body_with_an_unknown_word_is_refused() {
        for (body, message) in [
            (
                r#"{"properties":{"veritee":{"acceptedTcb":["Fine"]}}}"#,
                "request body is refused: `Fine` is no TCB status",
            ),
            (r#"{"properties":{"veritee":{"tokenAlgorithm":"HS256"}}}"#, "`HS256` is no token algorithm"),
            (r#"{"properties":{"veritee":{"misspelt":1}}}"#, "JSON has not the expected content"),
            (r#"{"tags":{"a":"b","a":"c"}}"#, "twice"),
        ] {
            let error = change(body).unwrap_err();
            assert!(error.to_string().contains(message) && error.code() == "body_malformed", "{error}");
        }
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named_by_number() {
        let certificates = |keys: &str| {
            let body = format!(r#"{{"properties":{{"policySigningCertificates":{{"keys":{keys}}}}}}}"#);
            Create::from_json(body.as_bytes()).and_then(|create| create.certificates())
        };
        assert_eq!(certificates("[]").unwrap_err(), ResourceBodyError::NoCertificate);
        for keys in [r#"[{"x5c":[]}]"#, r#"[{"x5c":["AA"]}]"#, r#"[{"x5c":["not base64"]}]"#] {
            assert_eq!(certificates(keys).unwrap_err(), ResourceBodyError::Certificate(1), "{keys}");
        }
    }
}

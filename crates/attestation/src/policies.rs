//! The policies of a provider: parsed once, hashed once.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use std::borrow::Cow;

use crate::policy_jws::{self, PolicyJws, PolicyJwsError};
use policy::{Diagnostics, EvaluationError, Fuel, Policy, Properties, Vocabulary};
use problem::Problem;
use serde_json::Value;
use store::PolicyChange;

use crate::api_version::ApiVersion;
use crate::policy_type::PolicyType;

/// A parsed policy with what it speaks about, its hash, and the JWS that it came in.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInForce {
    pub(crate) parsed: Policy,
    pub(crate) vocabulary: Vocabulary,
    /// What its configuration sets, or why it cannot be evaluated: it depends on nothing but the policy.
    pub(crate) configured: Result<Properties, EvaluationError>,
    pub(crate) hash: String,
    /// The hash that tokens of the API of 2018 carry.
    pub(crate) hash_of_2018: String,
    /// Exactly as it was submitted.
    pub(crate) jws: String,
    /// The signer's key with its certificates, where the policy is signed.
    pub(crate) signer: Option<Value>,
}

/// Why a policy is none that can be in force.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The JWS cannot be read, or its signature is wrong.
    #[error("policy JWS is refused")]
    Jws(#[from] PolicyJwsError),
    /// The JWS has no policy in it: it is one that resets.
    #[error("policy JWS has an empty payload")]
    NoPolicy,
    /// The text is refused.
    #[error("policy is refused")]
    Text(#[source] Diagnostics),
}

impl Problem for PolicyError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Jws(error) => error.code(),
            Self::NoPolicy => "policy_missing".into(),
            Self::Text(_) => "policy_malformed".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Jws(error) => error.help(),
            Self::NoPolicy => "send a policy in `AttestationPolicy`, or POST to :reset".into(),
            Self::Text(_) => "mend the policy text where the message says; the old one stays".into(),
        }
    }
}

impl PolicyInForce {
    /// Of a text, in its unsecured JWS.
    pub(crate) fn parse(text: &str, policy_type: PolicyType) -> Result<Self, Diagnostics> {
        Self::parse_within(text, policy_type, &mut Fuel::full())
    }

    /// The same, and reading it and its configuration takes of that fuel.
    pub(crate) fn parse_within(text: &str, policy_type: PolicyType, fuel: &mut Fuel) -> Result<Self, Diagnostics> {
        fuel.pay_for_text(text);
        Self::of(text, policy_type, || policy_jws::unsecured(text), None, fuel)
    }

    /// Of a JWS that was read; whether its signer is one that may sign is for the caller.
    pub(crate) fn from_jws(jws: &str, read: &PolicyJws, policy_type: PolicyType) -> Result<Self, PolicyError> {
        let text = read.text().ok_or(PolicyError::NoPolicy)?;
        let signer = read.signer().map(policy_jws::PolicySigner::jwk);
        Self::of(text, policy_type, || jws.to_owned(), signer, &mut Fuel::full()).map_err(PolicyError::Text)
    }

    /// Warnings are for whoever writes the policy; errors refuse it.
    fn of(
        text: &str,
        policy_type: PolicyType,
        jws: impl FnOnce() -> String,
        signer: Option<Value>,
        fuel: &mut Fuel,
    ) -> Result<Self, Diagnostics> {
        let parsed = Policy::parse(text)?;
        let vocabulary = policy_type.vocabulary();
        parsed.check(&vocabulary)?;
        let configured = parsed.configure_within(&vocabulary, fuel);
        let jws = jws();
        let (hash, hash_of_2018) = (token::hash::policy_hash(text), token::hash::policy_hash_legacy(text));
        Ok(Self { parsed, vocabulary, configured, hash, hash_of_2018, jws, signer })
    }
}

/// The policies that were set for a provider; for the other attestation types the default is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<PolicyType, Arc<PolicyInForce>>);

/// All providers share them. That each parses is for the tests to say.
static DEFAULTS: LazyLock<BTreeMap<PolicyType, PolicyInForce>> = LazyLock::new(|| parsed(PolicyType::default_policy));
static DEFAULTS_OF_2018: LazyLock<BTreeMap<PolicyType, PolicyInForce>> =
    LazyLock::new(|| parsed(PolicyType::default_policy_of_2018));

fn parsed(default: fn(PolicyType) -> Option<&'static str>) -> BTreeMap<PolicyType, PolicyInForce> {
    let parse = |policy_type| Some((policy_type, PolicyInForce::parse(default(policy_type)?, policy_type).ok()?));
    PolicyType::ALL.into_iter().filter_map(parse).collect()
}

impl Policies {
    /// What a change sets; nothing where it resets to the default.
    pub(crate) fn of_change(
        change: &PolicyChange,
        policy_type: PolicyType,
    ) -> Result<Option<Arc<PolicyInForce>>, PolicyError> {
        match (&change.jws, &change.text) {
            (Some(jws), Some(_)) => {
                Ok(Some(Arc::new(PolicyInForce::from_jws(jws, &PolicyJws::read_kept(jws)?, policy_type)?)))
            }
            _ => Ok(None),
        }
    }

    /// The policy in force in that form of the API: only their defaults differ.
    pub(crate) fn of(&self, policy_type: PolicyType, version: ApiVersion) -> Option<&PolicyInForce> {
        let defaults = match version {
            ApiVersion::Current => &DEFAULTS,
            ApiVersion::Of2018 => &DEFAULTS_OF_2018,
        };
        self.0.get(&policy_type).map(|policy| &**policy).or_else(|| defaults.get(&policy_type))
    }

    /// The policy that was set for the type with that JWS.
    pub(crate) fn with_jws(&self, policy_type: PolicyType, jws: &str) -> Option<&Arc<PolicyInForce>> {
        self.0.get(&policy_type).filter(|policy| policy.jws == jws)
    }

    /// The same with this one set for the type, or its default in force.
    pub(crate) fn with(mut self, policy_type: PolicyType, policy: Option<Arc<PolicyInForce>>) -> Self {
        match policy {
            Some(policy) => drop(self.0.insert(policy_type, policy)),
            None => drop(self.0.remove(&policy_type)),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_policy_parses() {
        let none = Policies::default();
        for policy_type in PolicyType::ALL {
            let hash = |version| none.of(policy_type, version).map(|policy| policy.hash.clone());
            let expected = policy_type.default_policy().map(token::hash::policy_hash);
            assert_eq!(hash(ApiVersion::Current), expected, "{policy_type:?}");
            let expected = policy_type.default_policy_of_2018().map(token::hash::policy_hash);
            assert_eq!(hash(ApiVersion::Of2018), expected, "{policy_type:?}");
        }
    }
}

//! The policies of a provider: parsed once, hashed once.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use policy::{Diagnostics, Policy, Vocabulary};
use serde_json::Value;
use store::PolicyChange;
use token::policy_jws::{self, PolicyJws, PolicyJwsError};

use crate::policy_type::PolicyType;

/// A parsed policy with what it speaks about, its hash, and the JWS that it came in.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInForce {
    pub(crate) parsed: Policy,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) hash: String,
    /// Exactly as it was submitted.
    pub(crate) jws: String,
    /// The signer's key with its certificates, where the policy is signed.
    pub(crate) signer: Option<Value>,
}

/// Why a policy is none that can be in force.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The JWS cannot be read, or its signature is wrong.
    #[error("policy JWS is refused: {0}")]
    Jws(#[from] PolicyJwsError),
    /// The JWS has no policy in it: it is one that resets.
    #[error("policy JWS has an empty payload")]
    NoPolicy,
    /// The text is refused.
    #[error("policy is refused: {0}")]
    Text(Diagnostics),
}

impl PolicyInForce {
    /// Of a text, in its unsecured JWS.
    pub(crate) fn parse(text: &str, policy_type: PolicyType) -> Result<Self, Diagnostics> {
        Self::of(text, policy_type, policy_jws::unsecured(text), None)
    }

    /// Of a JWS that was read; whether its signer is one that may sign is for the caller.
    pub(crate) fn from_jws(jws: &str, read: &PolicyJws, policy_type: PolicyType) -> Result<Self, PolicyError> {
        let text = read.text().ok_or(PolicyError::NoPolicy)?;
        let signer = read.signer().map(policy_jws::PolicySigner::jwk);
        Self::of(text, policy_type, jws.to_owned(), signer).map_err(PolicyError::Text)
    }

    /// Warnings are for whoever writes the policy; errors refuse it.
    fn of(text: &str, policy_type: PolicyType, jws: String, signer: Option<Value>) -> Result<Self, Diagnostics> {
        let parsed = Policy::parse(text)?;
        let vocabulary = policy_type.vocabulary();
        parsed.lint(text, &vocabulary).errors()?;
        Ok(Self { parsed, vocabulary, hash: token::hash::policy_hash(text), jws, signer })
    }
}

/// The policies in force, for each attestation type that has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<PolicyType, Arc<PolicyInForce>>);

/// What is in force until something is set; all providers share it. That each default parses is for the tests to say.
static DEFAULTS: LazyLock<Policies> = LazyLock::new(|| {
    let parse = |policy_type: PolicyType| {
        let parsed = PolicyInForce::parse(policy_type.default_policy()?, policy_type).ok()?;
        Some((policy_type, Arc::new(parsed)))
    };
    Policies(PolicyType::ALL.into_iter().filter_map(parse).collect())
});

impl Policies {
    pub(crate) fn defaults() -> Self {
        DEFAULTS.clone()
    }

    /// What a change puts in force; none where there is no policy to be reset to.
    pub(crate) fn of_change(
        change: &PolicyChange,
        policy_type: PolicyType,
    ) -> Result<Option<Arc<PolicyInForce>>, PolicyError> {
        match (&change.jws, &change.text) {
            (Some(jws), Some(_)) => {
                Ok(Some(Arc::new(PolicyInForce::from_jws(jws, &PolicyJws::read(jws)?, policy_type)?)))
            }
            _ => Ok(DEFAULTS.0.get(&policy_type).map(Arc::clone)),
        }
    }

    pub(crate) fn of(&self, policy_type: PolicyType) -> Option<&PolicyInForce> {
        self.0.get(&policy_type).map(|policy| &**policy)
    }

    /// The same with this one in force for the type, or none.
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
        for policy_type in PolicyType::ALL {
            let default = Policies::defaults().of(policy_type).map(|policy| policy.hash.clone());
            assert_eq!(default, policy_type.default_policy().map(token::hash::policy_hash), "{policy_type:?}");
        }
    }
}

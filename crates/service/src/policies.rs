//! The policies of a provider: parsed once, hashed once.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::{Diagnostics, Policy, Vocabulary};
use serde_json::{Value, json};
use token::policy_jws::{self, PolicyJws, PolicyJwsError, PolicySigner};

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

    /// Of a JWS; who signed it may be anybody.
    pub(crate) fn from_jws(jws: &str, policy_type: PolicyType) -> Result<Self, PolicyError> {
        let read = PolicyJws::read(jws)?;
        let text = read.text().ok_or(PolicyError::NoPolicy)?;
        Self::of(text, policy_type, jws.to_owned(), read.signer().map(jwk)).map_err(PolicyError::Text)
    }

    /// Warnings are for whoever writes the policy; errors refuse it.
    fn of(text: &str, policy_type: PolicyType, jws: String, signer: Option<Value>) -> Result<Self, Diagnostics> {
        let parsed = Policy::parse(text)?;
        let vocabulary = policy_type.vocabulary();
        parsed.lint(text, &vocabulary).errors()?;
        Ok(Self { parsed, vocabulary, hash: token::hash::policy_hash(text), jws, signer })
    }
}

/// The signer as Azure shows it: a JWK that consists of its certificates.
fn jwk(signer: &PolicySigner) -> Value {
    let certificates: Vec<String> =
        signer.certificates().iter().map(|certificate| crate::base64::encode_standard(certificate.der())).collect();
    let algorithm = signer.algorithm().name();
    let kty = if algorithm.starts_with("ES") { "EC" } else { "RSA" };
    json!({"alg": algorithm, "kty": kty, "use": "sig", "x5c": certificates})
}

/// The policies in force, for each attestation type that has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(BTreeMap<PolicyType, Arc<PolicyInForce>>);

impl Policies {
    pub(crate) fn of(&self, policy_type: PolicyType) -> Option<&PolicyInForce> {
        self.0.get(&policy_type).map(|policy| &**policy)
    }

    /// The same with this one in force for the type, or none.
    pub(crate) fn with(&self, policy_type: PolicyType, policy: Option<Arc<PolicyInForce>>) -> Self {
        let mut policies = self.0.clone();
        match policy {
            Some(policy) => drop(policies.insert(policy_type, policy)),
            None => drop(policies.remove(&policy_type)),
        }
        Self(policies)
    }

    /// What is in force until something is set.
    pub(crate) fn default_of(policy_type: PolicyType) -> Result<Option<Arc<PolicyInForce>>, Diagnostics> {
        let parse = |text| PolicyInForce::parse(text, policy_type).map(Arc::new);
        policy_type.default_policy().map(parse).transpose()
    }
}

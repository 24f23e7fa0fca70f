//! What is changed about a provider: its policies. Answers are tokens of the provider, as Azure's are.
//!
//! The provider trusts whoever may administer it (Azure calls the trust model AAD): policies may be unsigned, or signed by
//! anybody, which the answer and every attestation token then say. There are no signing certificates to manage.

mod error;

use std::sync::Arc;

use dcap::UnixTime;
use serde_json::{Value, json};
use store::{NewPolicy, SetPolicy};
use token::policy_jws::{self, PolicyJws};

use crate::access::Caller;
use crate::policies::{Policies, PolicyInForce};
use crate::policy_type::PolicyType;
use crate::provider::Provider;

pub use error::AdministrationError;

impl Provider {
    /// The policy in force, in its JWS; where there is none, in the JWS that resets.
    pub(crate) fn policy_token(&self, policy_type: PolicyType, now: UnixTime) -> Result<String, AdministrationError> {
        let snapshot = self.snapshot();
        let reset = policy_jws::unsecured_reset();
        let jws = snapshot.policies.of(policy_type).map_or(reset.as_str(), |policy| policy.jws.as_str());
        self.answer([("x-ms-policy", json!(jws))], now)
    }

    /// Sets a policy: reads and checks it, keeps it, and puts it in force. Where any of that fails the old one stays.
    pub(crate) async fn set_policy(
        &self,
        policy_type: PolicyType,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let policy = PolicyInForce::from_jws(jws, policy_type)?;
        let text = PolicyJws::read(jws).ok().and_then(|read| read.text().map(str::to_owned)).unwrap_or_default();
        let claims = [
            ("x-ms-policy-result", json!("Updated")),
            ("x-ms-policy-token-hash", json!(token::hash::policy_token_hash(jws))),
        ];
        let signer = policy.signer.clone().map(|signer| ("x-ms-policy-signer", signer));
        let set = SetPolicy { jws: jws.to_owned(), text };
        self.change(policy_type, Some(set), Some(Arc::new(policy)), caller, now).await?;
        self.answer(claims.into_iter().chain(signer), now)
    }

    /// Puts the default policy back in force.
    pub(crate) async fn reset_policy(
        &self,
        policy_type: PolicyType,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        if PolicyJws::read(jws).map_err(crate::policies::PolicyError::from)?.text().is_some() {
            return Err(AdministrationError::ResetWithPolicy);
        }
        let default = Policies::default_of(policy_type).map_err(crate::policies::PolicyError::Text)?;
        self.change(policy_type, None, default, caller, now).await?;
        self.answer([("x-ms-policy-result", json!("Removed"))], now)
    }

    /// The certificates that policies must be signed with: none.
    pub(crate) fn certificates_token(&self, now: UnixTime) -> Result<String, AdministrationError> {
        self.answer([("x-ms-policy-certificates", json!({"keys": []}))], now)
    }

    /// Keeps the change and puts it in force, one after the other.
    async fn change(
        &self,
        policy_type: PolicyType,
        set: Option<SetPolicy>,
        in_force: Option<Arc<PolicyInForce>>,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<(), AdministrationError> {
        let _one_at_a_time = self.administration.lock().await;
        let change = NewPolicy {
            provider: self.name().to_owned(),
            attestation_type: policy_type.as_str().to_owned(),
            set,
            changed_at: now.seconds(),
            changed_by: caller.name.clone(),
        };
        let number = self.store.change_policy(&change).await?;
        tracing::info!(
            provider = self.name(),
            attestation_type = policy_type.as_str(),
            policy.number = number,
            policy.hash = in_force.as_ref().map(|policy| policy.hash.as_str()),
            by = caller.name,
            "policy changed"
        );
        self.put_in_force(policy_type, in_force);
        Ok(())
    }

    /// A token that says these things.
    fn answer<'c>(
        &self,
        claims: impl IntoIterator<Item = (&'c str, Value)>,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (key, lifetime) = (&self.snapshot().key, token::ADMINISTRATION_LIFETIME);
        Ok(token::issue_administration(key, self.issuer(), claims, now.seconds(), lifetime)?)
    }
}

//! What a policy was before, and going back to it.

use serde_json::{Value, json};
use store::PolicyChange;
use unix_time::UnixTime;

use super::{AdministrationError, next_change};
use crate::access::Caller;
use crate::policies::Policies;
use crate::policy_type::PolicyType;
use crate::pool::aside;
use crate::provider::{Provider, TrustModel};
use crate::providers::Providers;

impl Providers {
    /// Every change of a policy, newest first, as data.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn policy_history(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
    ) -> Result<Value, AdministrationError> {
        let history = self.store.policy_history(provider.name.as_str(), policy_type.as_str()).await?;
        Ok(json!({"value": history.iter().map(|change| entry(change, policy_type)).collect::<Vec<_>>()}))
    }

    /// Puts a policy that was in force before back in force, as a change of its own. It needs no signed request.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn roll_back(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        number: i64,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<Value, AdministrationError> {
        if provider.trust_model == TrustModel::Shared {
            return Err(AdministrationError::Shared);
        }
        let (_one_at_a_time, provider) = self.to_change(provider).await?;
        let history = self.store.policy_history(provider.name.as_str(), policy_type.as_str()).await?;
        let old = history.iter().find(|change| change.number == number);
        let old = old.ok_or(AdministrationError::NoSuchChange { number })?;
        let change = PolicyChange {
            jws: old.jws.clone(),
            text: old.text.clone(),
            audience: old.audience.clone(),
            restores: Some(number),
            ..next_change(&provider, policy_type, &history, caller, now)
        };
        // What this version no longer accepts is not put back in force.
        aside(|| Policies::of_change(&change, policy_type))?;
        let shown = entry(&change, policy_type);
        self.change_policy(&provider, policy_type, change, None).await?;
        Ok(shown)
    }
}

/// A change as administrators see it.
fn entry(change: &PolicyChange, policy_type: PolicyType) -> Value {
    let hash = change.text.as_deref().or_else(|| policy_type.default_policy()).map(token::hash::policy_hash);
    json!({
        "number": change.number,
        "result": if change.text.is_some() { "Updated" } else { "Removed" },
        "policyHash": hash,
        "policyTokenHash": change.jws.as_deref().map(token::hash::policy_token_hash),
        "policy": change.text,
        "audience": change.audience,
        "restores": change.restores,
        "changedAt": UnixTime::from_seconds(change.changed_at).to_string(),
        "changedBy": change.changed_by,
    })
}

//! What is changed about a provider: its policies and, where it is Isolated, the certificates they are signed under. Answers are
//! tokens of the provider, as Azure's are.

mod audit_heads;
mod certificates;
mod error;
mod history;
mod of_2018;
mod used_once;

use std::sync::Arc;

use crate::policy_jws::{self, PolicyJws, SignerCertificate};
use serde_json::{Value, json};
use store::{PolicyChange, SignedRequest, StoreError};
use tokio::sync::MutexGuard;
use unix_time::UnixTime;

use crate::access::Caller;
use crate::api_version::ApiVersion;
use crate::audit::Change;
use crate::policies::{PolicyError, PolicyInForce};
use crate::policy_type::PolicyType;
use crate::pool::{Class, PoolError};
use crate::provider::{Provider, TrustModel};
use crate::providers::Providers;

pub(crate) use certificates::MAX_SIGNERS;
pub use error::AdministrationError;
pub use of_2018::unprepared;

impl Provider {
    /// The policy in force, in its JWS; where there is none, in the JWS that resets.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub fn policy_token(&self, policy_type: PolicyType, now: UnixTime) -> Result<String, AdministrationError> {
        self.answer([("x-ms-policy", json!(self.policy_jws(policy_type, ApiVersion::Current)))], now)
    }

    fn policy_jws(&self, policy_type: PolicyType, version: ApiVersion) -> String {
        self.policies.of(policy_type, version).map_or_else(policy_jws::unsecured_reset, |policy| policy.jws.clone())
    }

    /// A token that says these things.
    pub(crate) fn answer<'c>(
        &self,
        claims: impl IntoIterator<Item = (&'c str, Value)>,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let lifetime = token::ADMINISTRATION_LIFETIME;
        Ok(token::issue_administration(self.signing_key(now)?, self.issuer(), claims, now, lifetime)?)
    }

    /// Whether whoever signed may change the policy:
    ///
    /// 1. of a Shared provider nobody changes it;
    /// 2. of one that trusts its administrators everybody who got here does;
    /// 3. of an Isolated one whoever signed under one of its certificates, which is returned, and meant this provider, and
    ///    this policy.
    fn admit(
        &self,
        policy_type: PolicyType,
        read: &PolicyJws,
        now: UnixTime,
    ) -> Result<Option<&SignerCertificate>, AdministrationError> {
        match self.trust_model {
            TrustModel::Shared => Err(AdministrationError::Shared),
            TrustModel::Aad => Ok(None),
            TrustModel::Isolated => {
                let signer = read.signer().ok_or(AdministrationError::Unsigned)?;
                let trusted = signer.chains_to(&self.signers, now)?;
                let policy_url = format!("{}/policies/{}", self.issuer(), policy_type.as_str());
                self.check_audience(read.audience(), &policy_url)?;
                Ok(Some(trusted))
            }
        }
    }

    /// What is meant for somebody is not for anybody else; what does not say whom it is meant for is taken.
    fn check_audience(&self, audience: Option<&[String]>, url: &str) -> Result<(), AdministrationError> {
        let is_ours = |name: &String| name == self.issuer() || name.eq_ignore_ascii_case(url);
        match audience {
            Some(audience) if !audience.iter().any(is_ours) => Err(AdministrationError::Audience),
            _ => Ok(()),
        }
    }
}

impl Providers {
    /// Sets a policy: reads and checks it, keeps it, and puts it in force. Where any of that fails the old one stays.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn set_policy(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let (read, policy) = self.read_policy(provider, policy_type, jws).await?;
        let (_one_at_a_time, provider) = self.to_change(provider).await?;
        let signer = provider.admit(policy_type, &read, now)?;
        let policy = policy?;
        let claims = [
            ("x-ms-policy-result", json!("Updated")),
            ("x-ms-policy-token-hash", json!(token::hash::policy_token_hash(jws))),
        ];
        let shown = policy.signer.map(|jwk| ("x-ms-policy-signer", jwk));
        let answer = provider.answer(claims.into_iter().chain(shown), now)?;
        self.change_by_jws(&provider, policy_type, (jws, &read, signer), caller, now).await?;
        Ok(answer)
    }

    /// Reads and checks a policy in the pool, in its provider's turn: that takes as long as an evaluation. What the policy is
    /// refused for comes apart from what its JWS is refused for, because the signer is judged before the policy.
    pub(crate) async fn read_policy(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        jws: &str,
    ) -> Result<(PolicyJws, Result<PolicyInForce, PolicyError>), AdministrationError> {
        let jws = jws.to_owned();
        let read = move || {
            let read = PolicyJws::read(&jws).map_err(PolicyError::from)?;
            let policy = PolicyInForce::from_jws(&jws, &read, policy_type);
            Ok((read, policy))
        };
        self.pool.run(&provider.name, Class::Change, read).await.unwrap_or_else(|error| match error {
            PoolError::Busy => Err(AdministrationError::PolicyBusy),
            PoolError::Closed => Err(AdministrationError::Interrupted),
        })
    }

    /// Puts the default policy back in force.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn reset_policy(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let read = PolicyJws::read(jws).map_err(PolicyError::from)?;
        let (_one_at_a_time, provider) = self.to_change(provider).await?;
        let signer = provider.admit(policy_type, &read, now)?;
        if read.text().is_some() {
            return Err(AdministrationError::ResetWithPolicy);
        }
        let answer = provider.answer([("x-ms-policy-result", json!("Removed"))], now)?;
        self.change_by_jws(&provider, policy_type, (jws, &read, signer), caller, now).await?;
        Ok(answer)
    }

    /// The right to change something, alone in this process, and the provider as it is then: who was a signer when the request
    /// came may be none now.
    pub(super) async fn to_change(
        &self,
        provider: &Provider,
    ) -> Result<(MutexGuard<'_, ()>, Arc<Provider>), AdministrationError> {
        let alone = self.administration.lock().await;
        let current = self.get(&provider.name).ok_or(StoreError::UnknownProvider)?;
        Ok((alone, current))
    }

    /// Changes a policy by a JWS that was read, and accepted under the provider's certificate `signer` if it needs one.
    async fn change_by_jws(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        (jws, read, signer): (&str, &PolicyJws, Option<&SignerCertificate>),
        caller: &Caller,
        now: UnixTime,
    ) -> Result<(), AdministrationError> {
        let history = self.store.policy_history(provider.name.as_str(), policy_type.as_str()).await?;
        if signer.is_some() {
            if used_once::is_in_force(&history, jws) {
                return Ok(());
            }
            used_once::check_never_in_force(&history, jws)?;
        }
        let change = PolicyChange {
            jws: Some(jws.to_owned()),
            text: read.text().map(str::to_owned),
            audience: read.audience().map(|audience| audience.join(" ")),
            restores: None,
            ..next_change(provider, policy_type, &history, caller, now)
        };
        let request = signer.map(|signer| used_once::policy_request(&change, policy_type, jws, signer));
        self.change_policy(provider, policy_type, change, request.as_ref()).await
    }

    /// Keeps a change, whose policy was read, with the signed request that it needs, and puts it in force.
    async fn change_policy(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        change: PolicyChange,
        request: Option<&SignedRequest>,
    ) -> Result<(), AdministrationError> {
        let policy_hash = change.text.as_deref().or_else(|| policy_type.default_policy()).map(token::hash::policy_hash);
        let at = change.changed_at;
        let change = &change;
        let write = |entry| async move { self.store.change_policy(change, request, &entry).await };
        self.change(&provider.name, &Change::PolicyChanged { change, policy_hash }, &change.changed_by, at, write)
            .await?;
        Ok(())
    }
}

/// The change that comes after those of `history`, newest first, with nothing in it yet.
fn next_change(
    provider: &Provider,
    policy_type: PolicyType,
    history: &[PolicyChange],
    caller: &Caller,
    now: UnixTime,
) -> PolicyChange {
    PolicyChange {
        provider: provider.name.to_string(),
        attestation_type: policy_type.as_str().to_owned(),
        number: history.first().map_or(0, |last| last.number).saturating_add(1),
        jws: None,
        text: None,
        audience: None,
        restores: None,
        changed_at: now,
        changed_by: caller.name.clone(),
    }
}

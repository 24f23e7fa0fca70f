//! Replacing the keys that sign a provider's tokens.

use std::sync::Arc;

use store::StoreError;
use unix_time::UnixTime;

use super::ControlError;
use crate::audit::{BY_ITSELF, Change};
use crate::provider::{MAX_KEYS, Provider, make_key};
use crate::providers::Providers;
use problem::chain;

/// Seconds that a key is published before it signs, when it is made on schedule: relying parties keep keys for a day.
const LEAD: i64 = 86_400;
/// Seconds that may be asked for.
const LEADS: std::ops::RangeInclusive<i64> = 60..=604_800;
const DAY: i64 = 86_400;

impl Providers {
    /// Makes another key, which is published from now on and signs after `lead` seconds. The old one stays published until its
    /// last token has expired.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn rotate(
        &self,
        provider: &Provider,
        lead: Option<i64>,
        by: &str,
        now: UnixTime,
    ) -> Result<Arc<Provider>, ControlError> {
        let lead = lead.unwrap_or(LEAD);
        if !LEADS.contains(&lead) {
            return Err(ControlError::Lead(lead));
        }
        let _one_at_a_time = self.administration.lock().await;
        if provider.keys.count() >= MAX_KEYS {
            return Err(ControlError::TooManyKeys);
        }
        let (owner, algorithm) = (provider.owner(), provider.settings.token_algorithm);
        let times = (now, now.seconds().saturating_add(lead));
        let (vault, quoter) = (&self.config.vault, self.config.quoter.as_ref());
        let key = make_key(owner, algorithm, vault, quoter, times).await?;
        let (name, revision, kid) = (&provider.name, provider.revision, key.kid.clone());
        let write = |entry| async move { self.store.add_signing_key(&key, revision, &entry).await };
        let change = Change::KeyCreated { provider: name, kid: &kid };
        self.change(name, &change, by, now, write).await?.ok_or(ControlError::Unusable)
    }

    /// Looks after the keys of every provider: makes those that are due, and deletes those whose tokens have expired.
    pub async fn look_after_keys(&self, now: UnixTime) {
        for provider in self.all() {
            if let Err(error) = self.look_after_keys_of(&provider, now).await {
                tracing::warn!(provider = provider.name.as_str(), error = chain(&error), "keys are not looked after");
            }
        }
    }

    async fn look_after_keys_of(&self, provider: &Provider, now: UnixTime) -> Result<(), ControlError> {
        let days = i64::from(provider.settings.key_rotation_days);
        let due_at = provider.keys.newest_made_at().saturating_add(days.saturating_mul(DAY));
        if days > 0 && due_at <= now.seconds() && !provider.keys.has_coming(now) {
            match self.rotate(provider, None, BY_ITSELF, now).await {
                // Another process did it.
                Ok(_) | Err(ControlError::Store(StoreError::Changed(_))) => {}
                Err(error) => return Err(error),
            }
        }
        let over = provider.keys.over(now, provider.settings.longest_token_lifetime());
        for kid in &over {
            let name = &provider.name;
            let write = |entry| async move { self.store.remove_signing_key(name.as_str(), kid, &entry).await };
            self.change(name, &Change::KeyDeleted { provider: name, kid }, BY_ITSELF, now, write).await?;
        }
        Ok(())
    }
}

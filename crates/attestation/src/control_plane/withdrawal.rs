//! Withdrawing a key that signs a provider's tokens, before its last token has expired.

use std::sync::Arc;

use store::WithdrawnKey;
use unix_time::UnixTime;

use super::ControlError;
use crate::audit::Change;
use crate::provider::{Provider, ProviderName, make_key};
use crate::providers::Providers;

/// Withdrawn keys of a provider that are listed at once.
const MAX_WITHDRAWN_KEYS: usize = 64;
/// The longest time in seconds that relying parties keep fetched keys: as long as crate `client` does. A thief of the
/// key can sign tokens of any lifetime, so a withdrawn key is listed for at least this long.
const KEPT_BY_RELYING_PARTIES: i64 = 86_400;
/// Seconds for relying parties with slow clocks.
const SLACK: i64 = 300;

impl Providers {
    /// Withdraws a signing key: from now on it neither signs nor is published, and it is listed as withdrawn until the last token
    /// that it signed would have expired. If it is the key that signs, a new one is made, which signs immediately. A key that is
    /// listed as withdrawn already stays so.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn withdraw_key(
        &self,
        name: &ProviderName,
        kid: &str,
        by: &str,
        now: UnixTime,
    ) -> Result<Arc<Provider>, ControlError> {
        let _one_at_a_time = self.administration.lock().await;
        // Another replica may have changed the keys a moment ago.
        self.reload(name).await?;
        let provider = self.get(name).ok_or(ControlError::Unusable)?;
        if !provider.keys.has(kid) {
            let is_listed = provider.withdrawn_keys(now).any(|withdrawn| withdrawn == kid);
            let unknown = || ControlError::UnknownKey(kid.chars().take(64).collect());
            return if is_listed { Ok(provider) } else { Err(unknown()) };
        }
        if provider.withdrawn_keys(now).count() >= MAX_WITHDRAWN_KEYS {
            return Err(ControlError::TooManyWithdrawnKeys);
        }
        let successor = match provider.signing_key(now)?.kid() == kid {
            false => None,
            true => {
                let algorithm = provider.settings.token_algorithm;
                let (vault, quoter) = (&self.config.vault, self.config.quoter.as_ref());
                Some(make_key(provider.owner(), algorithm, vault, quoter, (now, now)).await?)
            }
        };
        let longest = provider.settings.longest_token_lifetime().max(KEPT_BY_RELYING_PARTIES);
        let withdrawn = WithdrawnKey {
            provider: name.to_string(),
            kid: kid.to_owned(),
            withdrawn_at: now,
            listed_until: now.plus(longest).plus(SLACK),
        };
        let successor_kid = successor.as_ref().map(|key| key.kid.as_str());
        let change = Change::KeyWithdrawn { provider: name, kid, successor: successor_kid };
        let (revision, successor) = (provider.revision, successor.as_ref());
        let write =
            |entry| async move { self.store.withdraw_signing_key(&withdrawn, successor, revision, now, &entry).await };
        self.change(name, &change, by, now, write).await?.ok_or(ControlError::Unusable)
    }
}

//! The heads of the audit's chains, signed, for whoever wants to keep them.

use unix_time::UnixTime;

use super::AdministrationError;
use crate::audit::heads;
use crate::provider::Provider;
use crate::providers::Providers;

impl Providers {
    /// A token of the provider that says how far each replica's audit has come.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn audit_heads(&self, provider: &Provider, now: UnixTime) -> Result<String, AdministrationError> {
        let mut last = self.config.audit.last_heads.lock().await;
        if let Some((second, token)) = &*last
            && *second == now.seconds()
        {
            return Ok(token.clone());
        }
        let token = provider.answer([(heads::CLAIM, heads::claim(&self.store.heads().await?))], now)?;
        *last = Some((now.seconds(), token.clone()));
        Ok(token)
    }
}

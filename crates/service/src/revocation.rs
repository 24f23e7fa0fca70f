//! Revoking attestation tokens before they expire. Whoever has a token may revoke it; a contributor of its provider may revoke any,
//! knowing its id alone.

use std::sync::Arc;

use dcap::UnixTime;
use serde_json::{Value, json};
use store::{RevokedToken, StoreError};
use token::{RevokedTokens, Verifier};

use crate::provider::Provider;
use crate::providers::Providers;

/// Revoked tokens of one provider at a time: the list is in every replica's memory, and relying parties fetch it whole.
const MAX_REVOKED: usize = 10_000;
/// Digits of a token's id.
const JTI: usize = 64;

/// Why a token is not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// What is given as a token's id is none.
    #[error("`jti` is no id of a token of this service")]
    Id,
    /// As many are revoked as a provider may have.
    #[error("provider has {MAX_REVOKED} revoked tokens")]
    TooMany,
    /// The store failed.
    #[error("store failed")]
    Store(#[from] StoreError),
}

impl RevocationError {
    /// A stable name of the fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Id => "token_id_malformed",
            Self::TooMany => "too_many_revoked_tokens",
            Self::Store(_) => "store_failed",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Id => "give the 64 hexadecimal digits of the claim jti",
            Self::TooMany => {
                "replace the provider's signing key: veritee provider rotate-keys; or wait until some have expired"
            }
            Self::Store(_) => "try again; the service's log says what is wrong",
        }
    }
}

/// A token's id, and when it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenId {
    jti: String,
    expires_at: i64,
}

impl TokenId {
    /// Of a token that is not at hand: it counts as one that was issued now, with the longest lifetime.
    pub(crate) fn alone(jti: &str, provider: &Provider, now: UnixTime) -> Result<Self, RevocationError> {
        let jti = is_id(jti).then(|| jti.to_ascii_lowercase()).ok_or(RevocationError::Id)?;
        let lifetime = provider.settings.longest_token_lifetime();
        Ok(Self { jti, expires_at: now.seconds().saturating_add(lifetime) })
    }

    /// Of an attestation token of this provider that is still valid.
    pub(crate) fn of(token: &str, provider: &Provider, now: UnixTime) -> Option<Self> {
        let verifier = Verifier::new(provider.issuer(), provider.jwks(now));
        let claims = verifier.verify_statement(token, now.seconds()).ok()?;
        let jti = claims.get("jti").and_then(Value::as_str).filter(|jti| is_id(jti))?;
        let expires_at = claims.get("exp").and_then(Value::as_i64).filter(|exp| now.seconds() < *exp)?;
        Some(Self { jti: jti.to_owned(), expires_at })
    }
}

fn is_id(jti: &str) -> bool {
    jti.len() == JTI && jti.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Provider {
    /// The tokens that were revoked and have not expired, as relying parties read them.
    pub(crate) fn revoked_tokens(&self, now: UnixTime) -> RevokedTokens {
        let current = self.revoked.iter().filter(|token| now.seconds() < token.expires_at);
        RevokedTokens::new(self.issuer(), now.seconds(), current.map(|token| token.jti.clone()))
    }
}

impl Providers {
    /// Revokes a token; one that is revoked already stays so.
    pub(crate) async fn revoke(
        &self,
        provider: &Provider,
        token: TokenId,
        by: &str,
        now: UnixTime,
    ) -> Result<(), RevocationError> {
        let _one_at_a_time = self.administration.lock().await;
        let current: Arc<Provider> = self.get(&provider.name).ok_or(StoreError::Missing("provider"))?;
        if current.revoked.iter().any(|revoked| revoked.jti == token.jti) {
            return Ok(());
        }
        if current.revoked.iter().filter(|revoked| now.seconds() < revoked.expires_at).count() >= MAX_REVOKED {
            return Err(RevocationError::TooMany);
        }
        let provider = provider.name.to_string();
        let entry = self.config.audit.entry("token.revoke", by, now, json!({"provider": provider, "jti": token.jti}));
        tracing::info!(provider, jti = token.jti, by, "token revoked");
        let revoked = RevokedToken { provider, jti: token.jti, expires_at: token.expires_at };
        self.store.revoke_token(&revoked, now.seconds(), &entry).await?;
        Ok(self.reload(&current.name).await?)
    }
}

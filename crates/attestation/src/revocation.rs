//! Revoking attestation tokens before they expire. The bearer of a token may revoke it; a contributor of its provider may revoke
//! any, by its id alone.

use std::borrow::Cow;

use jose::jws::Jws;
use problem::Problem;
use serde_json::Value;
use store::{RevokedBy, RevokedToken, StoreError};
use token::{RevokedTokens, Verifier};
use unix_time::UnixTime;

use crate::audit::Change;
use crate::provider::{Provider, ProviderName};
use crate::providers::Providers;

/// Unexpired tokens of one provider that contributors revoked.
const MAX_BY_CONTRIBUTORS: usize = 10_000;
/// The same for tokens that their bearers revoked, who may be anybody. Relying parties read lists of up to 1 MiB: both quotas fit,
/// at 67 bytes a token, with the keys that were withdrawn.
const MAX_BY_BEARERS: usize = 5_000;
/// Digits of a token's id.
const JTI: usize = 64;
/// A claim that tokens of the API of 2018 have, and no others.
const CLAIM_OF_2018: &str = "maa-attestationcollateral";

/// Why a token is not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// `jti` is not an id that the service gives.
    #[error("`jti` is not the id of a token of this service")]
    Id,
    /// Contributors have used up their quota.
    #[error("provider has {MAX_BY_CONTRIBUTORS} tokens that contributors revoked")]
    TooMany,
    /// Bearers have used up their quota.
    #[error("provider has {MAX_BY_BEARERS} tokens that their bearers revoked")]
    TooManyByBearers,
    /// The store failed.
    #[error("store failed")]
    Store(#[from] StoreError),
}

impl Problem for RevocationError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Id => "token_id_malformed",
            Self::TooMany => "too_many_revoked_tokens",
            Self::TooManyByBearers => "too_many_tokens_revoked_by_bearers",
            Self::Store(StoreError::UnknownProvider) => "provider_unknown",
            Self::Store(_) => "store_failed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Id => "give the 64 hexadecimal digits of the claim jti",
            Self::TooMany => {
                "withdraw the signing key, which refuses all its tokens: veritee provider withdraw-key; or wait until some have \
                 expired"
            }
            Self::TooManyByBearers => {
                "ask a contributor of the provider to revoke it by its jti, which has a quota of its own; or wait until some have \
                 expired"
            }
            Self::Store(StoreError::UnknownProvider) => "the provider was deleted",
            Self::Store(_) => "try again; the service's log says what is wrong",
        };
        text.into()
    }
}

/// What a text is that is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// An attestation token of the provider that is still valid.
    Token(TokenId),
    /// The same of the API of 2018: it has no id.
    WithoutId,
    /// It names a signing key that was withdrawn, so that it is refused already. Nothing else about it is checked.
    OfWithdrawnKey,
    /// Nothing that could be revoked.
    Other,
}

/// A token's id, and when it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenId {
    jti: String,
    expires_at: i64,
}

impl TokenId {
    /// Of a token that is not at hand: it counts as one that was issued now, with the longest lifetime.
    ///
    /// # Errors
    /// See [`RevocationError`].
    pub fn alone(jti: &str, provider: &Provider, now: UnixTime) -> Result<Self, RevocationError> {
        let jti = is_id(jti).then(|| jti.to_ascii_lowercase()).ok_or(RevocationError::Id)?;
        let lifetime = provider.settings.longest_token_lifetime();
        Ok(Self { jti, expires_at: now.seconds().saturating_add(lifetime) })
    }
}

impl Presented {
    /// Reads a text at that time.
    pub fn of(token: &str, provider: &Provider, now: UnixTime) -> Self {
        let verifier = Verifier::new(provider.issuer(), provider.jwks(now));
        let Ok(claims) = verifier.verify_statement(token, now) else {
            let kid = Jws::decode(token).ok().and_then(|jws| jws.header.kid);
            let is_withdrawn = kid.is_some_and(|kid| provider.withdrawn_keys(now).any(|withdrawn| withdrawn == kid));
            return if is_withdrawn { Self::OfWithdrawnKey } else { Self::Other };
        };
        let Some(expires_at) = claims.get("exp").and_then(Value::as_i64).filter(|exp| now.seconds() < *exp) else {
            return Self::Other;
        };
        match claims.get("jti").and_then(Value::as_str).filter(|jti| is_id(jti)) {
            Some(jti) => Self::Token(TokenId { jti: jti.to_owned(), expires_at }),
            None if claims.contains_key(CLAIM_OF_2018) => Self::WithoutId,
            None => Self::Other,
        }
    }
}

fn is_id(jti: &str) -> bool {
    jti.len() == JTI && jti.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Provider {
    /// The tokens that were revoked and have not expired, and the keys that were withdrawn, as relying parties read them.
    pub fn revoked_tokens(&self, now: UnixTime) -> RevokedTokens {
        let list = RevokedTokens::new(self.issuer(), now, self.revoked.unexpired(now));
        list.withdrawn_keys(self.withdrawn_keys(now).map(str::to_owned))
    }

    /// The ids of withdrawn keys that are listed at that time.
    pub(crate) fn withdrawn_keys(&self, now: UnixTime) -> impl Iterator<Item = &str> {
        let listed = self.withdrawn.iter().filter(move |key| now < key.listed_until);
        listed.map(|key| key.kid.as_str())
    }
}

impl Providers {
    /// Revokes a token that its bearer presented. One at a time: strangers take one of the store's connections at most.
    ///
    /// # Errors
    /// See [`RevocationError`].
    pub async fn revoke_presented(
        &self,
        provider: &Provider,
        token: TokenId,
        by: &str,
        now: UnixTime,
    ) -> Result<(), RevocationError> {
        let _one_at_a_time = self.revoking.lock().await;
        self.revoke(provider, token, RevokedBy::Bearer, by, now).await
    }

    /// Revokes a token for a contributor.
    ///
    /// # Errors
    /// See [`RevocationError`].
    pub async fn revoke_for_contributor(
        &self,
        provider: &Provider,
        token: TokenId,
        by: &str,
        now: UnixTime,
    ) -> Result<(), RevocationError> {
        self.revoke(provider, token, RevokedBy::Contributor, by, now).await
    }

    /// Revokes a token; one that is revoked already stays so.
    async fn revoke(
        &self,
        provider: &Provider,
        token: TokenId,
        kind: RevokedBy,
        by: &str,
        now: UnixTime,
    ) -> Result<(), RevocationError> {
        let (limit, full) = match kind {
            RevokedBy::Bearer => (MAX_BY_BEARERS, RevocationError::TooManyByBearers),
            RevokedBy::Contributor => (MAX_BY_CONTRIBUTORS, RevocationError::TooMany),
        };
        let current = self.get(&provider.name).ok_or(StoreError::UnknownProvider)?;
        if current.revoked.contains(&token.jti) {
            return Ok(());
        }
        // The store checks this too; what is refused here costs no write.
        if current.revoked.count(kind, now) >= limit {
            return Err(full);
        }
        let provider = provider.name.to_string();
        let revoked =
            RevokedToken { provider, jti: token.jti, expires_at: UnixTime::from_seconds(token.expires_at), by: kind };
        let (limit, revoked) = (i64::try_from(limit).unwrap_or(i64::MAX), &revoked);
        let write = |entry| async move { self.store.revoke_token(revoked, limit, now, &entry).await };
        let change = Change::TokenRevoked { provider: &revoked.provider, jti: &revoked.jti };
        match self.config.audit.change(&change, by, now, write).await {
            Ok(_) => {}
            Err(StoreError::Full(_)) => return Err(full),
            Err(error) => return Err(error.into()),
        }
        Ok(self.load_revoked(&current.name).await?)
    }

    /// Reads from the store which tokens of a provider were revoked since those that are known.
    pub(crate) async fn load_revoked(&self, name: &ProviderName) -> Result<(), StoreError> {
        let _one_at_a_time = self.loading.lock().await;
        let Some(provider) = self.get(name) else { return Ok(()) };
        if let Some((number, tokens)) = self.store.revoked_tokens(name.as_str(), provider.revoked.number()).await? {
            provider.revoked.extend(&tokens, number);
        }
        Ok(())
    }
}

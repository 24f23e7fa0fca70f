//! Providers with their signing keys, policies, policy signers and revoked tokens.

mod rows;

use std::time::Duration;

use async_trait::async_trait;
use unix_time::UnixTime;

use crate::audit::Entry;
use crate::error::StoreError;
use crate::signed_request::SignedRequest;

pub use rows::{
    NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, Revision, RevokedBy, RevokedToken, SigningKey,
    WithdrawnKey,
};

/// How often whoever waits for a change looks whether there is one.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What keeps providers. Each method that changes something takes what the audit says of it.
#[async_trait]
pub trait ProviderStore: Send + Sync {
    /// Every provider with all that belongs to it, by name.
    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError>;

    /// One provider with all that belongs to it.
    async fn provider(&self, name: &str) -> Result<Option<ProviderState>, StoreError>;

    /// The number of changes so far: while it stays, nothing changed.
    async fn generation(&self) -> Result<i64, StoreError>;

    /// The number of changes as soon as it is another than the one given.
    ///
    /// # Errors
    /// Where the database fails meanwhile; whoever wants to go on waiting calls again.
    async fn changed_since(&self, generation: i64) -> Result<i64, StoreError> {
        loop {
            let now = self.generation().await?;
            if now != generation {
                return Ok(now);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// How far each provider has come, by name.
    async fn revisions(&self) -> Result<Vec<Revision>, StoreError>;

    /// Makes a provider, with its key and its signers.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of that name exists, or the location has a default already.
    async fn create_provider(&self, new: &NewProvider, entry: &Entry) -> Result<(), StoreError>;

    /// Changes a provider's settings, where it is still of that revision.
    ///
    /// # Errors
    /// [`StoreError::UnknownProvider`] where there is none of that name, [`StoreError::Changed`] where it is of another revision.
    async fn change_settings(&self, name: &str, revision: i64, settings: &str, entry: &Entry)
    -> Result<(), StoreError>;

    /// Deletes a provider with all that belongs to it. Signed requests that it used stay used, for one of its name too.
    ///
    /// # Errors
    /// [`StoreError::UnknownProvider`] where there is none of that name.
    async fn delete_provider(&self, name: &str, entry: &Entry) -> Result<(), StoreError>;

    /// Keeps a signing key, where the provider is still of that revision.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of that key id exists, [`StoreError::UnknownProvider`] where the provider does not,
    /// [`StoreError::Changed`] where it is of another revision.
    async fn add_signing_key(&self, key: &SigningKey, revision: i64, entry: &Entry) -> Result<(), StoreError>;

    /// Deletes a signing key; says whether it was there.
    async fn remove_signing_key(&self, provider: &str, kid: &str, entry: &Entry) -> Result<bool, StoreError>;

    /// Withdraws a signing key, where the provider is still of that revision: deletes the key, keeps that it was withdrawn, and
    /// keeps its successor where there is one. Forgets withdrawn keys of the provider that no longer have to be listed at `now`.
    ///
    /// # Errors
    /// [`StoreError::UnknownProvider`] or [`StoreError::UnknownSigningKey`] where that does not exist, [`StoreError::Changed`] where the provider is of
    /// another revision, [`StoreError::Last`] where the provider would be left without a key.
    async fn withdraw_signing_key(
        &self,
        key: &WithdrawnKey,
        successor: Option<&SigningKey>,
        revision: i64,
        now: UnixTime,
        entry: &Entry,
    ) -> Result<(), StoreError>;

    /// Every change of the policy for an attestation type, newest first.
    async fn policy_history(&self, provider: &str, attestation_type: &str) -> Result<Vec<PolicyChange>, StoreError>;

    /// Puts a change of policy in force, and uses the signed request that it needs; `None` if it needs none.
    ///
    /// # Errors
    /// [`StoreError::Used`] or [`StoreError::Full`] if the request cannot be used, [`StoreError::UnknownProvider`] where the provider
    /// does not exist, [`StoreError::Changed`] where its number is not the next or the request's signer was removed.
    async fn change_policy(
        &self,
        change: &PolicyChange,
        request: Option<&SignedRequest>,
        entry: &Entry,
    ) -> Result<(), StoreError>;

    /// Adds a certificate that policies must be signed under; says whether it was not there before. The request is used
    /// either way.
    ///
    /// # Errors
    /// [`StoreError::Used`] or [`StoreError::Full`] if the request cannot be used, [`StoreError::Changed`] if its signer was
    /// removed, [`StoreError::UnknownProvider`] where the provider does not exist.
    async fn add_policy_signer(
        &self,
        signer: &PolicySigner,
        request: &SignedRequest,
        entry: &Entry,
    ) -> Result<bool, StoreError>;

    /// Removes such a certificate; says whether it was there. The request is used either way.
    ///
    /// # Errors
    /// [`StoreError::Used`] or [`StoreError::Full`] if the request cannot be used, [`StoreError::Changed`] if its signer was
    /// removed, [`StoreError::UnknownProvider`] where the provider does not exist, [`StoreError::Last`] where the certificate is the
    /// only one.
    async fn remove_policy_signer(
        &self,
        provider: &str,
        sha256: &[u8; 32],
        request: &SignedRequest,
        entry: &Entry,
    ) -> Result<bool, StoreError>;

    /// Keeps that a token was revoked, and forgets those of its provider that had expired by `now`; says whether it is news.
    /// `limit` is how many unexpired ones the provider may have that the same kind of caller revoked.
    ///
    /// # Errors
    /// [`StoreError::UnknownProvider`] where the provider does not exist, [`StoreError::Full`] where the limit is reached.
    async fn revoke_token(
        &self,
        token: &RevokedToken,
        limit: i64,
        now: UnixTime,
        entry: &Entry,
    ) -> Result<bool, StoreError>;

    /// The tokens of a provider that were revoked after the change of that number, with the number of the last revocation; none
    /// where the provider does not exist.
    async fn revoked_tokens(&self, provider: &str, after: i64) -> Result<Option<(i64, Vec<RevokedToken>)>, StoreError>;
}

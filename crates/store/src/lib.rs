//! What a service keeps: providers with their keys, policies and signers; who may administer them. One trait, SQLite as the
//! embedded default, PostgreSQL for several replicas.
//!
//! No HTTP and no judgement: rows in, rows out, each method one transaction. Times are seconds since 1970. Every change of
//! anything that belongs to a provider gives the provider a new revision, higher than any before. Every change stands in the
//! audit, or was not made.

mod audit;
mod error;
mod postgres;
mod rows;
mod signed_request;
mod sql;
mod sqlite;

use std::time::Duration;

use async_trait::async_trait;

pub use audit::{BrokenChain, Chain, Entry, Head, Input, PlatformEvidence, RETENTION, Record, link};
pub use error::StoreError;
pub use postgres::Postgres;
pub use rows::{
    AccessKey, Client, NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, Revision, RevokedBy,
    RevokedToken, SigningKey, WithdrawnKey,
};
pub use signed_request::{SignedRequest, signing_input_sha256};
pub use sqlite::Sqlite;

/// How often whoever waits for a change looks whether there is one.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What keeps the audit.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Writes something down that changes nothing else, with what it was decided from. `at` is the time at which the inputs
    /// are used.
    async fn append(
        &self,
        entry: &Entry,
        inputs: &[Input],
        last: &[PlatformEvidence],
        at: i64,
    ) -> Result<(), StoreError>;

    /// The ends of each chain, by replica.
    async fn chains(&self) -> Result<Vec<Chain>, StoreError>;

    /// The last record of each chain, by replica.
    async fn heads(&self) -> Result<Vec<Head>, StoreError> {
        Ok(self.chains().await?.into_iter().map(|chain| chain.head).collect())
    }

    /// The records of a chain after that number and after its anchor, as many as `limit`.
    async fn records(&self, replica: &str, after: i64, limit: i64) -> Result<Vec<Record>, StoreError>;

    /// Something that a decision was made from, by its SHA-256.
    async fn input(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The platforms whose last evidence is kept, those after `after`, as many as `limit`.
    async fn platforms(&self, provider: &str, after: &[u8; 32], limit: i64) -> Result<Vec<[u8; 32]>, StoreError>;

    /// The last evidence of a platform.
    async fn platform_evidence(
        &self,
        provider: &str,
        platform: &[u8; 32],
    ) -> Result<Option<PlatformEvidence>, StoreError>;

    /// The bytes that the records of a chain after that number take.
    async fn records_size(&self, replica: &str, after: i64) -> Result<i64, StoreError>;

    /// The bytes of inputs that were used at that time or later, and of evidence received then.
    async fn inputs_size(&self, since: i64) -> Result<i64, StoreError>;

    /// Adds a record that announces a deletion, with the action [`RETENTION`], to the chain of the anchor, and moves the chain's
    /// anchor there. Returns false and changes nothing if the chain has no such record, or its anchor is there already.
    async fn move_anchor(&self, anchor: &Head, text: &str) -> Result<bool, StoreError>;

    /// Deletes records of a chain up to its anchor, the oldest `limit` of them. Returns how many were deleted.
    async fn delete_records(&self, replica: &str, limit: i64) -> Result<u64, StoreError>;

    /// Deletes inputs last used before that time, and evidence received before it, `limit` of each. Returns how many were
    /// deleted. From then on the database lets inputs from before that time be deleted.
    async fn delete_inputs(&self, before: i64, limit: i64) -> Result<u64, StoreError>;
}

/// What keeps the service's state. Each method that changes something takes what the audit says of it.
#[async_trait]
pub trait Store: AuditLog {
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
    /// [`StoreError::Missing`] where there is none of that name, [`StoreError::Changed`] where it is of another revision.
    async fn change_settings(&self, name: &str, revision: i64, settings: &str, entry: &Entry)
    -> Result<(), StoreError>;

    /// Deletes a provider with all that belongs to it. Signed requests that it used stay used, for one of its name too.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that name.
    async fn delete_provider(&self, name: &str, entry: &Entry) -> Result<(), StoreError>;

    /// Keeps a signing key, where the provider is still of that revision.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of that key id exists, [`StoreError::Missing`] where the provider does not,
    /// [`StoreError::Changed`] where it is of another revision.
    async fn add_signing_key(&self, key: &SigningKey, revision: i64, entry: &Entry) -> Result<(), StoreError>;

    /// Deletes a signing key; says whether it was there.
    async fn remove_signing_key(&self, provider: &str, kid: &str, entry: &Entry) -> Result<bool, StoreError>;

    /// Withdraws a signing key, where the provider is still of that revision: deletes the key, keeps that it was withdrawn, and
    /// keeps its successor where there is one. Forgets withdrawn keys of the provider that no longer have to be listed at `now`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the provider or the key does not exist, [`StoreError::Changed`] where the provider is of
    /// another revision, [`StoreError::Last`] where the provider would be left without a key.
    async fn withdraw_signing_key(
        &self,
        key: &WithdrawnKey,
        successor: Option<&SigningKey>,
        revision: i64,
        now: i64,
        entry: &Entry,
    ) -> Result<(), StoreError>;

    /// Every change of the policy for an attestation type, newest first.
    async fn policy_history(&self, provider: &str, attestation_type: &str) -> Result<Vec<PolicyChange>, StoreError>;

    /// Puts a change of policy in force, and uses the signed request that it needs; `None` if it needs none.
    ///
    /// # Errors
    /// [`StoreError::Used`] or [`StoreError::Full`] if the request cannot be used, [`StoreError::Missing`] where the provider
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
    /// removed, [`StoreError::Missing`] where the provider does not exist.
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
    /// removed, [`StoreError::Missing`] where the provider does not exist, [`StoreError::Last`] where the certificate is the
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
    /// [`StoreError::Missing`] where the provider does not exist, [`StoreError::Full`] where the limit is reached.
    async fn revoke_token(&self, token: &RevokedToken, limit: i64, now: i64, entry: &Entry)
    -> Result<bool, StoreError>;

    /// The tokens of a provider that were revoked after the change of that number, with the number of the last revocation; none
    /// where the provider does not exist.
    async fn revoked_tokens(&self, provider: &str, after: i64) -> Result<Option<(i64, Vec<RevokedToken>)>, StoreError>;

    /// SHA-256 of the administrator's token, where there is one.
    async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError>;

    /// Keeps the SHA-256 of the administrator's token, where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    async fn create_administrator(
        &self,
        token_sha256: &[u8; 32],
        created_at: i64,
        entry: &Entry,
    ) -> Result<(), StoreError>;

    /// The clients of the issuer of access tokens, by name.
    async fn clients(&self) -> Result<Vec<Client>, StoreError>;

    /// One of them.
    async fn client(&self, id: &str) -> Result<Option<Client>, StoreError>;

    /// Keeps a client.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of its id or name exists, [`StoreError::Missing`] where its provider does not.
    async fn create_client(&self, client: &Client, entry: &Entry) -> Result<(), StoreError>;

    /// Deletes a client; says whether it was there.
    async fn delete_client(&self, id: &str, entry: &Entry) -> Result<bool, StoreError>;

    /// The key that access tokens are signed with, where there is one: the first that was made.
    async fn access_key(&self) -> Result<Option<AccessKey>, StoreError>;

    /// Keeps a key for access tokens, where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    async fn create_access_key(&self, key: &AccessKey, entry: &Entry) -> Result<(), StoreError>;
}

//! What a service keeps: providers, their signing keys and policies. One trait, SQLite as the embedded default.
//!
//! No HTTP and no judgement: rows in, rows out, each method one transaction. Times are seconds since 1970.

mod sqlite;

use async_trait::async_trait;
use zeroize::Zeroizing;

pub use sqlite::Sqlite;

/// What keeps the service's state.
#[async_trait]
pub trait Store: Send + Sync {
    /// The provider of that name.
    async fn provider(&self, name: &str) -> Result<Option<Provider>, StoreError>;

    /// Makes a provider.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of that name exists.
    async fn create_provider(&self, provider: &Provider) -> Result<(), StoreError>;

    /// Changes where a provider is reached and where its collateral comes from; never its roots.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none of that name.
    async fn update_provider(
        &self,
        name: &str,
        public_url: &str,
        collateral_path: Option<&str>,
    ) -> Result<(), StoreError>;

    /// The provider's signing keys for that issuer, newest first.
    async fn signing_keys(&self, provider: &str, issuer: &str) -> Result<Vec<SigningKey>, StoreError>;

    /// Keeps a signing key.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of that key id exists, [`StoreError::Missing`] where the provider does not.
    async fn add_signing_key(&self, key: &SigningKey) -> Result<(), StoreError>;

    /// The change that is in force for an attestation type, where the policy was ever changed.
    async fn policy(&self, provider: &str, attestation_type: &str) -> Result<Option<PolicyChange>, StoreError>;

    /// Every change of the policy for an attestation type, newest first.
    async fn policy_history(&self, provider: &str, attestation_type: &str) -> Result<Vec<PolicyChange>, StoreError>;

    /// Puts a change of policy in force, as the next of its type; gives its number, from 1.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the provider does not exist.
    async fn change_policy(&self, change: &NewPolicy) -> Result<i64, StoreError>;

    /// SHA-256 of the administrator's token, where there is one.
    async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError>;

    /// Keeps the SHA-256 of the administrator's token, where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    async fn create_administrator(&self, token_sha256: &[u8; 32], created_at: i64) -> Result<(), StoreError>;
}

/// An attestation provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// The URL it is reached at, which is the issuer of its tokens.
    pub public_url: String,
    /// The root certificate it trusts, in PEM; none is Intel's root.
    pub root_pem: Option<String>,
    /// Where its collateral lies.
    pub collateral_path: Option<String>,
    /// When it was made.
    pub created_at: i64,
}

/// A key that signs a provider's tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Key id in tokens and in the key set.
    pub kid: String,
    /// Whose key it is.
    pub provider: String,
    /// The issuer its certificate names.
    pub issuer: String,
    /// The private key, PKCS#8 in DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// Its self-signed certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// A change of policy, about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPolicy {
    /// Whose policy it is.
    pub provider: String,
    /// What it decides about, such as `SgxEnclave`.
    pub attestation_type: String,
    /// What is set; none resets the policy to its default.
    pub set: Option<SetPolicy>,
    /// When.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
}

/// A policy as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPolicy {
    /// The JWS exactly as it was submitted.
    pub jws: String,
    /// The text in it.
    pub text: String,
}

/// A change of policy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyChange {
    /// Its number, from 1; the highest of a type is in force.
    pub number: i64,
    /// What was set; none where the policy was reset.
    pub set: Option<SetPolicy>,
    /// When.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is one of that name already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// There is none of that name.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// The database was written by a later version.
    #[error("database has schema version {found}, this version of veritee knows up to {known}")]
    Newer {
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// The database did not answer as it should.
    #[error("database failed")]
    Database(#[from] sqlx::Error),
}

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

    /// The provider's policy for an attestation type, where one was set.
    async fn policy(&self, provider: &str, attestation_type: &str) -> Result<Option<Policy>, StoreError>;

    /// Sets the provider's policy for an attestation type in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where the provider does not exist.
    async fn set_policy(&self, policy: &Policy) -> Result<(), StoreError>;
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

/// A policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whose policy it is.
    pub provider: String,
    /// What it decides about, such as `SgxEnclave`.
    pub attestation_type: String,
    /// Its text.
    pub text: String,
    /// When it was set.
    pub set_at: i64,
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

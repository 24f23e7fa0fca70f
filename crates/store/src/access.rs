//! Who may administer: the administrator, the clients of the built-in issuer, and the key of their access tokens.

use async_trait::async_trait;
use unix_time::UnixTime;

use crate::audit::Entry;
use crate::error::StoreError;

/// A client of the built-in issuer of access tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of its secret.
    pub secret_sha256: [u8; 32],
    /// What it may do.
    pub role: String,
    /// With which provider; none is every one.
    pub provider: Option<String>,
    /// The first second in which it gets no more tokens.
    pub expires_at: UnixTime,
    /// When it was made.
    pub created_at: UnixTime,
    /// By whom.
    pub created_by: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Client");
        debug.field("id", &self.id).field("name", &self.name).field("role", &self.role);
        debug.field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// A key that access tokens are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Key id.
    pub kid: String,
    /// The key, sealed by the service.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: UnixTime,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What keeps who may administer. Each method that changes something takes what the audit says of it.
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// SHA-256 of the administrator's token, where there is one.
    async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError>;

    /// Keeps the SHA-256 of the administrator's token, where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    async fn create_administrator(
        &self,
        token_sha256: &[u8; 32],
        created_at: UnixTime,
        entry: &Entry,
    ) -> Result<(), StoreError>;

    /// The clients of the issuer of access tokens, by name.
    async fn clients(&self) -> Result<Vec<Client>, StoreError>;

    /// One of them.
    async fn client(&self, id: &str) -> Result<Option<Client>, StoreError>;

    /// Keeps a client.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where one of its id or name exists, [`StoreError::UnknownProvider`] where its provider does not.
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

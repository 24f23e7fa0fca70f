//! Clients of the service's own issuer of access tokens.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use store::{Client, StoreError};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use super::{Access, AccessError, Caller, Grant, Role};
use crate::audit::Change;
use crate::base64;
use crate::hashes::sha256;
use crate::provider::ProviderName;

/// Bytes of a secret, and of an id.
const SECRET: usize = 32;
const ID: usize = 16;

/// A client about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    /// For people, and for the history.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// With which provider; none is every one.
    pub provider: Option<ProviderName>,
    /// The first second in which it gets no more tokens.
    pub expires_at: UnixTime,
}

/// What a client proves itself with; shown once, and never kept.
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// Returns the secret, for the answer to the request that made the client.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret(redacted)")
    }
}

impl Access {
    /// An access token with the seconds that it is valid, for whoever knows the client's secret.
    ///
    /// # Errors
    /// See [`AccessError`].
    pub async fn token_for(
        &self,
        id: &str,
        secret: &str,
        peer: Option<IpAddr>,
        now: UnixTime,
    ) -> Result<(String, i64), AccessError> {
        let digest = sha256(&[secret.as_bytes()]);
        let client = self.store.client(id).await?;
        // As much work for an id that does not exist.
        let kept = client.as_ref().map_or([0; 32], |client| client.secret_sha256);
        let is_right = verify_slices_are_equal(&digest, &kept).is_ok();
        match client.filter(|client| is_right && now < client.expires_at) {
            Some(client) => Ok((self.tokens.issue(&client.id, now), super::tokens::LIFETIME)),
            None => {
                self.failures.note(peer, now)?;
                Err(AccessError::ClientRefused)
            }
        }
    }

    /// Whose access token it is. The client is asked of the store, so that one deleted a moment ago is refused.
    pub(super) async fn client_of(&self, token: &str, now: UnixTime) -> Result<Caller, AccessError> {
        let id = self.tokens.client_of(token, now)?;
        let gone = AccessError::TokenRefused("its client is gone or has expired");
        let Some(client) = self.store.client(&id).await?.filter(|client| now < client.expires_at) else {
            return Err(gone);
        };
        let provider = client.provider.as_deref().map(ProviderName::parse).transpose();
        match (Role::from_name(&client.role), provider) {
            (Some(role), Ok(provider)) => Ok(Caller { name: client.name, grants: vec![Grant { role, provider }] }),
            _ => Err(gone),
        }
    }

    /// Makes a client; its secret is shown to whoever made it and kept as a hash.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn create_client(
        &self,
        new: NewClient,
        by: &Caller,
        now: UnixTime,
    ) -> Result<(Client, ClientSecret), AccessError> {
        let (mut id, mut secret) = ([0; ID], Zeroizing::new([0; SECRET]));
        let random = rand::fill(&mut id).and_then(|()| rand::fill(secret.as_mut_slice()));
        random.map_err(|_| AccessError::Random)?;
        let secret = Zeroizing::new(base64::encode(secret.as_slice()));
        let client = Client {
            id: hex::encode(id),
            name: new.name,
            secret_sha256: sha256(&[secret.as_bytes()]),
            role: new.role.as_str().to_owned(),
            provider: new.provider.map(|name| name.to_string()),
            expires_at: new.expires_at,
            created_at: now,
            created_by: by.name.clone(),
        };
        let created = &client;
        let write = |entry| async move { self.store.create_client(created, &entry).await };
        self.audit.change(&Change::ClientCreated(created), &by.name, now, write).await?;
        Ok((client, ClientSecret(secret)))
    }

    /// Every client, by name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.store.clients().await
    }

    /// Deletes a client: its access tokens are refused from now on. Says whether it was there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete_client(&self, id: &str, by: &Caller, now: UnixTime) -> Result<bool, StoreError> {
        let write = |entry| async move { self.store.delete_client(id, &entry).await };
        self.audit.change_if_there(&Change::ClientDeleted { id }, &by.name, now, write).await
    }
}

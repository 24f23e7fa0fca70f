//! Every call ends: what the server or the network does not end ends here.

use std::time::Duration;

use async_trait::async_trait;

use super::{CALL, Postgres};
use crate::rows::{AccessKey, Client, NewProvider, PolicyChange, PolicySigner, ProviderState, SigningKey};
use crate::{Store, StoreError};

/// What a call gives, where it does so in time. A change that was not answered in time may have been made or not.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(Err(StoreError::Database(sqlx::Error::PoolTimedOut))) | Err(_) => Err(StoreError::Unanswered),
        Ok(result) => result,
    }
}

/// Implements [`Store`] by the statements, each call within [`CALL`].
macro_rules! bounded {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        #[async_trait]
        impl Store for Postgres {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                    within(CALL, self.statements.$name($($argument),*)).await
                }
            )*

            async fn changed_since(&self, generation: i64) -> Result<i64, StoreError> {
                self.wait(generation).await
            }
        }
    };
}

bounded! {
    fn providers() -> Vec<ProviderState>;
    fn provider(name: &str) -> Option<ProviderState>;
    fn generation() -> i64;
    fn revisions() -> Vec<(String, i64)>;
    fn create_provider(new: &NewProvider) -> ();
    fn change_settings(name: &str, revision: i64, settings: &str) -> ();
    fn delete_provider(name: &str) -> ();
    fn add_signing_key(key: &SigningKey, revision: i64) -> ();
    fn remove_signing_key(provider: &str, kid: &str) -> bool;
    fn policy_history(provider: &str, attestation_type: &str) -> Vec<PolicyChange>;
    fn change_policy(change: &PolicyChange) -> ();
    fn add_policy_signer(signer: &PolicySigner) -> bool;
    fn remove_policy_signer(provider: &str, sha256: &[u8; 32]) -> bool;
    fn administrator() -> Option<[u8; 32]>;
    fn create_administrator(token_sha256: &[u8; 32], created_at: i64) -> ();
    fn clients() -> Vec<Client>;
    fn client(id: &str) -> Option<Client>;
    fn create_client(client: &Client) -> ();
    fn delete_client(id: &str) -> bool;
    fn access_key() -> Option<AccessKey>;
    fn create_access_key(key: &AccessKey) -> ();
}

//! Every call ends: what the server or the network does not end ends here.

use std::time::Duration;

use async_trait::async_trait;

use super::{CALL, Postgres};
use crate::audit::{Chain, Entry, Head, Input, PlatformEvidence, Record};
use crate::rows::{
    AccessKey, Client, NewProvider, PolicyChange, PolicySigner, ProviderState, Revision, RevokedToken, SigningKey,
    WithdrawnKey,
};
use crate::signed_request::SignedRequest;
use crate::{AuditLog, Store, StoreError};

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

/// Implements a trait by the statements, each call within [`CALL`]; what is given beside is taken as it is.
macro_rules! bounded {
    ($trait:ident: $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)* $(as it is: $($other:tt)*)?) => {
        #[async_trait]
        impl $trait for Postgres {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                    within(CALL, self.statements.$name($($argument),*)).await
                }
            )*
            $($($other)*)?
        }
    };
}

bounded! {
    AuditLog:
    fn append(entry: &Entry, inputs: &[Input], last: &[PlatformEvidence], at: i64) -> ();
    fn chains() -> Vec<Chain>;
    fn records(replica: &str, after: i64, limit: i64) -> Vec<Record>;
    fn input(sha256: &[u8; 32]) -> Option<Vec<u8>>;
    fn platforms(provider: &str, after: &[u8; 32], limit: i64) -> Vec<[u8; 32]>;
    fn platform_evidence(provider: &str, platform: &[u8; 32]) -> Option<PlatformEvidence>;
    fn records_size(replica: &str, after: i64) -> i64;
    fn inputs_size(since: i64) -> i64;
    fn move_anchor(anchor: &Head, text: &str) -> bool;
    fn delete_records(replica: &str, limit: i64) -> u64;
    fn delete_inputs(before: i64, limit: i64) -> u64;
}

bounded! {
    Store:
    fn providers() -> Vec<ProviderState>;
    fn provider(name: &str) -> Option<ProviderState>;
    fn generation() -> i64;
    fn revisions() -> Vec<Revision>;
    fn create_provider(new: &NewProvider, entry: &Entry) -> ();
    fn change_settings(name: &str, revision: i64, settings: &str, entry: &Entry) -> ();
    fn delete_provider(name: &str, entry: &Entry) -> ();
    fn add_signing_key(key: &SigningKey, revision: i64, entry: &Entry) -> ();
    fn remove_signing_key(provider: &str, kid: &str, entry: &Entry) -> bool;
    fn withdraw_signing_key(
        key: &WithdrawnKey, successor: Option<&SigningKey>, revision: i64, now: i64, entry: &Entry
    ) -> ();
    fn policy_history(provider: &str, attestation_type: &str) -> Vec<PolicyChange>;
    fn change_policy(change: &PolicyChange, request: Option<&SignedRequest>, entry: &Entry) -> ();
    fn add_policy_signer(signer: &PolicySigner, request: &SignedRequest, entry: &Entry) -> bool;
    fn remove_policy_signer(provider: &str, sha256: &[u8; 32], request: &SignedRequest, entry: &Entry) -> bool;
    fn revoke_token(token: &RevokedToken, limit: i64, now: i64, entry: &Entry) -> bool;
    fn revoked_tokens(provider: &str, after: i64) -> Option<(i64, Vec<RevokedToken>)>;
    fn administrator() -> Option<[u8; 32]>;
    fn create_administrator(token_sha256: &[u8; 32], created_at: i64, entry: &Entry) -> ();
    fn clients() -> Vec<Client>;
    fn client(id: &str) -> Option<Client>;
    fn create_client(client: &Client, entry: &Entry) -> ();
    fn delete_client(id: &str, entry: &Entry) -> bool;
    fn access_key() -> Option<AccessKey>;
    fn create_access_key(key: &AccessKey, entry: &Entry) -> ();
    as it is:
    async fn changed_since(&self, generation: i64) -> Result<i64, StoreError> {
        self.wait(generation).await
    }
}

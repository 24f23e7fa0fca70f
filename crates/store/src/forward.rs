//! The traits of all areas for a store whose statements stand in a field.

/// Implements a trait by the methods of the same names of the field `statements`, each call within `$bound`.
macro_rules! forward {
    ($trait:ident for $store:ty, $bound:path: $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)* as it is: $($other:tt)*) => {
        #[async_trait]
        impl $trait for $store {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$result, StoreError> {
                    $bound(self.statements.$name($($argument),*)).await
                }
            )*
            $($other)*
        }
    };
}

/// Implements the traits of all areas for a type with the field `statements`. What is given besides goes into
/// [`ProviderStore`](crate::ProviderStore) as it is.
macro_rules! forward_all {
    ($store:ty, $bound:path, $($other:tt)*) => {
        use async_trait::async_trait;
        use unix_time::UnixTime;

        use crate::access::{AccessKey, AccessStore, Client};
        use crate::audit::{AuditLog, Chain, Entry, Head, Input, PlatformEvidence, Record};
        use crate::providers::{
            NewProvider, PolicyChange, PolicySigner, ProviderState, ProviderStore, Revision, RevokedToken, SigningKey,
            WithdrawnKey,
        };
        use crate::signed_request::SignedRequest;

        $crate::forward::forward! {
            ProviderStore for $store, $bound:
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
                key: &WithdrawnKey, successor: Option<&SigningKey>, revision: i64, now: UnixTime, entry: &Entry
            ) -> ();
            fn policy_history(provider: &str, attestation_type: &str) -> Vec<PolicyChange>;
            fn change_policy(change: &PolicyChange, request: Option<&SignedRequest>, entry: &Entry) -> ();
            fn add_policy_signer(signer: &PolicySigner, request: &SignedRequest, entry: &Entry) -> bool;
            fn remove_policy_signer(provider: &str, sha256: &[u8; 32], request: &SignedRequest, entry: &Entry) -> bool;
            fn revoke_token(token: &RevokedToken, limit: i64, now: UnixTime, entry: &Entry) -> bool;
            fn revoked_tokens(provider: &str, after: i64) -> Option<(i64, Vec<RevokedToken>)>;
            as it is: $($other)*
        }

        $crate::forward::forward! {
            AccessStore for $store, $bound:
            fn administrator() -> Option<[u8; 32]>;
            fn create_administrator(token_sha256: &[u8; 32], created_at: UnixTime, entry: &Entry) -> ();
            fn clients() -> Vec<Client>;
            fn client(id: &str) -> Option<Client>;
            fn create_client(client: &Client, entry: &Entry) -> ();
            fn delete_client(id: &str, entry: &Entry) -> bool;
            fn access_key() -> Option<AccessKey>;
            fn create_access_key(key: &AccessKey, entry: &Entry) -> ();
            as it is:
        }

        $crate::forward::forward! {
            AuditLog for $store, $bound:
            fn append(entry: &Entry, inputs: &[Input], last: &[PlatformEvidence], at: UnixTime) -> ();
            fn chains() -> Vec<Chain>;
            fn records(replica: &str, after: i64, limit: i64) -> Vec<Record>;
            fn input(sha256: &[u8; 32]) -> Option<Vec<u8>>;
            fn platforms(provider: &str, after: &[u8; 32], limit: i64) -> Vec<[u8; 32]>;
            fn platform_evidence(provider: &str, platform: &[u8; 32]) -> Option<PlatformEvidence>;
            fn records_size(replica: &str, after: i64) -> i64;
            fn inputs_size(since: UnixTime) -> i64;
            fn move_anchor(anchor: &Head, text: &str) -> bool;
            fn delete_records(replica: &str, limit: i64) -> u64;
            fn delete_inputs(before: UnixTime, limit: i64) -> u64;
            as it is:
        }
    };
}

pub(crate) use {forward, forward_all};

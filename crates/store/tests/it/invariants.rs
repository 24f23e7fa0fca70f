//! What holds of a store whenever it is looked at, and writers that put it to the test.

use problem::Problem;
use store::{SignedRequest, Store, StoreError};

use crate::audit::chains;
use crate::rows::{access_key, at, change, client, entry, key, provider, request, revoked, signer, withdrawn};

/// Every provider has its key and its signers, the policies have no gaps, no revision is higher than the last change, and every
/// change stands in the audit.
pub async fn hold(store: &dyn Store) {
    let states = store.providers().await.unwrap();
    let generation = store.generation().await.unwrap();
    for state in &states {
        let provider = &state.provider;
        assert!(!state.keys.is_empty(), "{provider:?} has no key");
        assert!(!state.signers.is_empty(), "{provider:?} has no signer");
        let last = provider.revision.max(provider.revocations);
        assert!(last <= generation, "{provider:?} is of a change that was not counted: {generation}");
        for policy in &state.policies {
            let history = store.policy_history(&provider.name, &policy.attestation_type).await.unwrap();
            let numbers: Vec<i64> = history.iter().rev().map(|change| change.number).collect();
            assert_eq!(numbers, (1..=policy.number).collect::<Vec<_>>(), "{provider:?}");
        }
    }
    let written = chains(store).await.len();
    assert_eq!(i64::try_from(written).unwrap(), store.generation().await.unwrap(), "changes are written down");
    let exists = |name: &String| states.iter().any(|state| state.provider.name == *name);
    for client in store.clients().await.unwrap() {
        assert!(client.provider.iter().all(exists), "{client:?} outlived its provider");
    }
}

/// The writing methods, by number: each changes something where it is called after those before it.
pub const WRITES: usize = 15;

/// Calls a writing method of a store; what it has to know of what is there is read from another handle. Whoever calls it again
/// because it was cut off uses the same signed request.
pub async fn write(store: &dyn Store, reader: &dyn Store, number: usize) -> Result<(), StoreError> {
    write_with(store, reader, number, &request(number as u64)).await
}

async fn write_with(
    store: &dyn Store,
    reader: &dyn Store,
    number: usize,
    request: &SignedRequest,
) -> Result<(), StoreError> {
    let state = reader.provider("one").await?;
    let revision = state.as_ref().map_or(0, |state| state.provider.revision);
    let last = state.and_then(|state| state.policies.first().map(|policy| policy.number)).unwrap_or(0);
    match number {
        0 => store.create_provider(&provider("one"), &entry()).await,
        1 => store.change_settings("one", revision, "{\"a\":1}", &entry()).await,
        2 => store.add_signing_key(&key("another", "one", 2), revision, &entry()).await,
        3 => store.remove_signing_key("one", "another", &entry()).await.map(drop),
        4 => store.change_policy(&change(last + 1, Some("text")), Some(request), &entry()).await,
        5 => store.change_policy(&change(last + 1, None), None, &entry()).await,
        6 => store.add_policy_signer(&signer("one", 2), request, &entry()).await.map(drop),
        7 => store.remove_policy_signer("one", &[1; 32], request, &entry()).await.map(drop),
        8 => store.create_client(&client("id", "name", Some("one")), &entry()).await,
        9 => store.delete_client("id", &entry()).await.map(drop),
        10 => store.create_administrator(&[7; 32], at(1), &entry()).await,
        11 => store.create_access_key(&access_key("a"), &entry()).await,
        12 => store.revoke_token(&revoked("id", 9), 10, at(1), &entry()).await.map(drop),
        13 => {
            let successor = key("successor", "one", 3);
            let withdrawn = withdrawn("key of one", 9);
            store.withdraw_signing_key(&withdrawn, Some(&successor), revision, at(1), &entry()).await
        }
        _ => store.delete_provider("one", &entry()).await,
    }
}

/// What the next version might add to the schema, in SQL of both databases.
pub const NEXT_MIGRATION: &str = "ALTER TABLE provider ADD COLUMN note TEXT; \
     CREATE TABLE endorsement (id BIGINT PRIMARY KEY, provider TEXT REFERENCES provider(name) ON DELETE CASCADE);";

/// Calls each writing method once.
pub async fn every_write_works(store: &dyn Store) {
    for number in 0..WRITES {
        write(store, store, number).await.unwrap_or_else(|error| panic!("{number}: {error:?}"));
    }
    hold(store).await;
}

/// The refusal of a database that is more than one version ahead of this one says what to do.
pub fn too_new(error: &StoreError, own: i64) {
    let StoreError::Newer { found, known } = error else { panic!("{error:?}") };
    assert!(*known == own && *found > own + 1, "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "database has schema version {found}; this version of veritee knows {known} and opens at most one version newer"
        )
    );
    assert_eq!(error.help(), "start the version of veritee that wrote the database, or the one before it");
}

/// Calls writing methods in no order until one of them breaks off by what `goes_on` says of its result.
pub async fn write_at_random(store: &dyn Store, seed: u64, mut goes_on: impl FnMut(Result<(), StoreError>) -> bool) {
    let mut random = seed;
    loop {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Mostly policies, so that there is a history when the provider is deleted.
        let number = match (random >> 33) as usize % 40 {
            number if number < WRITES => number,
            number => 4 + number % 2,
        };
        // Either signer may have been removed by then.
        let signer = if random >> 63 == 0 { [1; 32] } else { [2; 32] };
        let request = SignedRequest { signer, ..request(random) };
        if !goes_on(write_with(store, store, number, &request).await) {
            return;
        }
    }
}

/// Everything that can be seen of a store.
pub async fn everything(store: &dyn Store) -> String {
    let history = store.policy_history("one", "SgxEnclave").await.unwrap();
    let access = store.access_key().await.unwrap().map(|key| key.kid);
    let numbers = (store.generation().await.unwrap(), store.revisions().await.unwrap());
    let clients = store.clients().await.unwrap();
    let audit = chains(store).await.len();
    format!(
        "{:?}",
        (
            numbers,
            store.providers().await.unwrap(),
            history,
            clients,
            store.administrator().await.unwrap(),
            access,
            audit
        )
    )
}

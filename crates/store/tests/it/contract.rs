//! What every store does.

use store::{RevokedBy, RevokedToken, SignedRequest, Store, StoreError, signing_input_sha256};

use crate::rows::{access_key, at, change, client, entry, key, provider, request, revoked, signer, withdrawn};

pub use crate::audit::{
    an_input_is_kept_while_it_is_used, chains_of_writers_at_once_have_no_gaps,
    every_change_is_written_down_and_nothing_that_was_refused, of_each_platform_the_last_evidence_is_kept,
    retention_deletes_the_beginning_of_a_chain_and_nothing_else, what_decisions_were_made_from_is_kept_once,
};

/// Makes a test of each contract against a store that `open` makes anew; where it gives none, there is nothing to test.
macro_rules! every_store {
    ($open:path) => {
        crate::contract::every_store! { $open:
            a_provider_is_made_with_all_that_it_needs,
            a_name_is_taken_once_and_a_location_has_one_default,
            a_provider_whose_key_exists_is_not_half_made,
            settings_change_where_nobody_else_changed_the_provider,
            every_change_of_a_provider_is_seen_by_its_revision,
            every_change_is_counted,
            what_belongs_to_no_provider_is_refused,
            a_deleted_provider_leaves_nothing_but_used_requests,
            a_client_is_made_before_its_provider_is_deleted_or_not_at_all,
            signing_keys_come_those_that_sign_last_first,
            the_last_change_of_a_policy_is_in_force_and_all_are_kept,
            of_writers_at_once_one_changes_the_policy,
            the_last_signer_stays,
            a_request_is_used_once_whatever_it_is_used_for,
            a_request_whose_change_is_refused_is_not_used,
            of_replicas_at_once_one_uses_a_request,
            a_request_whose_signer_was_removed_in_the_meantime_is_refused,
            what_a_deleted_provider_used_stays_used,
            policies_of_an_isolated_provider_stay_used_though_nobody_recorded_them,
            a_provider_uses_as_many_requests_as_it_may,
            a_revoked_token_is_kept_until_it_expires,
            revocations_do_not_make_changes_of_the_provider_fail,
            tokens_revoked_by_their_bearers_leave_room_for_contributors,
            revocations_after_a_number_are_read_alone,
            a_withdrawn_key_is_kept_while_it_is_listed,
            the_last_signing_key_is_not_withdrawn_without_a_successor,
            there_is_one_administrator,
            clients_have_names_of_their_own,
            names_are_ordered_by_their_bytes,
            there_is_one_key_for_access_tokens,
            every_change_is_written_down_and_nothing_that_was_refused,
            chains_of_writers_at_once_have_no_gaps,
            what_decisions_were_made_from_is_kept_once,
            of_each_platform_the_last_evidence_is_kept,
            retention_deletes_the_beginning_of_a_chain_and_nothing_else,
            an_input_is_kept_while_it_is_used,
        }
    };
    ($open:path: $($contract:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $contract() {
                if let Some((_keep, store)) = $open().await {
                    crate::contract::$contract(std::sync::Arc::new(store)).await;
                }
            }
        )*
    };
}
pub(crate) use every_store;

pub type Shared = std::sync::Arc<dyn Store>;

/// The number of changes, and the revision of provider `one`.
async fn numbers(store: &Shared) -> (i64, i64) {
    let revisions = store.revisions().await.unwrap();
    let revision = revisions.iter().find(|of| of.name == "one").map_or(0, |of| of.revision);
    (store.generation().await.unwrap(), revision)
}

pub async fn a_provider_is_made_with_all_that_it_needs(store: Shared) {
    for name in ["two", "one"] {
        store.create_provider(&provider(name), &entry()).await.unwrap();
    }
    let states = store.providers().await.unwrap();
    assert_eq!(states.iter().map(|state| state.provider.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    for state in states {
        let mut made = provider(&state.provider.name);
        made.provider.revision = state.provider.revision;
        assert_eq!(state.provider.revocations, 0);
        assert_eq!(state.provider, made.provider);
        assert_eq!((&state.keys, &state.signers), (&vec![made.key], &made.signers));
        assert_eq!(store.provider(&state.provider.name).await.unwrap().unwrap(), state);
    }
    assert_eq!(store.provider("other").await.unwrap(), None);
}

pub async fn a_name_is_taken_once_and_a_location_has_one_default(store: Shared) {
    let mut default = provider("one");
    default.provider.is_location_default = true;
    store.create_provider(&default, &entry()).await.unwrap();
    assert!(matches!(store.create_provider(&provider("one"), &entry()).await, Err(StoreError::Exists("provider"))));
    let mut second = provider("two");
    second.provider.is_location_default = true;
    assert!(matches!(store.create_provider(&second, &entry()).await, Err(StoreError::Exists("provider"))));
    second.provider.location = "elsewhere".to_owned();
    store.create_provider(&second, &entry()).await.unwrap();
}

pub async fn a_provider_whose_key_exists_is_not_half_made(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let mut second = provider("two");
    second.key.kid = "key of one".to_owned();
    assert!(matches!(store.create_provider(&second, &entry()).await, Err(StoreError::Exists("signing key"))));
    assert_eq!(store.provider("two").await.unwrap(), None);
    store.create_provider(&provider("two"), &entry()).await.unwrap();
}

pub async fn settings_change_where_nobody_else_changed_the_provider(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let (_, revision) = numbers(&store).await;
    store.change_settings("one", revision, "{\"a\":1}", &entry()).await.unwrap();
    let stale = store.change_settings("one", revision, "{\"a\":2}", &entry()).await;
    assert!(matches!(stale, Err(StoreError::Changed("provider"))));
    assert_eq!(store.provider("one").await.unwrap().unwrap().provider.settings, "{\"a\":1}");
    assert!(matches!(store.change_settings("two", 0, "{}", &entry()).await, Err(StoreError::UnknownProvider)));
}

pub async fn every_change_of_a_provider_is_seen_by_its_revision(store: Shared) {
    assert_eq!(numbers(&store).await, (0, 0));
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_provider(&provider("two"), &entry()).await.unwrap();
    let mut last = numbers(&store).await;
    let two = store.revisions().await.unwrap()[1].clone();
    for step in 0..5 {
        match step {
            0 => store.change_settings("one", last.1, "{}", &entry()).await.unwrap(),
            1 => store.change_policy(&change(1, None), None, &entry()).await.unwrap(),
            2 => store.add_signing_key(&key("another", "one", 2), last.1, &entry()).await.unwrap(),
            3 => assert!(store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await.unwrap()),
            _ => assert!(store.remove_policy_signer("one", &[1; 32], &request(2), &entry()).await.unwrap()),
        }
        let now = numbers(&store).await;
        assert!(now.0 > last.0 && now.1 > last.1 && now.1 <= now.0, "{step}");
        last = now;
    }
    assert_eq!(store.revisions().await.unwrap()[1], two, "the other one stays");
    store.delete_provider("one", &entry()).await.unwrap();
    assert!(numbers(&store).await.0 > last.0);
}

pub async fn every_change_is_counted(store: Shared) {
    store.create_administrator(&[7; 32], at(1), &entry()).await.unwrap();
    store.create_client(&client("1", "a", None), &entry()).await.unwrap();
    assert!(store.delete_client("1", &entry()).await.unwrap());
    store.create_access_key(&access_key("a"), &entry()).await.unwrap();
    assert_eq!(store.generation().await.unwrap(), 4);
    // What changed nothing does not count.
    assert!(!store.delete_client("1", &entry()).await.unwrap());
    store.create_administrator(&[7; 32], at(1), &entry()).await.unwrap_err();
    store.create_access_key(&access_key("b"), &entry()).await.unwrap_err();
    assert_eq!(store.generation().await.unwrap(), 4);
}

pub async fn what_belongs_to_no_provider_is_refused(store: Shared) {
    let missing = |error: Result<(), StoreError>| matches!(error, Err(StoreError::UnknownProvider));
    assert!(missing(store.add_signing_key(&key("a", "one", 1), 0, &entry()).await));
    assert!(missing(store.change_policy(&change(1, None), None, &entry()).await));
    assert!(missing(store.add_policy_signer(&signer("one", 1), &request(1), &entry()).await.map(drop)));
    assert!(missing(store.remove_policy_signer("one", &[1; 32], &request(1), &entry()).await.map(drop)));
    assert!(missing(store.create_client(&client("id", "name", Some("one")), &entry()).await));
    assert!(missing(store.delete_provider("one", &entry()).await));
}

pub async fn a_deleted_provider_leaves_nothing_but_used_requests(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_provider(&provider("two"), &entry()).await.unwrap();
    store.change_policy(&change(1, Some("text")), None, &entry()).await.unwrap();
    store.create_client(&client("id", "name", Some("one")), &entry()).await.unwrap();
    store.delete_provider("one", &entry()).await.unwrap();
    assert_eq!(store.provider("one").await.unwrap(), None);
    assert_eq!(store.policy_history("one", "SgxEnclave").await.unwrap(), []);
    assert_eq!(store.client("id").await.unwrap(), None);
    // A new one of the name begins anew.
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    assert_eq!(store.provider("one").await.unwrap().unwrap().policies, []);
    assert_eq!(store.providers().await.unwrap().len(), 2);
}

pub async fn a_client_is_made_before_its_provider_is_deleted_or_not_at_all(store: Shared) {
    for _ in 0..20 {
        store.create_provider(&provider("one"), &entry()).await.unwrap();
        let other = Shared::clone(&store);
        let made = tokio::spawn(async move { other.create_client(&client("id", "name", Some("one")), &entry()).await });
        store.delete_provider("one", &entry()).await.unwrap();
        let made = made.await.unwrap();
        assert!(matches!(made, Ok(()) | Err(StoreError::UnknownProvider)), "{made:?}");
        assert_eq!(store.clients().await.unwrap(), []);
    }
}

pub async fn signing_keys_come_those_that_sign_last_first(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    for (kid, signs_from) in [("c", 3), ("b", 2)] {
        let (_, revision) = numbers(&store).await;
        store.add_signing_key(&key(kid, "one", signs_from), revision, &entry()).await.unwrap();
        let stale = store.add_signing_key(&key("d", "one", 9), revision, &entry()).await;
        assert!(matches!(stale, Err(StoreError::Changed("provider"))));
    }
    let kids = async || -> Vec<String> {
        store.provider("one").await.unwrap().unwrap().keys.into_iter().map(|key| key.kid).collect()
    };
    assert_eq!(kids().await, ["c", "b", "key of one"]);
    let (_, revision) = numbers(&store).await;
    let again = store.add_signing_key(&key("b", "one", 9), revision, &entry()).await;
    assert!(matches!(again, Err(StoreError::Exists("signing key"))));
    assert!(store.remove_signing_key("one", "b", &entry()).await.unwrap());
    assert!(!store.remove_signing_key("one", "b", &entry()).await.unwrap());
    assert!(!store.remove_signing_key("two", "c", &entry()).await.unwrap());
    assert_eq!(kids().await, ["c", "key of one"]);
}

pub async fn the_last_change_of_a_policy_is_in_force_and_all_are_kept(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    for (number, text) in (1..).zip([Some("version=1.0;"), None, Some("version= 1.0;")]) {
        store.change_policy(&change(number, text), None, &entry()).await.unwrap();
        assert_eq!(store.provider("one").await.unwrap().unwrap().policies, [change(number, text)]);
    }
    let mut other = change(1, None);
    other.attestation_type = "OpenEnclave".to_owned();
    store.change_policy(&other, None, &entry()).await.unwrap();
    assert_eq!(store.provider("one").await.unwrap().unwrap().policies.len(), 2);
    let history = store.policy_history("one", "SgxEnclave").await.unwrap();
    assert_eq!(history, [change(3, Some("version= 1.0;")), change(2, None), change(1, Some("version=1.0;"))]);
}

pub async fn of_writers_at_once_one_changes_the_policy(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = Shared::clone(&store);
            tokio::spawn(async move { store.change_policy(&change(1, Some("text")), None, &entry()).await })
        })
        .collect();
    let mut done = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, StoreError::Changed("policy")), "{error:?}"),
        }
    }
    assert_eq!(done, 1);
    assert!(
        matches!(store.change_policy(&change(3, None), None, &entry()).await, Err(StoreError::Changed("policy"))),
        "no gaps"
    );
}

pub async fn the_last_signer_stays(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    assert!(!store.add_policy_signer(&signer("one", 1), &request(1), &entry()).await.unwrap(), "it is there");
    assert!(store.add_policy_signer(&signer("one", 2), &request(2), &entry()).await.unwrap());
    assert!(store.remove_policy_signer("one", &[1; 32], &request(3), &entry()).await.unwrap());
    let by_the_other = |number| SignedRequest { signer: [2; 32], ..request(number) };
    assert!(!store.remove_policy_signer("one", &[1; 32], &by_the_other(4), &entry()).await.unwrap());
    let last = store.remove_policy_signer("one", &[2; 32], &by_the_other(5), &entry()).await;
    assert!(matches!(last, Err(StoreError::Last("policy signer"))));
    assert_eq!(store.provider("one").await.unwrap().unwrap().signers, [signer("one", 2)]);
}

/// The number of the last revocation at provider `one`.
async fn revocations(store: &Shared) -> i64 {
    store.revisions().await.unwrap().into_iter().find(|of| of.name == "one").unwrap().revocations
}

/// Revoked by its bearer.
fn by_bearer(jti: &str, expires_at: i64) -> RevokedToken {
    RevokedToken { by: RevokedBy::Bearer, ..revoked(jti, expires_at) }
}

/// A request that sets or resets the policy for an attestation type with the JWS of that change.
fn policy_request(number: i64, action: &str) -> SignedRequest {
    let jws = change(number, None).jws.unwrap();
    SignedRequest {
        purpose: "SgxEnclave".to_owned(),
        signing_input: signing_input_sha256(&jws),
        action: action.to_owned(),
        ..request(0)
    }
}

fn used<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Used { .. }))
}

pub async fn a_request_is_used_once_whatever_it_is_used_for(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_provider(&provider("two"), &entry()).await.unwrap();
    assert!(store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await.unwrap());
    let before = numbers(&store).await;
    let remove = SignedRequest { action: "remove".to_owned(), used_at: at(9), ..request(1) };
    let refused = store.remove_policy_signer("one", &[2; 32], &remove, &entry()).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Used { action, at: when } if action == "add" && *when == at(5)),
        "{refused:?}"
    );
    assert!(used(store.add_policy_signer(&signer("one", 3), &request(1), &entry()).await));
    assert_eq!(numbers(&store).await, before, "nothing changed");
    assert_eq!(store.provider("one").await.unwrap().unwrap().signers.len(), 2);
    // What changes nothing uses a request too.
    assert!(!store.remove_policy_signer("one", &[9; 32], &request(2), &entry()).await.unwrap());
    assert!(used(store.add_policy_signer(&signer("one", 9), &request(2), &entry()).await));
    // Another provider, and another purpose, have uses of their own.
    assert!(store.add_policy_signer(&signer("two", 2), &request(1), &entry()).await.unwrap());
    let (set, reset) = (policy_request(1, "set"), policy_request(1, "reset"));
    let other = SignedRequest { purpose: "OpenEnclave".to_owned(), ..set.clone() };
    store.change_policy(&change(1, Some("text")), Some(&set), &entry()).await.unwrap();
    assert!(used(store.change_policy(&change(2, None), Some(&reset), &entry()).await));
    store.change_policy(&change(2, None), Some(&other), &entry()).await.unwrap();
    store.change_policy(&change(3, None), None, &entry()).await.unwrap();
}

pub async fn a_request_whose_change_is_refused_is_not_used(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let last = store.remove_policy_signer("one", &[1; 32], &request(1), &entry()).await;
    assert!(matches!(last, Err(StoreError::Last(_))));
    assert!(store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await.unwrap());
    let request = policy_request(1, "set");
    let changed = store.change_policy(&change(7, None), Some(&request), &entry()).await;
    assert!(matches!(changed, Err(StoreError::Changed("policy"))));
    store.change_policy(&change(1, None), Some(&request), &entry()).await.unwrap();
}

pub async fn of_replicas_at_once_one_uses_a_request(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let writers: Vec<_> = (0..8_u8)
        .map(|number| {
            let store = Shared::clone(&store);
            tokio::spawn(async move {
                match number % 4 {
                    0 => store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await.map(drop),
                    1 => store.remove_policy_signer("one", &[2; 32], &request(1), &entry()).await.map(drop),
                    // They agree on what the next change is.
                    2 => store.change_policy(&change(1, None), Some(&policy_request(1, "set")), &entry()).await,
                    _ => store.change_policy(&change(1, None), Some(&policy_request(1, "reset")), &entry()).await,
                }
            })
        })
        .collect();
    let mut done = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, StoreError::Used { .. }), "{error:?}"),
        }
    }
    assert_eq!(done, 2, "one about certificates, one about the policy");
    assert_eq!(store.generation().await.unwrap(), 3);
}

/// As at a replica that has not heard of the removal yet.
pub async fn a_request_whose_signer_was_removed_in_the_meantime_is_refused(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    assert!(store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await.unwrap());
    assert!(store.remove_policy_signer("one", &[1; 32], &request(2), &entry()).await.unwrap());
    let before = numbers(&store).await;
    let policy = policy_request(1, "set");
    for refused in [
        store.add_policy_signer(&signer("one", 3), &request(3), &entry()).await.map(drop),
        store.remove_policy_signer("one", &[2; 32], &request(3), &entry()).await.map(drop),
        store.change_policy(&change(1, None), Some(&policy), &entry()).await,
    ] {
        assert!(matches!(refused, Err(StoreError::Changed("signers"))), "{refused:?}");
    }
    assert_eq!(numbers(&store).await, before, "nothing changed, and nothing was used");
    let by_the_other = SignedRequest { signer: [2; 32], ..request(3) };
    assert!(store.add_policy_signer(&signer("one", 3), &by_the_other, &entry()).await.unwrap());
    let by_the_other = SignedRequest { signer: [2; 32], ..policy };
    store.change_policy(&change(1, None), Some(&by_the_other), &entry()).await.unwrap();
}

pub async fn what_a_deleted_provider_used_stays_used(store: Shared) {
    for _ in 0..2 {
        store.create_provider(&provider("one"), &entry()).await.unwrap();
        let added = store.add_policy_signer(&signer("one", 2), &request(1), &entry()).await;
        let set = store.change_policy(&change(1, None), Some(&policy_request(1, "set")), &entry()).await;
        if store.generation().await.unwrap() > 4 {
            assert!(used(added) && used(set));
        } else {
            assert!(added.is_ok() && set.is_ok());
        }
        store.delete_provider("one", &entry()).await.unwrap();
    }
    // One that has not used them may.
    store.create_provider(&provider("two"), &entry()).await.unwrap();
    assert!(store.add_policy_signer(&signer("two", 2), &request(1), &entry()).await.unwrap());
}

/// As a version that did not record them wrote the history.
pub async fn policies_of_an_isolated_provider_stay_used_though_nobody_recorded_them(store: Shared) {
    let mut trusting = provider("two");
    trusting.provider.trust_model = "AAD".to_owned();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_provider(&trusting, &entry()).await.unwrap();
    for number in 1..=150 {
        let text = (number % 2 == 0).then_some("text");
        store.change_policy(&change(number, text), None, &entry()).await.unwrap();
    }
    let mut without = change(151, None);
    without.jws = None;
    store.change_policy(&without, None, &entry()).await.unwrap();
    let mut other = change(1, Some("text"));
    other.attestation_type = "OpenEnclave".to_owned();
    store.change_policy(&other, None, &entry()).await.unwrap();
    let of_two = store::PolicyChange { provider: "two".to_owned(), ..change(1, Some("text")) };
    store.change_policy(&of_two, None, &entry()).await.unwrap();
    for name in ["one", "two"] {
        store.delete_provider(name, &entry()).await.unwrap();
        store.create_provider(&provider(name), &entry()).await.unwrap();
    }
    for number in 1..=150 {
        let refused = store.change_policy(&change(1, None), Some(&policy_request(number, "set")), &entry()).await;
        let expected = if number % 2 == 0 { "set" } else { "reset" };
        let Err(StoreError::Used { action, at: when }) = refused else { panic!("{number}: {refused:?}") };
        assert_eq!(when, at(3), "{number}");
        assert_eq!(action, expected);
    }
    let request = SignedRequest { purpose: "OpenEnclave".to_owned(), ..policy_request(1, "set") };
    assert!(used(store.change_policy(&other, Some(&request), &entry()).await));
    // What a provider took that trusts its administrators needed no signature.
    store.change_policy(&of_two, Some(&policy_request(1, "set")), &entry()).await.unwrap();
}

pub async fn a_provider_uses_as_many_requests_as_it_may(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let limited = |number| SignedRequest { limit: 3, ..request(number) };
    for number in 1..=3 {
        store.add_policy_signer(&signer("one", 2), &limited(number), &entry()).await.unwrap();
    }
    for number in [4, 5] {
        let full = store.remove_policy_signer("one", &[2; 32], &limited(number), &entry()).await;
        assert!(matches!(full, Err(StoreError::Full("signed requests"))), "{full:?}");
    }
    assert!(used(store.remove_policy_signer("one", &[2; 32], &limited(3), &entry()).await));
    // Policies are counted apart, each attestation type by itself.
    let policy = SignedRequest { limit: 1, ..policy_request(1, "set") };
    store.change_policy(&change(1, None), Some(&policy), &entry()).await.unwrap();
    let full = SignedRequest { limit: 1, ..policy_request(2, "set") };
    let full = store.change_policy(&change(2, None), Some(&full), &entry()).await;
    assert!(matches!(full, Err(StoreError::Full("signed requests"))), "{full:?}");
}

pub async fn a_revoked_token_is_kept_until_it_expires(store: Shared) {
    let missing = store.revoke_token(&revoked("a", 10), 9, at(1), &entry()).await;
    assert!(matches!(missing, Err(StoreError::UnknownProvider)));
    assert_eq!(store.revoked_tokens("one", 0).await.unwrap(), None);
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let kept = async || store.provider("one").await.unwrap().unwrap().revoked;
    for jti in ["b", "a"] {
        let before = revocations(&store).await;
        assert!(store.revoke_token(&revoked(jti, 10), 9, at(1), &entry()).await.unwrap());
        let now = revocations(&store).await;
        assert!(now > before, "every replica hears of it");
        assert_eq!(now, store.generation().await.unwrap());
    }
    assert!(!store.revoke_token(&revoked("a", 10), 9, at(1), &entry()).await.unwrap());
    assert!(!store.revoke_token(&by_bearer("a", 10), 9, at(1), &entry()).await.unwrap());
    assert_eq!(kept().await, [revoked("a", 10), revoked("b", 10)]);
    assert!(store.revoke_token(&revoked("c", 20), 9, at(10), &entry()).await.unwrap());
    assert_eq!(kept().await, [revoked("c", 20)]);
    store.delete_provider("one", &entry()).await.unwrap();
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    assert_eq!((kept().await, revocations(&store).await), (Vec::new(), 0));
}

pub async fn revocations_do_not_make_changes_of_the_provider_fail(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let (_, revision) = numbers(&store).await;
    assert!(store.revoke_token(&by_bearer("a", 10), 9, at(1), &entry()).await.unwrap());
    store.add_signing_key(&key("another", "one", 2), revision, &entry()).await.unwrap();
}

pub async fn tokens_revoked_by_their_bearers_leave_room_for_contributors(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let is_full = |result: Result<bool, StoreError>| matches!(result, Err(StoreError::Full("list of revoked tokens")));
    for jti in ["a", "b"] {
        assert!(store.revoke_token(&by_bearer(jti, 10), 2, at(1), &entry()).await.unwrap());
    }
    let before = store.generation().await.unwrap();
    assert!(is_full(store.revoke_token(&by_bearer("c", 10), 2, at(1), &entry()).await));
    assert_eq!(store.generation().await.unwrap(), before, "what is refused changes nothing");
    assert!(!store.revoke_token(&by_bearer("b", 10), 2, at(1), &entry()).await.unwrap(), "it is revoked already");
    assert!(store.revoke_token(&revoked("c", 20), 1, at(1), &entry()).await.unwrap());
    assert!(is_full(store.revoke_token(&revoked("d", 20), 1, at(1), &entry()).await));
    // Expired ones do not count.
    assert!(store.revoke_token(&by_bearer("d", 20), 2, at(10), &entry()).await.unwrap());
    let kept = store.provider("one").await.unwrap().unwrap().revoked;
    assert_eq!(kept, [revoked("c", 20), by_bearer("d", 20)]);
}

pub async fn revocations_after_a_number_are_read_alone(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_provider(&provider("two"), &entry()).await.unwrap();
    assert!(store.revoke_token(&revoked("a", 10), 9, at(1), &entry()).await.unwrap());
    let first = revocations(&store).await;
    assert!(store.revoke_token(&by_bearer("b", 10), 9, at(1), &entry()).await.unwrap());
    let second = revocations(&store).await;
    let after = async |number| store.revoked_tokens("one", number).await.unwrap().unwrap();
    assert_eq!(after(0).await, (second, vec![revoked("a", 10), by_bearer("b", 10)]));
    assert_eq!(after(first).await, (second, vec![by_bearer("b", 10)]));
    assert_eq!(after(second).await, (second, Vec::new()));
    assert_eq!(store.revoked_tokens("two", 0).await.unwrap(), Some((0, Vec::new())));
}

pub async fn a_withdrawn_key_is_kept_while_it_is_listed(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let withdraw = async |kid: &str, successor: &str, until, now| {
        let (_, revision) = numbers(&store).await;
        let successor = key(successor, "one", now);
        store.withdraw_signing_key(&withdrawn(kid, until), Some(&successor), revision, at(now), &entry()).await
    };
    let before = numbers(&store).await;
    withdraw("key of one", "second", 10, 1).await.unwrap();
    assert!(numbers(&store).await.1 > before.1, "every replica hears of it");
    let state = store.provider("one").await.unwrap().unwrap();
    assert_eq!((state.keys, state.withdrawn), (vec![key("second", "one", 1)], vec![withdrawn("key of one", 10)]));
    let missing = withdraw("key of one", "third", 10, 1).await;
    assert!(matches!(missing, Err(StoreError::UnknownSigningKey)));
    let stale = store.withdraw_signing_key(&withdrawn("second", 10), None, before.1, at(1), &entry()).await;
    assert!(matches!(stale, Err(StoreError::Changed("provider"))));
    withdraw("second", "third", 20, 10).await.unwrap();
    assert_eq!(store.provider("one").await.unwrap().unwrap().withdrawn, [withdrawn("second", 20)]);
    store.delete_provider("one", &entry()).await.unwrap();
    let missing = store.withdraw_signing_key(&withdrawn("third", 30), None, 0, at(1), &entry()).await;
    assert!(matches!(missing, Err(StoreError::UnknownProvider)));
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    assert_eq!(store.provider("one").await.unwrap().unwrap().withdrawn, []);
}

pub async fn the_last_signing_key_is_not_withdrawn_without_a_successor(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    let (_, revision) = numbers(&store).await;
    let last = store.withdraw_signing_key(&withdrawn("key of one", 10), None, revision, at(1), &entry()).await;
    assert!(matches!(last, Err(StoreError::Last("signing key"))));
    let state = store.provider("one").await.unwrap().unwrap();
    assert_eq!((state.keys.len(), state.withdrawn), (1, Vec::new()));
}

pub async fn there_is_one_administrator(store: Shared) {
    assert_eq!(store.administrator().await.unwrap(), None);
    store.create_administrator(&[7; 32], at(1), &entry()).await.unwrap();
    assert!(matches!(
        store.create_administrator(&[8; 32], at(2), &entry()).await,
        Err(StoreError::Exists("administrator"))
    ));
    assert_eq!(store.administrator().await.unwrap(), Some([7; 32]));
}

pub async fn clients_have_names_of_their_own(store: Shared) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.create_client(&client("1", "b", Some("one")), &entry()).await.unwrap();
    store.create_client(&client("2", "a", None), &entry()).await.unwrap();
    for (id, name) in [("1", "c"), ("3", "a")] {
        let refused = store.create_client(&client(id, name, None), &entry()).await;
        assert!(matches!(refused, Err(StoreError::Exists("client"))), "{id} {name}");
    }
    assert_eq!(store.client("1").await.unwrap(), Some(client("1", "b", Some("one"))));
    assert_eq!(store.clients().await.unwrap(), [client("2", "a", None), client("1", "b", Some("one"))]);
    assert!(store.delete_client("1", &entry()).await.unwrap());
    assert!(!store.delete_client("1", &entry()).await.unwrap());
    assert_eq!(store.client("1").await.unwrap(), None);
}

pub async fn names_are_ordered_by_their_bytes(store: Shared) {
    let ordered = ["B", "a", "a-c", "ab", "\u{e4}"];
    for name in ordered.iter().rev() {
        store.create_provider(&provider(name), &entry()).await.unwrap();
        store.create_client(&client(name, name, None), &entry()).await.unwrap();
    }
    let names: Vec<String> = store.revisions().await.unwrap().into_iter().map(|of| of.name).collect();
    assert_eq!(names, ordered);
    let names: Vec<String> = store.providers().await.unwrap().into_iter().map(|state| state.provider.name).collect();
    assert_eq!(names, ordered);
    let names: Vec<String> = store.clients().await.unwrap().into_iter().map(|client| client.name).collect();
    assert_eq!(names, ordered);
}

pub async fn there_is_one_key_for_access_tokens(store: Shared) {
    assert_eq!(store.access_key().await.unwrap(), None);
    store.create_access_key(&access_key("a"), &entry()).await.unwrap();
    assert!(matches!(store.create_access_key(&access_key("b"), &entry()).await, Err(StoreError::Exists("access key"))));
    assert_eq!(store.access_key().await.unwrap(), Some(access_key("a")));
}

#[test]
fn secrets_do_not_show_themselves_in_logs() {
    let key = key("a", "one", 1);
    for text in [format!("{key:?}"), format!("{:?}", access_key("a")), format!("{:?}", client("1", "b", None))] {
        assert!(!text.contains("sealed") && !text.contains("1, 2, 3") && !text.contains("sha256"), "{text}");
    }
}

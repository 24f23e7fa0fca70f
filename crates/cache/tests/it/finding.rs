//! What is found in one snapshot, and what is not.

use std::sync::{Arc, Barrier};
use std::thread;

use cache::{Caches, FindError, Source};
use collateral::CollateralSet;
use evidence::{EndorsementKey, Kind};
use problem::chain;
use simulator::{Blueprint, DAY};

use crate::made::{Made, NOW, at, code, collateral, key_of, number};

#[test]
fn an_endorsement_is_verified_once_and_used_again_by_all_machines_of_its_family() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let snapshot = cache.snapshot();
    let first = snapshot.find(&made.key(&cache), at(NOW)).unwrap();
    assert!(first.endorsement().is_valid(at(NOW)));
    let another = made.blueprint.another_machine().unwrap();
    for key in [made.key(&cache), key_of(&another, &cache)] {
        assert!(Arc::ptr_eq(&first, &snapshot.find(&key, at(NOW + 60)).unwrap()));
    }
}

#[test]
fn finding_a_known_endorsement_allocates_nothing() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let (snapshot, key) = (cache.snapshot(), made.key(&cache));
    drop(snapshot.find(&key, at(NOW)).unwrap());
    let counted = allocation_counter::measure(|| drop(cache.snapshot().find(&key, at(NOW)).unwrap()));
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

#[test]
fn without_a_source_nothing_is_configured() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = caches.open(Some(&made.root_pem), Source::None).unwrap();
    let error = cache.snapshot().find(&made.key(&cache), at(NOW)).unwrap_err();
    assert!(matches!(error, FindError::NotConfigured));
    assert_eq!(cache.snapshot().evaluation_data_numbers(Kind::SgxQuote, at(NOW)).len(), 0);
}

#[test]
fn a_missing_piece_is_named() {
    for (file, name) in [("tcb_info.json", "TCB Info"), ("qe_identity.json", "QE identity"), ("pck_crl.der", "PCK CRL")]
    {
        let (made, caches) = (Made::new(), Caches::default());
        made.remove(file);
        let cache = made.open(&caches);
        let error = cache.snapshot().find(&made.key(&cache), at(NOW)).unwrap_err();
        assert!(matches!(error, FindError::Choose(_)));
        assert!(chain(&error).contains(name), "{}", chain(&error));
        assert_eq!(code(Err(error)), "collateral_missing");
    }
}

#[test]
fn pieces_that_do_not_verify_are_refused_whenever_they_are_asked_for() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let (snapshot, key) = (cache.snapshot(), made.key(&cache));
    let late = at(NOW + 400 * DAY);
    for _ in 0..2 {
        let code = code(snapshot.find(&key, late));
        assert!(code.ends_with("_expired"), "{code}");
    }
    snapshot.find(&key, at(NOW)).unwrap();
}

#[test]
fn the_number_of_entries_is_bounded_by_what_the_source_has() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let snapshot = cache.snapshot();
    let entries = |count: usize| format!("{snapshot:?}").contains(&format!("Table {{ entries: {count}, .. }}"));
    let key_of_family = |family: u8| -> EndorsementKey {
        let mut other = made.blueprint.another_machine().unwrap();
        other.certificates.pck.spec.sgx_extension.as_mut().unwrap().fmspc = vec![family; 6];
        key_of(&other, &cache)
    };
    for family in 1..10 {
        assert_eq!(code(snapshot.find(&key_of_family(family), at(NOW))), "collateral_missing");
    }
    assert!(entries(0), "{snapshot:?}");
    for _ in 0..3 {
        let machine = made.blueprint.another_machine().unwrap();
        snapshot.find(&key_of(&machine, &cache), at(NOW)).unwrap();
    }
    assert!(entries(1), "{snapshot:?}");
}

#[test]
fn a_piece_that_was_loaded_before_it_begins_takes_over_when_its_time_comes() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("early.json", made.tcb_info(99, 3, 30));
    let cache = made.open(&caches);
    let (snapshot, key) = (cache.snapshot(), made.key(&cache));
    let before = number(&snapshot, &key, NOW);
    assert!(before < 99);
    assert_eq!(number(&snapshot, &key, NOW + 3 * DAY - 1), before);
    assert_eq!(number(&snapshot, &key, NOW + 3 * DAY), 99);
}

#[test]
fn an_endorsement_that_has_expired_is_chosen_again() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("tcb_info.json", made.tcb_info(20, -1, 11));
    made.write("older.json", made.tcb_info(19, -1, 29));
    let cache = made.open(&caches);
    let (snapshot, key) = (cache.snapshot(), made.key(&cache));
    assert_eq!(number(&snapshot, &key, NOW), 20);
    assert_eq!(number(&snapshot, &key, NOW + 10 * DAY), 20);
    assert_eq!(number(&snapshot, &key, NOW + 10 * DAY + 1), 19);
    let find = || snapshot.find(&key, at(NOW + 10 * DAY + 1)).unwrap();
    assert!(Arc::ptr_eq(&find(), &find()), "and kept");
    let code = code(snapshot.find(&key, at(NOW + 29 * DAY)));
    assert_eq!(code, "tcb_info_expired");
}

#[test]
fn concurrent_finders_find_the_same_and_one_of_theirs_is_kept() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let (snapshot, key) = (cache.snapshot(), made.key(&cache));
    let all_at_once = Barrier::new(8);
    let found: Vec<_> = thread::scope(|scope| {
        let find = || {
            all_at_once.wait();
            snapshot.find(&key, at(NOW)).unwrap()
        };
        let finders: Vec<_> = (0..8).map(|_| scope.spawn(find)).collect();
        finders.into_iter().map(|finder| finder.join().unwrap()).collect()
    });
    let kept = snapshot.find(&key, at(NOW)).unwrap();
    assert!(found.iter().any(|one| Arc::ptr_eq(one, &kept)));
    for one in &found {
        let (one, kept) = (collateral(one).verified().tcb_info(), collateral(&kept).verified().tcb_info());
        assert_eq!(one.evaluation_data_number, kept.evaluation_data_number);
    }
}

#[test]
fn a_bundle_is_made_once_and_holds_all_that_the_endorsement_can_be_verified_from() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let key = made.key(&cache);
    let found = cache.snapshot().find(&key, at(NOW)).unwrap();
    let bundle = found.bundle().unwrap();
    assert!(Arc::ptr_eq(&bundle, &found.bundle().unwrap()));
    let mut set = CollateralSet::default();
    set.add("bundle", &bundle.bytes).unwrap();
    let EndorsementKey::Collateral(family) = &key;
    let choice = set.choose(family, at(NOW)).unwrap();
    cache.anchors().verify_collateral(choice.collateral, at(NOW)).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bundle.bytes);
    assert_eq!(digest.as_ref(), bundle.sha256);
}

#[test]
fn evaluation_data_numbers_are_those_of_valid_tcb_infos_for_the_kind_of_evidence() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("tcb_info.json", made.tcb_info(20, -1, 30));
    made.write("older.json", made.tcb_info(19, -1, 30));
    made.write("future.json", made.tcb_info(21, 1, 30));
    let snapshot = made.open(&caches).snapshot();
    let numbers = |kind, day: i64| -> Vec<u32> {
        snapshot.evaluation_data_numbers(kind, at(NOW + day * DAY)).into_keys().collect()
    };
    for kind in [Kind::SgxQuote, Kind::OpenEnclaveReport] {
        assert_eq!(numbers(kind, 0), [19, 20]);
        assert_eq!(numbers(kind, 1), [19, 20, 21]);
    }
    assert!(numbers(Kind::TdxQuote, 0).is_empty());
    let made = Made::of(Blueprint::for_tdx(at(NOW)).unwrap());
    let snapshot = made.open(&caches).snapshot();
    assert_eq!(snapshot.evaluation_data_numbers(Kind::TdxQuote, at(NOW)).len(), 1);
    assert_eq!(snapshot.evaluation_data_numbers(Kind::SgxQuote, at(NOW)).len(), 0);
}

//! Revocation lists: the newest governs, whichever source has it, and an older one never comes back.

use cache::{Caches, Source};
use simulator::DAY;

use crate::made::{Made, NOW, at, code, list, refresh};

#[test]
fn an_older_list_does_not_come_back_after_a_newer_one_was_used() {
    let (made, caches) = (Made::new(), Caches::default());
    let before = made.pck_crl(5, -2);
    made.write("pck_crl.der", &before);
    let cache = made.open(&caches);
    let key = made.key(&cache);
    assert_eq!(list(&cache, &key, NOW), 5);
    made.write("pck_crl.der", made.pck_crl(6, -1));
    assert!(refresh(&caches).unwrap());
    assert_eq!(list(&cache, &key, NOW), 6);
    // It is put back, and it is still valid.
    made.write("pck_crl.der", &before);
    made.write("pck_crl_again.der", &before);
    assert!(refresh(&caches).unwrap());
    assert_eq!(list(&cache, &key, NOW), 6);
    // A newer one replaces it again.
    made.write("pck_crl.der", made.pck_crl(7, -1));
    assert!(refresh(&caches).unwrap());
    assert_eq!(list(&cache, &key, NOW), 7);
}

#[test]
fn a_cache_that_is_opened_later_does_not_bring_an_older_list_back() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("pck_crl.der", made.pck_crl(6, -1));
    let cache = made.open(&caches);
    assert_eq!(list(&cache, &made.key(&cache), NOW), 6);
    drop(cache);
    made.write("pck_crl.der", made.pck_crl(5, -2));
    let cache = made.open(&caches);
    assert_eq!(list(&cache, &made.key(&cache), NOW), 6);
}

#[test]
fn a_list_of_one_source_governs_every_source_at_once() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("pck_crl.der", made.pck_crl(5, -2));
    let other = made.copy();
    let cache = made.open(&caches);
    let others = caches.open(Some(&made.root_pem), Source::Path(other.path().to_owned())).unwrap();
    let key = made.key(&cache);
    assert_eq!((list(&cache, &key, NOW), list(&others, &key, NOW)), (5, 5));
    made.write("newer.der", made.pck_crl(6, -1));
    let refreshed = caches.refresh();
    assert_eq!(refreshed.iter().filter(|(_, refreshed)| *refreshed.as_ref().unwrap()).count(), 1);
    // Nobody used the newer list yet, and the files of the other source are as they were.
    assert_eq!(list(&others, &key, NOW), 6);
    assert_eq!(list(&cache, &key, NOW), 6);
}

#[test]
fn a_list_that_begins_later_governs_from_then_on() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("pck_crl_later.der", made.pck_crl(9, 2));
    let cache = made.open(&caches);
    let key = made.key(&cache);
    assert_eq!(list(&cache, &key, NOW), 1);
    assert_eq!(list(&cache, &key, NOW + 2 * DAY - 1), 1);
    assert_eq!(list(&cache, &key, NOW + 2 * DAY), 9);
}

#[test]
fn the_newest_list_governs_even_when_it_has_expired() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("pck_crl.der", made.pck_crl(5, -1));
    let cache = made.open(&caches);
    let key = made.key(&cache);
    // Newer by its number, and it expires first.
    let mut newer = made.blueprint.pck_crl.clone();
    newer.spec.crl_number = Some(6);
    newer.spec.this_update = at(NOW - DAY);
    newer.spec.next_update = Some(at(NOW + DAY));
    made.write("newer.der", newer.build().unwrap());
    assert!(refresh(&caches).unwrap());
    assert_eq!(list(&cache, &key, NOW + DAY), 6);
    assert_eq!(code(cache.snapshot().find(&key, at(NOW + 2 * DAY))), "pck_crl_expired");
    // Without the file too, because it was used.
    made.remove("newer.der");
    assert!(refresh(&caches).unwrap());
    assert_eq!(code(cache.snapshot().find(&key, at(NOW + 2 * DAY))), "pck_crl_expired");
}

#[test]
fn a_forged_list_of_a_higher_number_governs_nothing() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let key = made.key(&cache);
    let mut forged = made.blueprint.pck_crl.clone();
    forged.spec.crl_number = Some(9);
    forged.signer = simulator::EcdsaKey::generate().unwrap().into();
    made.write("forged.der", forged.build().unwrap());
    assert!(refresh(&caches).unwrap());
    assert_eq!(list(&cache, &key, NOW), 1);
}

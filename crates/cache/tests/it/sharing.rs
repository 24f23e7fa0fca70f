//! Caches are shared by root and source, and go with their last user.

use std::sync::Arc;

use cache::{CacheError, Caches, Source};
use problem::{Problem, chain};

use crate::made::{Made, NOW, at};

#[test]
fn users_of_one_root_and_one_source_share_a_cache() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    assert!(Arc::ptr_eq(&cache, &made.open(&caches)));
    let copy = made.copy();
    let of_copy = caches.open(Some(&made.root_pem), Source::Path(copy.path().to_owned())).unwrap();
    let of_intel = caches.open(None, made.source()).unwrap();
    assert!(!Arc::ptr_eq(&cache, &of_copy) && !Arc::ptr_eq(&cache, &of_intel));
    assert!(cache.anchors().is_simulated() && !of_intel.anchors().is_simulated());
    assert_eq!(caches.refresh().len(), 3);
    // What one user of it found is found by the others.
    let key = made.key(&cache);
    let found = cache.snapshot().find(&key, at(NOW)).unwrap();
    assert!(Arc::ptr_eq(&found, &made.open(&caches).snapshot().find(&key, at(NOW)).unwrap()));
}

#[test]
fn a_cache_goes_with_its_last_user() {
    let (made, caches) = (Made::new(), Caches::default());
    let (one, other) = (made.open(&caches), made.open(&caches));
    drop(one);
    assert_eq!(caches.refresh().len(), 1);
    drop(other);
    assert_eq!(caches.refresh().len(), 0);
}

#[test]
fn endorsements_under_another_root_than_that_of_the_cache_are_refused() {
    let (made, other, caches) = (Made::new(), Made::new(), Caches::default());
    let key = made.key(&made.open(&caches));
    let cache = caches.open(Some(&other.root_pem), made.source()).unwrap();
    let error = cache.snapshot().find(&key, at(NOW)).unwrap_err();
    assert!(matches!(error, cache::FindError::Verify(_)), "{}", chain(&error));
}

#[test]
fn a_root_that_is_not_a_certificate_and_a_source_without_collateral_are_refused() {
    let (made, caches) = (Made::new(), Caches::default());
    let error = caches.open(Some("nonsense"), made.source()).unwrap_err();
    assert!(matches!(error, CacheError::Root(_)));
    assert_eq!((&*error.code(), chain(&error).as_str()), ("root_malformed", "root certificate cannot be read"));
    let error = caches.open(None, Source::Path(made.path("missing"))).unwrap_err();
    assert!(matches!(error, CacheError::Collateral(_)));
    assert_eq!(error.code(), "collateral_unusable");
    assert!(chain(&error).starts_with("collateral cannot be loaded: cannot read `"), "{}", chain(&error));
    assert_eq!(caches.refresh().len(), 0, "nothing is left behind");
}

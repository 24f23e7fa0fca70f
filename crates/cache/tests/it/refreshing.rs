//! Files that change while they are in use.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use cache::{CacheError, Caches};
use problem::Problem;

use crate::made::{Made, NOW, at, code, number, refresh};

#[test]
fn changed_files_make_a_new_snapshot_and_the_old_one_stays_as_it_was() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("tcb_info.json", made.tcb_info(18, -1, 30));
    let cache = made.open(&caches);
    let (before, key) = (cache.snapshot(), made.key(&cache));
    assert_eq!(number(&before, &key, NOW), 18);
    assert!(!refresh(&caches).unwrap(), "nothing has changed");
    made.write("newer.json", made.tcb_info(19, -1, 30));
    assert_eq!(number(&cache.snapshot(), &key, NOW), 18, "files are read by a refresh alone");
    assert!(refresh(&caches).unwrap());
    assert!(!refresh(&caches).unwrap());
    assert_eq!(number(&cache.snapshot(), &key, NOW), 19);
    assert_eq!(number(&before, &key, NOW), 18);
}

#[test]
fn files_that_were_removed_are_gone_from_the_new_snapshot() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let key = made.key(&cache);
    cache.snapshot().find(&key, at(NOW)).unwrap();
    made.remove("tcb_info.json");
    assert!(refresh(&caches).unwrap());
    assert_eq!(code(cache.snapshot().find(&key, at(NOW))), "collateral_missing");
}

#[test]
fn what_is_in_use_stays_in_use_until_a_load_succeeds() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("tcb_info.json", made.tcb_info(18, -1, 30));
    let cache = made.open(&caches);
    let key = made.key(&cache);
    let found = cache.snapshot().find(&key, at(NOW)).unwrap();
    let kept: Vec<_> = std::fs::read_dir(made.directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let kept: Vec<_> = kept.into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    for (_, path) in &kept {
        std::fs::write(path, "damaged").unwrap();
    }
    for _ in 0..2 {
        let error = refresh(&caches).unwrap_err();
        assert!(matches!(error, CacheError::Collateral(_)));
        assert_eq!(error.code(), "collateral_unusable");
        let still = cache.snapshot().find(&key, at(NOW)).unwrap();
        assert!(std::sync::Arc::ptr_eq(&found, &still));
    }
    for (bytes, path) in &kept {
        std::fs::write(path, bytes).unwrap();
    }
    made.write("newer.json", made.tcb_info(19, -1, 30));
    assert!(refresh(&caches).unwrap());
    assert_eq!(number(&cache.snapshot(), &key, NOW), 19);
}

#[test]
fn a_file_of_the_directory_that_is_damaged_does_not_hold_up_the_others() {
    let (made, caches) = (Made::new(), Caches::default());
    let cache = made.open(&caches);
    let key = made.key(&cache);
    made.write("notes.txt", "not collateral");
    made.write("newer.json", made.tcb_info(99, -1, 30));
    assert!(refresh(&caches).unwrap());
    assert_eq!(number(&cache.snapshot(), &key, NOW), 99);
}

#[test]
fn finders_and_refreshes_do_not_disturb_each_other() {
    let (made, caches) = (Made::new(), Caches::default());
    made.write("tcb_info.json", made.tcb_info(1, -1, 30));
    let cache = made.open(&caches);
    let key = made.key(&cache);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut last = 0;
                while !is_over.load(Ordering::Acquire) {
                    let found = number(&cache.snapshot(), &key, NOW);
                    assert!(found >= last, "{found} after {last}");
                    last = found;
                }
            });
        }
        for newer in 2..8 {
            made.write(&format!("{newer}.json"), made.tcb_info(newer, -1, 30));
            assert!(refresh(&caches).unwrap());
        }
        is_over.store(true, Ordering::Release);
    });
    assert_eq!(number(&cache.snapshot(), &key, NOW), 7);
}

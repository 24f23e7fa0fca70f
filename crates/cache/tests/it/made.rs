//! A simulated machine with a directory of its collateral, and a cache over it.

use std::path::PathBuf;
use std::sync::Arc;

use cache::{CacheError, CachedEndorsement, Caches, EndorsementCache, FindError, Snapshot, Source};
use evidence::{Body, Context, Endorsement, EndorsementKey, Kind, QuoteCollateral, Request, Step, begin};
use problem::Problem;
use simulator::{Blueprint, DAY, EnclaveReport, Link};
use tempfile::TempDir;
use unix_time::UnixTime;

pub const NOW: i64 = 1_790_000_000;

pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

/// A machine, with all pieces of its collateral in a directory.
pub struct Made {
    pub blueprint: Blueprint,
    pub directory: TempDir,
    pub root_pem: String,
}

impl Made {
    /// A fresh machine; lists and documents are valid from [`NOW`] on.
    pub fn new() -> Self {
        Self::of(Blueprint::new(at(NOW)).unwrap())
    }

    pub fn of(blueprint: Blueprint) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let issued = blueprint.issue().unwrap();
        issued.collateral().unwrap().write_to(directory.path()).unwrap();
        let root_pem = issued.chain(&[Link::Root], blueprint.chain_style);
        Self { blueprint, directory, root_pem }
    }

    pub fn source(&self) -> Source {
        Source::Path(self.directory.path().to_owned())
    }

    /// Another directory with the same files.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        copy
    }

    pub fn open(&self, caches: &Caches) -> Arc<EndorsementCache> {
        caches.open(Some(&self.root_pem), self.source()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    /// What a quote of the machine needs.
    pub fn key(&self, cache: &EndorsementCache) -> EndorsementKey {
        key_of(&self.blueprint, cache)
    }

    /// TCB Info of that number, valid for so many days from a day on that is counted from [`NOW`].
    pub fn tcb_info(&self, number: u32, from_day: i64, days: i64) -> Vec<u8> {
        let mut document = self.blueprint.tcb_info.clone();
        document.spec.tcb_evaluation_data_number = number;
        document.spec.issue_date = at(NOW + from_day * DAY);
        document.spec.next_update = at(NOW + (from_day + days) * DAY);
        document.build().unwrap()
    }

    /// A revocation list of the PCK CA, valid for 30 days from that day on.
    pub fn pck_crl(&self, number: u64, from_day: i64) -> Vec<u8> {
        let mut list = self.blueprint.pck_crl.clone();
        list.spec.crl_number = Some(number);
        // Lists of different numbers differ in length, so that a replaced file is noticed however fast it is replaced.
        list.spec.revoked =
            (0..number).filter_map(|serial| u8::try_from(serial).ok()).map(|serial| vec![1, serial]).collect();
        list.spec.this_update = at(NOW + from_day * DAY);
        list.spec.next_update = Some(at(NOW + (from_day + 30) * DAY));
        list.build().unwrap()
    }
}

/// What a quote of that machine needs: the endorsements of its platform family.
pub fn key_of(blueprint: &Blueprint, cache: &EndorsementCache) -> EndorsementKey {
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 1,
        isv_svn: 1,
        debug: false,
        report_data: [0; 64],
    };
    let quote = blueprint.quote(&enclave.on(blueprint.cpu_svn())).unwrap();
    let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
    let context = Context::new(cache.anchors(), at(NOW));
    let Step::Needs(needs, _) = begin(&request, &context).unwrap() else { panic!("quotes need collateral") };
    needs[0].clone()
}

pub fn collateral(found: &CachedEndorsement) -> &QuoteCollateral {
    let Endorsement::Collateral(collateral) = found.endorsement();
    collateral
}

/// The evaluation data number of the TCB Info that is found at that time.
pub fn number(snapshot: &Snapshot, key: &EndorsementKey, seconds: i64) -> u32 {
    let found = snapshot.find(key, at(seconds)).unwrap();
    collateral(&found).verified().tcb_info().evaluation_data_number
}

/// The number of the PCK revocation list that is found at that time.
pub fn list(cache: &EndorsementCache, key: &EndorsementKey, seconds: i64) -> u8 {
    let found = cache.snapshot().find(key, at(seconds)).unwrap();
    let &[number] = collateral(&found).verified().pck_crl().number() else { panic!("a small number") };
    number
}

/// The code of the error that finding ends in.
pub fn code(result: Result<Arc<CachedEndorsement>, FindError>) -> String {
    result.unwrap_err().code().into_owned()
}

/// Refreshes the one source there is.
pub fn refresh(caches: &Caches) -> Result<bool, CacheError> {
    let mut refreshed = caches.refresh();
    assert_eq!(refreshed.len(), 1);
    refreshed.remove(0).1
}

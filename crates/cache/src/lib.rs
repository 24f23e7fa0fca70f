//! Caches verified endorsements: each is chosen and verified once, and used by many appraisals.
//!
//! ```text
//! Source ──▶ Snapshot ──▶ find(key, at) ──▶ CachedEndorsement
//!               ▲
//! Caches ──▶ EndorsementCache: the snapshot in use
//! ```
//!
//! - [`Caches`] are all caches of a process, shared by root and source. What one of them learns of revocations governs all.
//! - [`EndorsementCache`] has the [`Anchors`](evidence::Anchors) of one root, and one [`Snapshot`] in use, which a refresh replaces.
//! - An appraisal takes one [`Snapshot`] and finds in it what it [needs](evidence::Step::Needs).
//!
//! ```
//! use cache::{Caches, Source};
//! use evidence::{Body, Context, Kind, Request, Requirements, Step, begin};
//! use simulator::{Blueprint, EnclaveReport, Link};
//! use unix_time::UnixTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let now = UnixTime::from_rfc3339("2026-06-01T00:00:00Z")?;
//! # let directory = tempfile::tempdir()?;
//! // A simulated machine and its collateral, in files.
//! let blueprint = Blueprint::new(now)?;
//! let issued = blueprint.issue()?;
//! issued.collateral()?.write_to(directory.path())?;
//! let root = issued.chain(&[Link::Root], blueprint.chain_style);
//! # let enclave = EnclaveReport {
//! #     mr_enclave: [1; 32], mr_signer: [2; 32], isv_prod_id: 1, isv_svn: 1, debug: false, report_data: [0; 64],
//! # };
//! let quote = issued.quote(&enclave.on(blueprint.cpu_svn()))?;
//!
//! let caches = Caches::default();
//! let cache = caches.open(Some(&root), Source::Path(directory.path().to_owned()))?;
//!
//! let context = Context::new(cache.anchors(), now);
//! let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
//! let Step::Needs(needs, pending) = begin(&request, &context)? else { panic!("quotes need collateral") };
//! let snapshot = cache.snapshot();
//! let mut found = Vec::new();
//! for key in &needs {
//!     found.push(snapshot.find(key, now)?.endorsement().clone());
//! }
//! let Step::Verified(verified) = pending.supply(&found, &context)? else { panic!("nothing else is needed") };
//! assert!(verified.judge(&Requirements::default()).is_ok());
//! # Ok(()) }
//! ```
//!
//! A kind of endorsement is a key, what is verified for it, and a rule for which of two verified ones is kept. Collateral of platform
//! families and revocation lists of issuers are the two kinds.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

mod cached;
mod caches;
mod error;
mod lists;
mod snapshot;
mod source;
mod table;

pub use cached::{Bundle, CachedEndorsement};
pub use caches::{Caches, EndorsementCache};
pub use error::{CacheError, FindError};
pub use snapshot::Snapshot;
pub use source::Source;

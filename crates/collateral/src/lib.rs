//! Intel's collateral in the forms it is found in, told apart by content: single pieces, responses of Intel's service and
//! of caches, Intel's reference structure, dcap-qvl's JSON, directories of these, and bundles of our own.
//!
//! Reading and choosing proves nothing: a choice is a [`dcap::Collateral`], which [`dcap::Collateral::verify`] judges.
//! [`VerificationRequest`] verifies evidence with collateral that it chooses, and reports a [`Verdict`]. No network and no database;
//! clients of Intel's service and of caches follow.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (pck, at): (dcap::ProvenPck, unix_time::UnixTime) = todo!();
//! let set = collateral::CollateralSet::load("collateral/".as_ref())?;
//! let choice = set.choose(&pck.family(dcap::Tee::Sgx), at)?;
//! for taken in &choice.taken {
//!     println!("{}: {}", taken.piece, taken.source);
//! }
//! # Ok(()) }
//! ```
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

mod bundle;
mod choose;
mod form;
mod list;
mod load;
mod piece;
mod set;
mod sniff;
mod unrecognised;
mod verify;

pub use bundle::error::{BUNDLE_VERSION, BundleError, MAX_BUNDLE, MAX_BUNDLE_PIECES};
pub use bundle::summary::{BundleSummary, Family, PieceCounts, Unsigned};
pub use choose::choice::{Choice, is_newer_list};
pub use choose::error::ChooseError;
pub use choose::taken::Taken;
pub use form::reference::ReferenceCollateral;
pub use form::response::Response;
pub use form::response_error::ResponseError;
pub use list::{Listed, State};
pub use load::{LoadError, MAX_DIRECTORY};
pub use piece::{Container, Contents, Form, Kind, MAX_PIECE};
pub use set::{CollateralSet, PassedOver};
pub use sniff::sniff;
pub use unrecognised::Unrecognised;
pub use verify::by_number::{StatusByNumber, Update};
pub use verify::rejection::Rejection;
pub use verify::request::{Checks, VerificationRequest};
pub use verify::verdict::{Decision, ErrorDescription, EvidenceDescription, Verdict};

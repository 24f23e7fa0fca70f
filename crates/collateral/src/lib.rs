//! Intel's collateral in the forms it is found in, told apart by content: single pieces, responses of Intel's service and
//! of caches, Intel's reference structure, dcap-qvl's JSON, directories of these, and bundles of our own.
//!
//! It reads and it chooses, and proves nothing: what it gives is a [`dcap::Collateral`], which
//! [`dcap::Collateral::verify`] judges. No network and no database; clients of Intel's service and of caches follow.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (pck, at): (dcap::ProvenPck, unix_time::UnixTime) = todo!();
//! let set = collateral::CollateralSet::load("collateral/".as_ref())?;
//! let choice = set.choose(&pck, dcap::Tee::Sgx, at)?;
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
mod set;
mod sniff;

pub use bundle::{BUNDLE_FORMAT, BUNDLE_VERSION, BundleError, MAX_BUNDLE, MAX_BUNDLE_PIECES};
pub use choose::{Choice, ChooseError, Taken, is_newer_list};
pub use form::{
    Container, Contents, Form, Kind, MAX_PIECE, ReferenceCollateral, Response, ResponseError, Unrecognised,
};
pub use list::Listed;
pub use load::{LoadError, MAX_DIRECTORY};
pub use set::CollateralSet;
pub use sniff::sniff;

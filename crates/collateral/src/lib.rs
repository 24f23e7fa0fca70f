//! Intel's collateral in the forms it is found in: files of pieces told apart by content, and dcap-qvl's JSON.
//!
//! It reads and it chooses, and proves nothing: what it gives is a [`dcap::Collateral`], which
//! [`dcap::Collateral::verify`] judges. No network and no database; clients of Intel's service and of caches follow.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (pck, at): (dcap::ProvenPck, dcap::UnixTime) = todo!();
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

mod choose;
mod form;
mod list;
mod set;

pub use choose::{Choice, ChooseError, Taken};
pub use form::{Form, MAX_PIECE, QvlJson, Unrecognised, sniff};
pub use list::Listed;
pub use set::{CollateralSet, LoadError};

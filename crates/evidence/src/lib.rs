//! Appraises evidence of every kind: pure, without store, network, clock or tokens.
//!
//! ```text
//! Request ──▶ begin ──▶ Pending ──▶ supply ──▶ Verified ──▶ judge ──▶ Appraisal ──▶ Claims
//!                          └─ needs endorsements ─┘             └─ Requirements
//! ```
//!
//! - [`begin`] reads the evidence and proves its certificate chain.
//! - [`Pending::supply`] verifies the evidence against the endorsements that it needs.
//! - [`Verified::judge`] compares it with somebody's [`Requirements`].
//! - [`Appraisal::binds`] says whether the evidence commits to data, and [`Claims`] what policies and tokens may say of it.
//!
//! ```
//! use collateral::CollateralSet;
//! use evidence::{Anchors, Context, EndorsementKey, Kind, Request, Requirements, Step, begin};
//! use unix_time::UnixTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let at = UnixTime::from_rfc3339("2026-06-01T00:00:00Z")?;
//! # let (quote, root, pieces) = example(at)?;
//! // Of a simulated machine; `Anchors::intel()` trusts genuine ones.
//! let anchors = Anchors::from_pem(Some(&root))?;
//! let context = Context { anchors: &anchors, at };
//! let request = Request { kind: Kind::SgxQuote, body: &quote, certificates: None };
//! let Step::Needs(needs, pending) = begin(&request, &context)? else { panic!("quotes need collateral") };
//! let [EndorsementKey::Collateral(family)] = needs.as_slice() else { panic!("of one platform family") };
//! let collateral = pieces.choose(family, at)?.collateral;
//! let collateral = anchors.verify_collateral(collateral, at)?;
//! let Step::Verified(verified) = pending.supply(&[collateral], &context)? else { panic!("nothing else is needed") };
//! let appraisal = verified.judge(&Requirements::default())?;
//! assert!(appraisal.is_simulated());
//! # Ok(()) }
//! # fn example(at: UnixTime) -> Result<(Vec<u8>, String, CollateralSet), Box<dyn std::error::Error>> { todo!() }
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

mod anchors;
mod appraisal;
mod claims;
mod digest;
mod endorsement;
mod error;
mod kind;
mod quote;
mod request;
mod requirements;

pub use anchors::{Anchors, AnchorsError};
pub use appraisal::{Appraisal, Details, Pending, Proven, Step, Verified, begin};
pub use claims::Claims;
pub use endorsement::{Endorsement, EndorsementKey, QuoteCollateral};
pub use error::{EvidenceError, Refusal};
pub use kind::Kind;
pub use quote::proven::ProvenQuote;
pub use request::{Context, HeldData, Request, Slot};
pub use requirements::{AcceptedTcb, AcceptedTcbError, Requirements};

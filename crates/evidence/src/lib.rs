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
//! - [`Appraisal::bind`] returns data that the evidence commits to, and [`Claims`] what policies and tokens may say of it.
//!
//! [`recognise`] tells by its structure what a file is, and [`EvidenceFile`] reads evidence in whichever encoding a file has it.
//!
//! ```
//! use collateral::CollateralSet;
//! use evidence::{Anchors, Body, Context, EndorsementKey, Kind, Request, Requirements, Step, begin};
//! use unix_time::UnixTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let at = UnixTime::from_rfc3339("2026-10-01T00:00:00Z")?;
//! # let (quote, root, pieces) = example(at)?;
//! // Of a simulated machine; `Anchors::intel()` trusts genuine ones.
//! let anchors = Anchors::from_pem(Some(&root))?;
//! let context = Context::new(&anchors, at);
//! let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
//! let Step::Needs(needs, pending) = begin(&request, &context)? else { panic!("quotes need collateral") };
//! let [EndorsementKey::Collateral(family)] = needs.as_slice() else { panic!("of one platform family") };
//! let collateral = pieces.choose(family, at)?.collateral;
//! let collateral = anchors.verify_collateral(collateral, at)?;
//! let Step::Verified(verified) = pending.supply(&[collateral], &context)? else { panic!("nothing else is needed") };
//! let appraisal = verified.judge(&Requirements::default())?;
//! assert!(appraisal.is_simulated());
//! # Ok(()) }
//! # // A simulated machine's quote, its Intel's root, and the collateral.
//! # fn example(at: UnixTime) -> Result<(Vec<u8>, String, CollateralSet), Box<dyn std::error::Error>> {
//! #     let blueprint = simulator::Blueprint::new(at)?;
//! #     let enclave = simulator::EnclaveReport {
//! #         mr_enclave: [1; 32], mr_signer: [2; 32], isv_prod_id: 1, isv_svn: 1, debug: false, report_data: [0; 64],
//! #     };
//! #     let issued = blueprint.issue()?;
//! #     let (quote, made) = (issued.quote(&enclave.on(blueprint.cpu_svn()))?, issued.collateral()?);
//! #     let mut set = CollateralSet::default();
//! #     let chain = made.tcb_info_chain_pem.into_bytes();
//! #     for piece in [made.tcb_info, made.qe_identity, made.root_crl, made.pck_crl, chain] {
//! #         set.add("piece", &piece)?;
//! #     }
//! #     Ok((quote, dcap::pem::encode(&issued.certificates().root, "CERTIFICATE"), set))
//! # }
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
mod held_data;
mod kind;
mod quote;
mod recognition;
mod request;
mod requirements;

pub use anchors::{Anchors, AnchorsError};
pub use appraisal::{Appraisal, Details, Pending, Proven, Step, Verified, begin, verify};
pub use claims::Claims;
pub use endorsement::{Endorsement, EndorsementKey, QuoteCollateral};
pub use error::{EvidenceError, Refusal};
pub use held_data::{BoundData, HeldData, NotJsonObject, Slot};
pub use kind::Kind;
pub use quote::proven::ProvenQuote;
pub use recognition::encoding::decode_text;
pub use recognition::evidence_file::{EvidenceFile, FileError};
pub use recognition::json::{BUNDLE_FORMAT, is_bundle};
pub use recognition::kind::{FileKind, Format};
pub use recognition::recognise;
pub use request::{Body, Context, Request};
pub use requirements::{AcceptedTcb, AcceptedTcbError, Requirements};

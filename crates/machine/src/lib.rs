//! The real machine: what of SGX, TDX and SEV-SNP is there, and what it can be asked.
//!
//! A [`Machine`] is a tree of files, the real one under `/` or one that somebody made. Nothing is written but entries of
//! configfs, which are removed again. What is read is bounded, and nothing in it is trusted: a quote is judged by whoever
//! verifies it, not by where it came from.
//!
//! - [`Machine::nodes`]: device nodes in all their spellings, and which of them this process may open.
//! - [`SgxCpu`]: what CPUID says of SGX; [`Machine::epc_bytes`]: what the kernel says of protected memory.
//! - [`Machine::tsm_entry`]: quotes of a trust domain, and reports of an SEV-SNP guest, through configfs.
//! - [`qgs::Qgs`]: Intel's service for TD quotes, over vsock or a Unix socket; [`Machine::qgs_port`] says where.
//! - With the feature `metadata`, the metadata service of Azure's machines ([`metadata`]). The crate `abi` reads the HCL report
//!   in the vTPM of the confidential ones.
//! - [`Machine::registration`]: whether the platform was registered with Intel, as its firmware tells it.
//!
//! # What was never run on hardware
//!
//! This crate was written from public sources and is tested against made-up trees and made-up services. Nothing in it has
//! met a real device, kernel, quote service or cloud yet, except that the processor's CPUID is read. There is no way here to
//! ask `/dev/tdx_guest` for a TDREPORT: that takes an `ioctl`, and so `unsafe`, which no crate of ours uses. The kernel's
//! configfs gives the quote without it.
//!
//! ```
//! let machine = machine::Machine::at("/");
//! for node in machine.nodes() {
//!     println!("{}: {}", node.path, node.state);
//! }
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

mod bounded;
mod cpu;
mod device;
mod epc;
#[cfg(feature = "metadata")]
pub mod metadata;
mod port;
pub mod qgs;
mod registration;
mod tree;
mod tsm;

pub use cpu::{EpcSection, Registers, SgxCpu};
pub use device::{Driver, Node, NodeState, Role};
pub use epc::EpcError;
pub use port::PortError;
pub use registration::{Registration, RegistrationError, RegistrationErrorCode};
pub use tree::Machine;
pub use tsm::{MAX_BLOB, TsmEntry, TsmError, TsmProvider, TsmReport};

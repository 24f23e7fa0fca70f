//! Fixed layouts of Intel SGX and TDX structures, and the framings that carry them; Azure's HCL report.
//!
//! Bytes only: this crate says where a field lies and how wide it is. It judges nothing and verifies nothing, except that an
//! [HCL report](hcl::HclReport) is bound to its data. All integers are little-endian, as the processor writes them. Every struct is
//! unaligned and free of padding, so that it can be viewed in place in a received buffer.
//!
//! Sources: Intel SGX SDK and Intel Software Developer's Manual volume 3D (report), Intel TDX module ABI
//! (TD report), Intel DCAP quote formats 3, 4 and 5, Open Enclave report header.
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

pub mod hcl;
pub mod open_enclave;
pub mod quote;
pub mod sgx;
pub mod tdx;

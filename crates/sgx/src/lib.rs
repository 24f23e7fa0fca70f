//! What an SGX enclave is made of, and what its code can ask the processor for.
//!
//! The crate has two halves, for the two ends of an enclave's life. It needs no hardware, network, clock or simulator.
//!
//! **Building.** An enclave begins as an [`Image`](image::Image): a static executable and a [`Manifest`](image::Manifest), which sets
//! the heap, the stacks, the threads and the attributes. The image determines MRENCLAVE, the measurement by which others recognise
//! the enclave. A signer vouches for the measurement with a SIGSTRUCT ([`sigstruct::sign`]); its key determines MRSIGNER.
//! [`check_signed`] tells whether an image is the one that was signed.
//!
//! ```
//! use sgx::image::{Image, Manifest};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manifest = Manifest::from_toml(
//!     "heap-size = 0x100000
//!      stack-size = 0x10000
//!      threads = 4
//!      isv-prod-id = 1
//!      isv-svn = 1",
//! )?;
//! # let executable = executable();
//! // let executable = std::fs::read("target/release/app")?;
//! let image = Image::read(&executable, &manifest)?;
//! println!("MRENCLAVE {}", hex::encode(image.mr_enclave()));
//! println!("{} pages of protected memory", image.epc_pages());
//! # Ok(())
//! # }
//! # /// Headers, one segment, an entry point.
//! # fn executable() -> Vec<u8> {
//! #     let mut file = [&b"\x7fELF\x02\x01\x01"[..], &[0; 9]].concat();
//! #     file.extend([2_u16, 62].map(u16::to_le_bytes).concat());
//! #     file.extend(1_u32.to_le_bytes());
//! #     file.extend([0x40_0f00_u64, 64, 0].map(u64::to_le_bytes).concat());
//! #     file.extend(0_u32.to_le_bytes());
//! #     file.extend([64_u16, 56, 2, 0, 0, 0].map(u16::to_le_bytes).concat());
//! #     for (kind, flags, address, length) in [(1_u32, 5_u32, 0x40_0000_u64, 0x1000_u64), (0x6474_e551, 6, 0, 0)] {
//! #         file.extend([kind, flags].map(u32::to_le_bytes).concat());
//! #         file.extend([0, address, address, length, length, 0x1000].map(u64::to_le_bytes).concat());
//! #     }
//! #     file.resize(0x1000, 0);
//! #     file
//! # }
//! ```
//!
//! **Running.** Code in the enclave asks its processor for two things, which the trait [`Enclu`](enclu::Enclu) describes: reports about
//! itself (EREPORT) and keys that only it can get (EGETKEY). [`Channel`](enclu::Channel) is the processor of a program that a
//! platform has loaded as an enclave. On top of the two instructions are sealing ([`sealing`]), which encrypts data so that only this
//! enclave or its signer's enclaves can read it on this machine, and local attestation
//! ([`Enclu::believes`](enclu::Enclu::believes)), by which one enclave verifies the report of another on the same machine.
//!
//! ```no_run
//! use sgx::enclu::Channel;
//! use sgx::sealing::{SealedFor, seal, unseal};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let processor = Channel::of_this_enclave()?;
//! let sealed = seal(&processor, SealedFor::Signer, b"a secret", b"a label in clear")?;
//! assert_eq!(unseal(&processor, &sealed)?.secret.as_slice(), b"a secret");
//! # Ok(())
//! # }
//! ```
//!
//! A report convinces only enclaves of the same machine. To convince others, a quoting enclave turns it into a quote, and a
//! verifier such as the crate `dcap` judges the quote.
//!
//! `docs/enclave-image.md` describes the image, the measurement and the channel for other languages. The layouts of SIGSTRUCT,
//! REPORT, TARGETINFO and KEYREQUEST are in the crate `abi`.
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

mod cryptography;
pub mod description;
pub mod enclu;
pub mod image;
pub mod sealing;
mod secs;
mod signed_image;
pub mod sigstruct;

pub use cryptography::CryptographyError;
pub use secs::Secs;
pub use signed_image::{Identity, SignedImageError, check_signed};

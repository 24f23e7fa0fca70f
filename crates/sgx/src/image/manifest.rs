//! The manifest of an image: what a signer decides about an enclave beside its program.
//!
//! All of it ends up in MRENCLAVE (heap, stack, threads, and what XFRM makes of them) or in SIGSTRUCT (the rest).

use std::borrow::Cow;

use abi::sgx::Attributes;
use problem::Problem;
use serde::Deserialize;

use super::measurement::PAGE_BYTES;
use crate::sigstruct::EnclaveProperties;

/// Bytes of the longest manifest.
pub const MAX_MANIFEST: usize = 64 << 10;
/// Bytes of the largest heap.
pub const MAX_HEAP: u64 = 64 << 30;
/// Bytes of the largest stack of one thread.
pub const MAX_STACK: u64 = 1 << 30;
/// The most threads.
pub const MAX_THREADS: u32 = 1024;

/// XFRM without which there is no enclave: x87 and SSE.
const XFRM_LEGACY: u64 = 0x3;
const XFRM_AVX: u64 = 0x4;
const XFRM_AVX512: u64 = 0xe0;
const XFRM_PKRU: u64 = 0x200;
const XFRM_AMX: u64 = 0x6_0000;

/// MISCSELECT: EXINFO, the only bit that is defined for enclaves of this kind.
const MISC_EXINFO: u32 = 1;

/// Why a text is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is longer than [`MAX_MANIFEST`].
    #[error("manifest has {0} bytes and may have {MAX_MANIFEST}")]
    TooLong(usize),
    /// It is no TOML, lacks a member or has one too many.
    #[error("manifest cannot be read")]
    Malformed(#[source] toml::de::Error),
    /// The heap is not made of whole pages, or too large.
    #[error("`heap-size` is {0}")]
    Heap(u64),
    /// The stack is empty, not made of whole pages, or too large.
    #[error("`stack-size` is {0}")]
    Stack(u64),
    /// There is no thread, or there are too many.
    #[error("`threads` is {0}")]
    Threads(u32),
    /// No processor has these states of registers, or not without others.
    #[error("`xfrm` is {0:#x}")]
    Xfrm(u64),
    /// No such field of the state can be selected.
    #[error("`misc-select` is {0:#x}")]
    MiscSelect(u32),
}

impl Problem for ManifestError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TooLong(_) => "manifest_too_long",
            Self::Malformed(_) => "manifest_malformed",
            Self::Heap(_) => "manifest_heap_size",
            Self::Stack(_) => "manifest_stack_size",
            Self::Threads(_) => "manifest_threads",
            Self::Xfrm(_) => "manifest_xfrm",
            Self::MiscSelect(_) => "manifest_misc_select",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::TooLong(_) => "check that it is the right file",
            Self::Malformed(_) => {
                "needed are `heap-size`, `stack-size`, `threads`, `isv-prod-id` and `isv-svn`; see docs/enclave-image.md"
            }
            Self::Heap(_) => "give a multiple of 4096, at most 64 GiB; 0 is no heap",
            Self::Stack(_) => "give a multiple of 4096 that is not zero, at most 1 GiB",
            Self::Threads(_) => "give a number from 1 to 1024",
            Self::Xfrm(_) => {
                "add up 0x3 (always), 0x4 (AVX), 0xe0 (AVX-512, with AVX), 0x200 (PKRU) and 0x60000 (AMX, with AVX)"
            }
            Self::MiscSelect(_) => "give 0, or 1 for EXINFO",
        })
    }
}

/// What a signer decides about an enclave beside its program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    heap_size: u64,
    stack_size: u64,
    threads: u32,
    isv_prod_id: u16,
    isv_svn: u16,
    #[serde(default)]
    debug: bool,
    #[serde(default)]
    provision_key: bool,
    #[serde(default)]
    misc_select: u32,
    #[serde(default = "legacy")]
    xfrm: u64,
    kss: Option<Kss>,
}

/// Key separation and sharing, which is on where this table is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Kss {
    #[serde(default, with = "hex::serde")]
    isv_ext_prod_id: [u8; 16],
    #[serde(default, with = "hex::serde")]
    isv_family_id: [u8; 16],
}

const fn legacy() -> u64 {
    XFRM_LEGACY
}

impl Manifest {
    /// Reads TOML.
    ///
    /// # Errors
    /// [`ManifestError`], for the first thing that is wrong.
    pub fn from_toml(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_MANIFEST {
            return Err(ManifestError::TooLong(text.len()));
        }
        let manifest: Self = toml::from_str(text).map_err(ManifestError::Malformed)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let is_whole = |bytes: u64| bytes.is_multiple_of(PAGE_BYTES);
        if !is_whole(self.heap_size) || self.heap_size > MAX_HEAP {
            return Err(ManifestError::Heap(self.heap_size));
        }
        if !is_whole(self.stack_size) || self.stack_size == 0 || self.stack_size > MAX_STACK {
            return Err(ManifestError::Stack(self.stack_size));
        }
        if self.threads == 0 || self.threads > MAX_THREADS {
            return Err(ManifestError::Threads(self.threads));
        }
        if !is_xfrm(self.xfrm) {
            return Err(ManifestError::Xfrm(self.xfrm));
        }
        if self.misc_select & !MISC_EXINFO != 0 {
            return Err(ManifestError::MiscSelect(self.misc_select));
        }
        Ok(())
    }

    /// Pages of the heap.
    pub(super) const fn heap_pages(&self) -> u64 {
        self.heap_size / PAGE_BYTES
    }

    /// Pages of the stack of one thread.
    pub(super) const fn stack_pages(&self) -> u64 {
        self.stack_size / PAGE_BYTES
    }

    /// Threads that can be in the enclave at once.
    pub(super) const fn threads(&self) -> u32 {
        self.threads
    }

    /// SSAFRAMESIZE: the registers of AMX take three pages, all others fit in one.
    pub(super) const fn ssa_frame_pages(&self) -> u32 {
        if self.xfrm & XFRM_AMX == 0 { 1 } else { 3 }
    }

    /// ATTRIBUTES as the enclave is made with, before it is initialised.
    pub fn attributes(&self) -> Attributes {
        let bits = [
            (true, Attributes::MODE64BIT),
            (self.debug, Attributes::DEBUG),
            (self.provision_key, Attributes::PROVISION_KEY),
            (self.kss.is_some(), Attributes::KSS),
        ];
        let flags = bits.iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, bit)| flags | bit);
        Attributes { flags: flags.into(), xfrm: self.xfrm.into() }
    }

    /// MISCSELECT.
    pub const fn misc_select(&self) -> u32 {
        self.misc_select
    }

    /// What its signer says of the enclave, on that day (0xYYYYMMDD). Every bit of ATTRIBUTES and MISCSELECT is fixed: whoever
    /// loads the enclave has no choice.
    pub fn properties(&self, date: u32) -> EnclaveProperties {
        let every_bit = Attributes { flags: u64::MAX.into(), xfrm: u64::MAX.into() };
        EnclaveProperties {
            date,
            misc_select: (self.misc_select, u32::MAX),
            attributes: (self.attributes(), every_bit),
            isv_prod_id: self.isv_prod_id,
            isv_svn: self.isv_svn,
            isv_family_id: self.kss.map_or([0; 16], |kss| kss.isv_family_id),
            isv_ext_prod_id: self.kss.map_or([0; 16], |kss| kss.isv_ext_prod_id),
        }
    }
}

/// Whether a processor may have exactly these states of registers: AVX-512 and AMX come whole, and not without AVX.
const fn is_xfrm(xfrm: u64) -> bool {
    let is_known = xfrm & !(XFRM_LEGACY | XFRM_AVX | XFRM_AVX512 | XFRM_PKRU | XFRM_AMX) == 0;
    let has_legacy = xfrm & XFRM_LEGACY == XFRM_LEGACY;
    let (avx512, amx) = (xfrm & XFRM_AVX512, xfrm & XFRM_AMX);
    let are_whole = (avx512 == 0 || avx512 == XFRM_AVX512) && (amx == 0 || amx == XFRM_AMX);
    let has_avx = xfrm & XFRM_AVX != 0;
    is_known && has_legacy && are_whole && (has_avx || (avx512 == 0 && amx == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "heap-size = 0\nstack-size = 4096\nthreads = 1\nisv-prod-id = 0\nisv-svn = 0\n";

    fn with(line: &str) -> Result<Manifest, ManifestError> {
        let name = line.split(' ').next().unwrap();
        let kept = SMALLEST.lines().filter(|kept| !kept.starts_with(name)).map(|kept| format!("{kept}\n"));
        Manifest::from_toml(&format!("{}{line}\n", kept.collect::<String>()))
    }

    #[test]
    fn what_is_left_out_is_off() {
        let manifest = Manifest::from_toml(SMALLEST).unwrap();
        assert_eq!((manifest.attributes().flags.get(), manifest.attributes().xfrm.get()), (Attributes::MODE64BIT, 3));
        assert_eq!(manifest.misc_select(), 0);
    }

    #[test]
    fn each_rule_has_its_error() {
        for (line, error) in [
            ("heap-size = 1", ManifestError::Heap(1)),
            ("heap-size = 0x1000001000", ManifestError::Heap(0x10_0000_1000)),
            ("stack-size = 0", ManifestError::Stack(0)),
            ("stack-size = 4097", ManifestError::Stack(4097)),
            ("stack-size = 0x40001000", ManifestError::Stack(0x4000_1000)),
            ("threads = 0", ManifestError::Threads(0)),
            ("threads = 1025", ManifestError::Threads(1025)),
            ("misc-select = 2", ManifestError::MiscSelect(2)),
        ] {
            assert_eq!(with(line), Err(error), "{line}");
        }
        let long = format!("{SMALLEST}#{}", " ".repeat(MAX_MANIFEST));
        assert_eq!(Manifest::from_toml(&long), Err(ManifestError::TooLong(long.len())));
    }

    #[test]
    fn states_of_registers_come_as_processors_have_them() {
        for xfrm in ["3", "7", "0xe7", "0x203", "0x2e7", "0x60007", "0x602e7"] {
            assert!(with(&format!("xfrm = {xfrm}")).is_ok(), "{xfrm}");
        }
        for xfrm in [0_u64, 1, 2, 0xe3, 0x27, 0x6_0003, 0x2_0007, 0xb, 1 << 63 >> 1] {
            assert_eq!(with(&format!("xfrm = {xfrm}")), Err(ManifestError::Xfrm(xfrm)));
        }
    }

    #[test]
    fn what_is_no_manifest_is_malformed() {
        for text in [
            "",
            "heap-size",
            &SMALLEST.replace("threads = 1\n", ""),
            &format!("{SMALLEST}threads = 1\n"),
            &format!("{SMALLEST}config-svn = 1\n"),
            &SMALLEST.replace("isv-svn = 0", "isv-svn = 65536"),
            &SMALLEST.replace("isv-svn = 0", "isv-svn = -1"),
            &format!("{SMALLEST}[kss]\nisv-family-id = \"00\"\n"),
            &format!("{SMALLEST}[kss]\nname = 1\n"),
        ] {
            assert!(matches!(Manifest::from_toml(text), Err(ManifestError::Malformed(_))), "{text}");
        }
    }
}

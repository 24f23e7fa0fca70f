//! MRENCLAVE: SHA-256 over what was done to build the enclave, in blocks of 64 bytes. Source: Intel SDM volume 3D, ECREATE, EADD and
//! EEXTEND.

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// The same, to reckon with addresses.
pub(super) const PAGE_BYTES: u64 = PAGE as u64;
/// Bytes that one EEXTEND measures.
const CHUNK: usize = 256;
/// Bytes of a block.
const BLOCK: usize = 64;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageType {
    /// A thread control structure.
    Tcs,
    /// Code or data.
    Regular,
}

/// What the enclave may do with a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Read.
    pub read: bool,
    /// Write.
    pub write: bool,
    /// Execute.
    pub execute: bool,
}

/// The log of an enclave that is being built.
#[derive(Clone)]
pub struct MeasurementLog(Context);

impl MeasurementLog {
    /// ECREATE: an enclave of that size in bytes, with so many pages for the state of an interrupted thread.
    pub fn ecreate(ssa_frame_pages: u32, enclave_size: u64) -> Self {
        let mut log = Self(Context::new(&SHA256));
        log.block(b"ECREATE\0", &[&ssa_frame_pages.to_le_bytes(), &enclave_size.to_le_bytes()]);
        log
    }

    /// EADD: a page at that offset.
    pub fn eadd(&mut self, offset: u64, page_type: PageType, permissions: Permissions) {
        let kind: u64 = match page_type {
            PageType::Tcs => 1,
            PageType::Regular => 2,
        };
        let Permissions { read, write, execute } = permissions;
        let flags = u64::from(read) | u64::from(write) << 1 | u64::from(execute) << 2 | kind << 8;
        self.block(b"EADD\0\0\0\0", &[&offset.to_le_bytes(), &flags.to_le_bytes()]);
    }

    /// EEXTEND for each chunk of a page that was added at that offset. Without it what is in the page is not measured.
    pub fn eextend(&mut self, offset: u64, page: &[u8; PAGE]) {
        for (chunk, at) in page.chunks_exact(CHUNK).zip((offset..).step_by(CHUNK)) {
            self.block(b"EEXTEND\0", &[&at.to_le_bytes()]);
            self.0.update(chunk);
        }
    }

    /// MRENCLAVE.
    pub fn finish(self) -> [u8; 32] {
        let mut measurement = [0; 32];
        measurement.copy_from_slice(self.0.finish().as_ref());
        measurement
    }

    /// A name and fields, then zeros.
    fn block(&mut self, name: &[u8; 8], fields: &[&[u8]]) {
        let mut block = [0; BLOCK];
        let bytes = name.iter().chain(fields.iter().copied().flatten());
        block.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        self.0.update(&block);
    }
}

impl std::fmt::Debug for MeasurementLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeasurementLog").finish_non_exhaustive()
    }
}

//! Where the parts of an enclave lie. docs/enclave-image.md describes it.

use std::borrow::Cow;

use problem::Problem;

use super::manifest::Manifest;
use super::measurement::{PAGE_BYTES, PageType, Permissions};
use super::program::Program;

/// Bytes of the largest enclave.
pub const MAX_ENCLAVE: u64 = 128 << 30;
/// Bytes of all pages whose contents are measured.
pub const MAX_MEASURED: u64 = 4 << 30;

/// Frames for the state of an interrupted thread: one for the interruption, one for what comes while that is handled.
pub(super) const SSA_FRAMES: u32 = 2;

/// The smallest enclave that ECREATE makes.
const SMALLEST: u64 = 2 * PAGE_BYTES;
const READ_WRITE: Permissions = Permissions { read: true, write: true, execute: false };

/// Why a program and a manifest make no enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// It takes more addresses than [`MAX_ENCLAVE`].
    #[error("enclave takes more than {MAX_ENCLAVE} bytes of addresses")]
    TooLarge,
    /// More of it is measured than [`MAX_MEASURED`].
    #[error("more than {MAX_MEASURED} bytes of the enclave are measured")]
    TooMuchMeasured,
}

impl Problem for LayoutError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TooLarge => "enclave_too_large",
            Self::TooMuchMeasured => "enclave_measured_too_large",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::TooLarge => "lower `heap-size`, `stack-size` or `threads`, or link the segments closer together",
            Self::TooMuchMeasured => "lower `stack-size` or `threads`, whose product is measured",
        })
    }
}

/// What a part of an enclave is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A segment of the program, by its number.
    Segment(usize),
    /// The heap.
    Heap,
    /// The stack of a thread, by its number.
    Stack(u32),
    /// The control structure of a thread.
    Tcs(u32),
    /// The frames for the state of a thread that is interrupted.
    Ssa(u32),
}

/// Pages of an enclave that are alike, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// What it is.
    pub part: Part,
    /// Where it lies in the enclave, in bytes.
    pub offset: u64,
    /// How many pages it has.
    pub pages: u64,
    /// What the enclave may do with them.
    pub permissions: Permissions,
}

impl Region {
    /// Whether what is in the pages is measured; that they are there is measured in any case.
    pub const fn is_measured(&self) -> bool {
        !matches!(self.part, Part::Heap)
    }

    /// What its pages are.
    pub const fn page_type(&self) -> PageType {
        if matches!(self.part, Part::Tcs(_)) { PageType::Tcs } else { PageType::Regular }
    }

    /// Where the page behind it lies.
    const fn end(&self) -> u64 {
        self.offset.saturating_add(self.pages.saturating_mul(PAGE_BYTES))
    }
}

/// Regions by rising addresses, and the size of the enclave.
pub(super) fn lay_out(program: &Program<'_>, manifest: &Manifest) -> Result<(Vec<Region>, u64), LayoutError> {
    let mut regions: Vec<Region> = Vec::new();
    for (number, segment) in program.segments.iter().enumerate() {
        let (offset, pages, permissions) = (segment.offset, segment.pages, segment.permissions);
        regions.push(Region { part: Part::Segment(number), offset, pages, permissions });
    }
    let end = |regions: &[Region]| regions.last().map_or(0, Region::end);
    let mut behind = |gap: u64, part: Part, pages: u64, permissions: Permissions| {
        let offset = end(&regions).saturating_add(gap.saturating_mul(PAGE_BYTES));
        regions.push(Region { part, offset, pages, permissions });
    };
    behind(0, Part::Heap, manifest.heap_pages(), READ_WRITE);
    let ssa_pages = u64::from(SSA_FRAMES).saturating_mul(manifest.ssa_frame_pages().into());
    for thread in 0..manifest.threads() {
        // A page that is not there on both sides of a stack.
        behind(1, Part::Stack(thread), manifest.stack_pages(), READ_WRITE);
        behind(1, Part::Tcs(thread), 1, Permissions::default());
        behind(0, Part::Ssa(thread), ssa_pages, READ_WRITE);
    }
    let size = end(&regions).checked_next_power_of_two().map(|size| size.max(SMALLEST));
    let size = size.filter(|size| *size <= MAX_ENCLAVE).ok_or(LayoutError::TooLarge)?;
    let measured = regions.iter().filter(|region| region.is_measured()).map(|region| region.pages);
    let measured = measured.fold(0, u64::saturating_add).saturating_mul(PAGE_BYTES);
    if measured > MAX_MEASURED {
        return Err(LayoutError::TooMuchMeasured);
    }
    regions.retain(|region| region.pages > 0);
    Ok((regions, size))
}

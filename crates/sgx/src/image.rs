//! An image: a program and a manifest, which together say byte for byte what is in an enclave when it begins.

use std::borrow::Cow;

use problem::Problem;

mod layout;
mod manifest;
mod measurement;
mod program;

use layout::SSA_FRAMES;
use measurement::PAGE_BYTES;

pub use layout::{LayoutError, MAX_ENCLAVE, MAX_MEASURED, Part, Region};
pub use manifest::{MAX_HEAP, MAX_MANIFEST, MAX_STACK, MAX_THREADS, Manifest, ManifestError};
pub use measurement::{MeasurementLog, PAGE, PageType, Permissions};
pub use program::{MAX_EXECUTABLE, MAX_SEGMENTS, Program, ProgramError};

/// Why there is no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Of the program.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// Of program and manifest together.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl Problem for ImageError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Program(error) => error.code(),
            Self::Layout(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Program(error) => error.help(),
            Self::Layout(error) => error.help(),
        }
    }
}

/// A program with its manifest.
#[derive(Debug)]
pub struct Image<'a> {
    program: Program<'a>,
    regions: Vec<Region>,
    size: u64,
    ssa_frame_pages: u32,
}

impl<'a> Image<'a> {
    /// Reads an executable, and lays it out as the manifest says.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn read(executable: &'a [u8], manifest: &Manifest) -> Result<Self, ImageError> {
        let program = Program::read(executable)?;
        let (regions, size) = layout::lay_out(&program, manifest)?;
        Ok(Self { program, regions, size, ssa_frame_pages: manifest.ssa_frame_pages() })
    }

    /// Its parts by rising addresses.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Bytes of addresses that the enclave takes: a power of two.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Pages of protected memory that it takes: its own, and one for its control structure (SECS).
    pub fn epc_pages(&self) -> u64 {
        self.regions.iter().map(|region| region.pages).fold(1, u64::saturating_add)
    }

    /// MRENCLAVE: made, filled page by page by rising addresses.
    pub fn mr_enclave(&self) -> [u8; 32] {
        let mut log = MeasurementLog::ecreate(self.ssa_frame_pages, self.size);
        for region in &self.regions {
            for number in 0..region.pages {
                let offset = region.offset.saturating_add(number.saturating_mul(PAGE_BYTES));
                log.eadd(offset, region.page_type(), region.permissions);
                if region.is_measured() {
                    log.eextend(offset, &self.page(region, number));
                }
            }
        }
        log.finish()
    }

    /// What is in a page when the enclave begins.
    fn page(&self, region: &Region, number: u64) -> [u8; PAGE] {
        match region.part {
            Part::Segment(segment) => {
                self.program.segments.get(segment).map_or([0; PAGE], |segment| segment.page(number))
            }
            Part::Tcs(_) => self.tcs(region),
            Part::Heap | Part::Stack(_) | Part::Ssa(_) => [0; PAGE],
        }
    }

    /// The control structure of a thread: where its frames lie (OSSA, NSSA) and where it enters (OENTRY). Source: Intel SDM
    /// volume 3D, 35.8.
    fn tcs(&self, region: &Region) -> [u8; PAGE] {
        let frames = region.offset.saturating_add(PAGE_BYTES);
        let mut page = [0; PAGE];
        let mut put = |at: usize, field: &[u8]| {
            page.iter_mut().skip(at).zip(field).for_each(|(place, byte)| *place = *byte);
        };
        put(16, &frames.to_le_bytes());
        put(28, &SSA_FRAMES.to_le_bytes());
        put(32, &self.program.entry.to_le_bytes());
        page
    }
}

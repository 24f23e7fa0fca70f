//! Enclaves as they are built: images, the measurement log, and what their signers say.

mod image;
mod layout;
mod manifest;
mod measurement;
mod program;
mod signature;
mod signed_image;

use measurement::PAGE_BYTES;

pub use image::{Image, ImageError};
pub use layout::{LayoutError, MAX_ENCLAVE, MAX_MEASURED, Part, Region};
pub use manifest::{MAX_HEAP, MAX_MANIFEST, MAX_STACK, MAX_THREADS, Manifest, ManifestError};
pub use measurement::{MeasurementLog, PAGE, PageType, Permissions};
pub use program::{MAX_EXECUTABLE, MAX_SEGMENTS, Program, ProgramError};
pub use signature::{EinitError, EnclaveKey, EnclaveKeyError, EnclaveProperties, einit, sign};
pub use signed_image::{Identity, SignedImageError, check_signed};

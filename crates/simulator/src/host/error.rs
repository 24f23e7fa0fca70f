//! Why an enclave is not loaded.

use std::borrow::Cow;
use std::io;

use problem::Problem;
use sgx::SignedImageError;
use sgx::image::ImageError;

/// Why an enclave is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Program and manifest make no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The image is not the one that was signed.
    #[error(transparent)]
    Signed(#[from] SignedImageError),
    /// CONFIGID and CONFIGSVN are for enclaves with KSS.
    #[error("enclave without KSS is given CONFIGID or CONFIGSVN")]
    ConfigWithoutKss,
    /// Protected memory is full.
    #[error("enclave takes {needed} pages of protected memory (EPC), and {free} are free")]
    OutOfEpc {
        /// Pages that it takes.
        needed: u64,
        /// Pages that are free.
        free: u64,
    },
    /// The system refuses.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl Problem for LoadError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Image(error) => return error.code(),
            Self::Signed(error) => return error.code(),
            Self::ConfigWithoutKss => "config_without_kss",
            Self::OutOfEpc { .. } => "out_of_epc",
            Self::System { .. } => "load_failed",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Image(error) => return error.help(),
            Self::Signed(error) => return error.help(),
            Self::ConfigWithoutKss => {
                "add the table `[kss]` to the manifest and sign again, or leave CONFIGID and CONFIGSVN zero"
            }
            Self::OutOfEpc { .. } => {
                "end other enclaves, lower `heap-size` or `threads`, or give the platform more EPC"
            }
            Self::System { .. } => {
                "programs have to be allowed to run from memory (memfd, `vm.memfd_noexec`), and /proc to be mounted"
            }
        })
    }
}

/// The error of a step that the system refuses.
pub(super) fn system(action: &'static str) -> impl FnOnce(io::Error) -> LoadError {
    move |source| LoadError::System { action, source }
}

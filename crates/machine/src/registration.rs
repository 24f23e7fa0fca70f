//! Whether the platform was registered with Intel, as its firmware tells the system: the EFI variable
//! `SgxRegistrationStatus` (Intel, SGX registration over UEFI variables).
//!
//! Never run on hardware: written from Intel's description and tested against made-up variables.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use problem::Problem;
use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::bounded;
use crate::tree::Machine;

const STATUS: &str = "/sys/firmware/efi/efivars/SgxRegistrationStatus-f236c5dc-a491-4bbe-bcdd-88885770df45";
const REQUEST: &str = "/sys/firmware/efi/efivars/SgxRegistrationServerRequest-304e0796-d515-4698-ac6e-e76cb1a71c28";

/// The longest variable that is read, in bytes.
const MAX_VARIABLE: usize = 4096;

/// The variable as efivarfs gives it: the attributes of the variable, and then what the firmware wrote.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Variable {
    attributes: [u8; 4],
    version: U16,
    size: U16,
    flags: U16,
    error_code: u8,
}

/// The version of the structure.
const VERSION: u16 = 1;
/// Bytes behind its size: flags and error code.
const SIZE: u16 = 3;

/// How far registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Registration is complete. Until then the firmware has a request for Intel's service, see
    /// [`Registration::request_waits`].
    pub complete: bool,
    /// The information on the package was read by the system.
    pub package_info_read: bool,
    /// Why the last attempt failed, if it did.
    pub error: Option<RegistrationErrorCode>,
    /// A request for Intel's registration service lies in a variable: a platform manifest, or a package to be added.
    pub request_waits: bool,
}

/// Why registration failed, as firmware or Intel's agent left it. The agent's have the highest bit set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationErrorCode(pub u8);

impl RegistrationErrorCode {
    /// Whether software set it, Intel's registration agent most likely; otherwise firmware did.
    pub const fn by_software(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// What Intel says it means; nothing for the firmware's own and for those that Intel's service gave no name.
    pub const fn meaning(self) -> Option<&'static str> {
        Some(match self.0 {
            0x80 => "unexpected error of the agent",
            0x81 => "the agent had no memory",
            0x82 => "Intel's service was not reached: network or proxy",
            0x83 => "the agent was given a wrong parameter",
            0x84 => "internal error of Intel's service",
            0x85 => "Intel's service did not answer in time",
            0x86 => "firmware does not keep the protocol",
            0x87 => "Intel's service does not know the subscription",
            0xa0 => "Intel's service did not understand the request",
            0xa1 => "the platform belongs to another registration service",
            0xa2 => "a package is invalid or revoked",
            0xa3 => "a package is not known to Intel's service",
            0xa4 => "a package does not fit the platform",
            0xa5 => "the platform manifest is invalid",
            0xa6 => "the platform is not known to Intel's service",
            0xa7 => "the request to add a package is invalid",
            0xa8 => "Intel's service refused for a reason that it did not name",
            _ => return None,
        })
    }
}

impl Display for RegistrationErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}", self.0)?;
        match self.meaning() {
            Some(meaning) => write!(f, " ({meaning})"),
            None => Ok(()),
        }
    }
}

/// Why it is not known how far registration is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// A variable cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The variable is longer or shorter than its structure.
    #[error("the variable of the registration's status has not the length of its structure")]
    Length,
    /// The structure is of another version.
    #[error("the registration's status is of version {version}, and only {VERSION} is known")]
    Version {
        /// Its version.
        version: u16,
    },
    /// The structure says another size than it has.
    #[error("the registration's status says that it has {size} bytes, and it has {SIZE}")]
    Size {
        /// What it says.
        size: u16,
    },
}

impl Problem for RegistrationError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "registration_unreadable",
            Self::Length => "registration_length",
            Self::Version { .. } => "registration_version",
            Self::Size { .. } => "registration_size",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "let this user read it, or run as root",
            Self::Length | Self::Version { .. } | Self::Size { .. } => {
                "look for newer firmware; Intel's registration tool reads the variable too"
            }
        })
    }
}

impl Machine {
    /// How far registration with Intel is; `None` where firmware has no such variable.
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub fn registration(&self) -> Result<Option<Registration>, RegistrationError> {
        let path = self.path(STATUS);
        let bytes = match bounded::read(&path, MAX_VARIABLE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RegistrationError::Read { path, source }),
            Ok(bytes) => bytes.ok_or(RegistrationError::Length)?,
        };
        let status = Variable::ref_from_bytes(&bytes).map_err(|_| RegistrationError::Length)?;
        if status.version != VERSION {
            return Err(RegistrationError::Version { version: status.version.get() });
        }
        if status.size != SIZE {
            return Err(RegistrationError::Size { size: status.size.get() });
        }
        let request = self.path(REQUEST);
        let request_waits = request.try_exists().map_err(|source| RegistrationError::Read { path: request, source })?;
        Ok(Some(Registration {
            complete: status.flags.get() & 1 != 0,
            package_info_read: status.flags.get() & 2 != 0,
            error: Some(RegistrationErrorCode(status.error_code)).filter(|code| code.0 != 0),
            request_waits,
        }))
    }
}

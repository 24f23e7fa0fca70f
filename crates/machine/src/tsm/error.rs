//! Why configfs gave no quote, and the limits of what it takes and gives.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use problem::Problem;
use rustix::io::Errno;

/// The longest name of an entry.
pub(super) const MAX_NAME: usize = 64;
/// The longest input, in bytes.
pub(super) const MAX_INBLOB: usize = 64;
/// The longest quote, report or table that is taken, in bytes.
pub const MAX_BLOB: usize = 128 << 10;
/// The highest privilege level.
pub(super) const MAX_PRIVLEVEL: u8 = 3;

/// Why the kernel gave no quote or report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TsmError {
    /// The name of the entry is no plain one.
    #[error("an entry's name has 1 to {MAX_NAME} letters, digits, `-`, `_` and `.`, and does not begin with a dot")]
    Name,
    /// The kernel has no such directory.
    #[error("`{}` cannot be made: the kernel has no reports there", .0.display())]
    Absent(PathBuf),
    /// No driver of a confidential guest is loaded.
    #[error("no driver of a confidential guest makes reports")]
    NoProvider,
    /// This process may not make entries.
    #[error("no permission to make `{}`", .0.display())]
    NoPermission(PathBuf),
    /// An entry of that name is there.
    #[error("`{}` is in use", .0.display())]
    InUse(PathBuf),
    /// The entry cannot be made for another reason.
    #[error("`{}` cannot be made", path.display())]
    Make {
        /// Which entry.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The input is longer than report data.
    #[error("the input has {length} bytes, and at most {MAX_INBLOB} are taken")]
    InputTooLong {
        /// Its length.
        length: usize,
    },
    /// Another provider answers than was expected.
    #[error("reports come from `{found}`, not from `{expected}`")]
    Provider {
        /// Who answers.
        found: String,
        /// Who was expected.
        expected: &'static str,
    },
    /// There is no such privilege level.
    #[error("privilege level {level} does not exist: the highest is {MAX_PRIVLEVEL}")]
    Level {
        /// What was asked for.
        level: u8,
    },
    /// The provider knows no privilege levels.
    #[error("this provider knows no privilege levels")]
    NoLevels,
    /// The privilege level may not be asked for from here.
    #[error("privilege level {level} is below {floor}, the lowest that may be asked for")]
    BelowFloor {
        /// What was asked for.
        level: u8,
        /// The lowest.
        floor: u8,
    },
    /// An attribute cannot be read or written: the provider failed, or refused.
    #[error("attribute `{attribute}` failed")]
    Attribute {
        /// Which one.
        attribute: &'static str,
        /// Why.
        source: io::Error,
    },
    /// An attribute is no short text.
    #[error("attribute `{attribute}` is no short text")]
    NotAWord {
        /// Which one.
        attribute: &'static str,
    },
    /// An attribute is no number.
    #[error("attribute `{attribute}` is no number")]
    NotANumber {
        /// Which one.
        attribute: &'static str,
    },
    /// A blob is longer than any that is taken.
    #[error("attribute `{attribute}` has more than {MAX_BLOB} bytes")]
    TooLong {
        /// Which one.
        attribute: &'static str,
    },
    /// The quote or report is shorter than any can be.
    #[error("the result has {length} bytes, and none has less than {shortest}")]
    TooShort {
        /// Its length.
        length: usize,
        /// What it must have.
        shortest: usize,
    },
    /// Inputs of the entry were written by somebody else, or ours was not taken.
    #[error("inputs of the entry changed while it was read: generation {before}, then {after} after {writes} writes")]
    Raced {
        /// The generation before.
        before: u64,
        /// The generation after.
        after: u64,
        /// How often we wrote.
        writes: u64,
    },
    /// The kernel is busy with an earlier quote.
    #[error("the kernel is still busy with another quote")]
    Busy,
}

impl TsmError {
    /// Why an entry cannot be made.
    pub(super) fn of_making(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent(path),
            io::ErrorKind::PermissionDenied => Self::NoPermission(path),
            io::ErrorKind::AlreadyExists => Self::InUse(path),
            _ if Errno::from_io_error(&source) == Some(Errno::NXIO) => Self::NoProvider,
            _ => Self::Make { path, source },
        }
    }

    /// Whether the kernel is busy with an earlier quote.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Attribute { source, .. } if source.kind() == io::ErrorKind::ResourceBusy)
    }
}

impl Problem for TsmError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Name => "tsm_name",
            Self::Absent(_) => "tsm_absent",
            Self::NoProvider => "tsm_no_provider",
            Self::NoPermission(_) => "tsm_no_permission",
            Self::InUse(_) => "tsm_in_use",
            Self::Make { .. } => "tsm_entry_failed",
            Self::InputTooLong { .. } => "tsm_input_too_long",
            Self::Provider { .. } => "tsm_other_provider",
            Self::Level { .. } => "tsm_level",
            Self::NoLevels => "tsm_no_levels",
            Self::BelowFloor { .. } => "tsm_level_below_floor",
            Self::Attribute { .. } => "tsm_attribute_failed",
            Self::NotAWord { .. } => "tsm_not_a_word",
            Self::NotANumber { .. } => "tsm_not_a_number",
            Self::TooLong { .. } => "tsm_too_long",
            Self::TooShort { .. } => "tsm_too_short",
            Self::Raced { .. } => "tsm_raced",
            Self::Busy => "tsm_busy",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Name => "name it after this program and its process, such as `veritee-4711`",
            Self::Absent(_) => {
                "mount configfs (`mount -t configfs none /sys/kernel/config`); the kernel has to be 6.7 or later with CONFIG_TSM_REPORTS"
            }
            Self::NoProvider => "load `tdx_guest` or `sev-guest`; this may be no confidential guest",
            Self::NoPermission(_) => "run as root: entries of configfs are root's",
            Self::InUse(_) => "take another name, or remove the entry if nobody uses it (`rmdir`)",
            Self::Make { .. } | Self::Attribute { .. } => "look at the kernel's log: the driver says why",
            Self::InputTooLong { .. } => "hash the input, and give the hash",
            Self::Provider { .. } => "ask for what this machine is",
            Self::Level { .. } | Self::NoLevels | Self::BelowFloor { .. } => {
                "ask without a privilege level, or for one from `privlevel_floor` on"
            }
            Self::NotAWord { .. } | Self::NotANumber { .. } | Self::TooLong { .. } | Self::TooShort { .. } => {
                "check that configfs is the kernel's; the host may have made the quote wrong"
            }
            Self::Raced { .. } => "try again, with a name that nobody else uses",
            Self::Busy => "wait for the quote service on the host, and look at its log",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_apart_why_an_entry_cannot_be_made() {
        let of = |errno: Errno| TsmError::of_making(Path::new("x"), io::Error::from(errno));
        assert!(matches!(of(Errno::NXIO), TsmError::NoProvider));
        assert!(matches!(of(Errno::NOENT), TsmError::Absent(_)));
        assert!(matches!(of(Errno::ACCESS), TsmError::NoPermission(_)));
        assert!(matches!(of(Errno::PERM), TsmError::NoPermission(_)));
        assert!(matches!(of(Errno::EXIST), TsmError::InUse(_)));
        assert!(matches!(of(Errno::NOMEM), TsmError::Make { .. }));
    }
}

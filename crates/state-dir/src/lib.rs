//! Private directories and files: checked before use, locked while they change, written durably.
//!
//! State that holds secrets lives in a [`PrivateDir`]. Opening one checks everything before anything is touched:
//!
//! 1. every directory on the way belongs to root or to the process's effective user;
//! 2. nobody else can replace what is on the way: such a directory is not writable by group or others, unless it is sticky, or
//!    its group has no other member than that user;
//! 3. symbolic links on the way belong to root or to that user, and lead through directories that meet the same rules;
//! 4. the directory itself is no symbolic link, belongs to that user, and others have no rights to it.
//!
//! From then on work is done on descriptors (`openat` with `O_NOFOLLOW`, `fstat`), so that a path that changes later does not matter.
//! Directories are made with mode 0700 and files with 0600. Files change under a [`Lock`] only, each as a whole: a new file is
//! written and synced under another name, takes its name at once, and the directory is synced.
//!
//! [`SharedDir`] is for what others may see but not change, [`SecretFile`] for one secret that an operator wants elsewhere, and
//! [`read_secret`] for one that an operator gave.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let place = tempfile::tempdir()?;
//! # let path = place.path().join("state");
//! use state_dir::{PrivateDir, Trust};
//!
//! let directory = PrivateDir::open_or_create(&path, Trust::OWNER)?;
//! let lock = directory.lock()?;
//! if directory.read("key", 64)?.is_none() {
//!     lock.create("key", b"secret")?;
//! }
//! drop(lock);
//! assert_eq!(directory.read("key", 64)?.unwrap().as_slice(), b"secret");
//! # Ok(())
//! # }
//! ```

mod checks;
mod directory;
mod error;
mod lock;
mod private_group;
mod read;
mod secret_file;
mod shared;
mod trust;
mod walk;

pub use directory::PrivateDir;
pub use error::StateError;
pub use lock::Lock;
pub use read::read_secret;
pub use secret_file::SecretFile;
pub use shared::{Entry, Identity, Kind, SharedDir};
pub use trust::Trust;

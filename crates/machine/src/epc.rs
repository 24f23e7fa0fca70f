//! How much protected memory the kernel has, by node of memory (`sgx_total_bytes` in sysfs).

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::PathBuf;

use problem::Problem;

use crate::bounded;
use crate::tree::Machine;

const NODES: &str = "/sys/devices/system/node";

/// As many nodes of memory as the kernel can count on x86-64.
const MAX_NODES: usize = 1024;
/// The longest number that is read, in bytes.
const MAX_NUMBER: usize = 32;

/// Why the size of protected memory is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpcError {
    /// A file or directory cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the kernel holds no number.
    #[error("`{}` holds no number of bytes", .0.display())]
    NotANumber(PathBuf),
    /// Together they have more bytes than can be addressed.
    #[error("the nodes of memory have more protected memory together than can be addressed")]
    TooLarge,
    /// There are more nodes of memory than any machine has.
    #[error("there are more than {MAX_NODES} nodes of memory")]
    TooManyNodes,
}

impl Problem for EpcError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "epc_unreadable",
            Self::NotANumber(_) => "epc_not_a_number",
            Self::TooLarge => "epc_too_large",
            Self::TooManyNodes => "epc_too_many_nodes",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "check that sysfs is mounted and may be read",
            Self::NotANumber(_) | Self::TooLarge | Self::TooManyNodes => {
                "check that sysfs is the kernel's; CPUID says the size too"
            }
        })
    }
}

impl Machine {
    /// All protected memory (EPC) that the kernel has, in bytes; `None` where it does not say, as kernels before it had
    /// `sgx_total_bytes` do not.
    ///
    /// # Errors
    /// See [`EpcError`].
    pub fn epc_bytes(&self) -> Result<Option<u64>, EpcError> {
        let mut total = None;
        for path in self.sgx_totals()? {
            let bytes = match bounded::read(&path, MAX_NUMBER) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(EpcError::Read { path, source }),
                Ok(bytes) => bytes,
            };
            let number = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.trim().parse::<u64>().ok());
            let number = number.ok_or(EpcError::NotANumber(path))?;
            total = Some(total.unwrap_or(0_u64).checked_add(number).ok_or(EpcError::TooLarge)?);
        }
        Ok(total)
    }

    /// Where each node of memory says it, if it does.
    fn sgx_totals(&self) -> Result<Vec<PathBuf>, EpcError> {
        let directory = self.path(NODES);
        let unreadable = |source| EpcError::Read { path: directory.clone(), source };
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable)?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().to_str().is_some_and(is_node) {
                paths.push(entry.path().join("x86/sgx_total_bytes"));
            }
            if paths.len() > MAX_NODES {
                return Err(EpcError::TooManyNodes);
            }
        }
        Ok(paths)
    }
}

fn is_node(name: &str) -> bool {
    name.strip_prefix("node").is_some_and(|index| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()))
}

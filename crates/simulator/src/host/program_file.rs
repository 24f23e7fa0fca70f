//! A program in memory that nobody can change any more, for the kernel to run.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// A sealed file without a name.
#[derive(Debug)]
pub(super) struct ProgramFile(File);

impl ProgramFile {
    /// Puts a program into a file and seals it: not even its maker can change it then.
    pub(super) fn seal(program: &[u8]) -> io::Result<Self> {
        let mut file = File::from(create()?);
        file.write_all(program)?;
        fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        Ok(Self(file))
    }

    /// What is in it. This, and not what was written: until it was sealed others of the same user could reach it.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let mut contents = Vec::new();
        let mut file = &self.0;
        file.rewind()?;
        file.read_to_end(&mut contents)?;
        Ok(contents)
    }

    /// Its name for this process and for a child that has not begun to run it.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}

fn create() -> rustix::io::Result<std::os::fd::OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("enclave", flags | MemfdFlags::EXEC) {
        // Before Linux 6.3 every such file could be run, and the flag was not known.
        Err(rustix::io::Errno::INVAL) => memfd_create("enclave", flags),
        created => created,
    }
}

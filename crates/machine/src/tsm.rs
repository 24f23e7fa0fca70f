//! Quotes of trust domains and reports of SEV-SNP guests through configfs (kernel 6.7 and later:
//! `Documentation/ABI/testing/configfs-tsm-report`).
//!
//! Never run on hardware: written from the kernel's description and tested against a made-up tree.

mod error;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::bounded;
use crate::tree::Machine;

pub use error::{MAX_BLOB, TsmError};
use error::{MAX_INBLOB, MAX_NAME, MAX_PRIVLEVEL};

const REPORTS: &str = "/sys/kernel/config/tsm/report";

/// The longest number or word that is read, in bytes.
const MAX_WORD: usize = 64;

/// What is waited where the kernel is busy with a quote that somebody gave up on: Intel's library waits as long, as often.
const PAUSES: [Duration; 3] = [Duration::from_secs(10); 3];

/// Who makes the quote or report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TsmProvider {
    /// A trust domain: the result is a TD quote.
    TdxGuest,
    /// A guest under SEV-SNP: the result is an attestation report.
    SevGuest,
}

impl TsmProvider {
    /// Its name in the attribute `provider`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TdxGuest => "tdx_guest",
            Self::SevGuest => "sev_guest",
        }
    }

    /// The shortest result: header, TD report body and the size of the signature, of which Intel's library wants more
    /// (1020 bytes); or AMD's report, which has always this size.
    const fn shortest(self) -> usize {
        match self {
            Self::TdxGuest => 1020,
            Self::SevGuest => 1184,
        }
    }
}

/// What the kernel gave for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsmReport {
    /// The quote or report.
    pub outblob: Vec<u8>,
    /// What comes with it: of SEV-SNP the table of certificates, where the host gives one.
    pub auxblob: Option<Vec<u8>>,
    /// How often the entry's inputs had been written when this was read.
    pub generation: u64,
}

/// An entry in configfs, for one quote. It is removed when it is dropped.
#[derive(Debug)]
pub struct TsmEntry {
    path: PathBuf,
}

impl Machine {
    /// Makes an entry by a name that nobody else uses, such as one with the number of this process. It takes root.
    ///
    /// # Errors
    /// See [`TsmError`].
    pub fn tsm_entry(&self, name: &str) -> Result<TsmEntry, TsmError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > MAX_NAME || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(TsmError::Name);
        }
        let path = self.path(REPORTS).join(name);
        fs::create_dir(&path).map_err(|source| TsmError::of_making(&path, source))?;
        Ok(TsmEntry { path })
    }
}

impl TsmEntry {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Asks for a quote or report over an input: report data, of at most 64 bytes. A privilege level is for guests under
    /// SEV-SNP alone.
    ///
    /// 1. The provider is the one that the caller expects.
    /// 2. The level is not below the lowest that the provider may be asked for.
    /// 3. How often inputs were written is read, and then level and input are written.
    /// 4. The kernel is asked; if it is busy again after 10 seconds, three times. It may take long.
    /// 5. Inputs were written as often as we wrote them: otherwise somebody else did, and the result is about theirs.
    ///
    /// # Errors
    /// See [`TsmError`]. The entry is removed in any case.
    pub fn report(self, provider: TsmProvider, inblob: &[u8], privlevel: Option<u8>) -> Result<TsmReport, TsmError> {
        if inblob.len() > MAX_INBLOB {
            return Err(TsmError::InputTooLong { length: inblob.len() });
        }
        self.check_provider(provider)?;
        if let Some(level) = privlevel {
            self.check_level(level)?;
        }
        let before = self.generation()?;
        let mut writes = 1_u64;
        if let Some(level) = privlevel {
            self.write("privlevel", level.to_string().as_bytes())?;
            writes = 2;
        }
        self.write("inblob", inblob)?;
        let outblob = patiently(|| self.blob("outblob"), &PAUSES)?;
        let auxblob = optional(self.blob("auxblob"))?.filter(|table| !table.is_empty());
        let generation = self.generation()?;
        if generation != before.wrapping_add(writes) {
            return Err(TsmError::Raced { before, after: generation, writes });
        }
        if outblob.len() < provider.shortest() {
            return Err(TsmError::TooShort { length: outblob.len(), shortest: provider.shortest() });
        }
        Ok(TsmReport { outblob, auxblob, generation })
    }

    /// Step 1.
    fn check_provider(&self, expected: TsmProvider) -> Result<(), TsmError> {
        let found = self.word("provider")?;
        if found == expected.name() { Ok(()) } else { Err(TsmError::Provider { found, expected: expected.name() }) }
    }

    /// Step 2. Only providers that know levels have the attribute.
    fn check_level(&self, level: u8) -> Result<(), TsmError> {
        if level > MAX_PRIVLEVEL {
            return Err(TsmError::Level { level });
        }
        let Some(floor) = optional(self.word("privlevel_floor"))? else { return Err(TsmError::NoLevels) };
        let floor: u8 = floor.parse().map_err(|_| TsmError::NotANumber { attribute: "privlevel_floor" })?;
        if level < floor { Err(TsmError::BelowFloor { level, floor }) } else { Ok(()) }
    }

    fn generation(&self) -> Result<u64, TsmError> {
        self.word("generation")?.parse().map_err(|_| TsmError::NotANumber { attribute: "generation" })
    }

    /// A short text of the kernel's, without the end of its line.
    fn word(&self, attribute: &'static str) -> Result<String, TsmError> {
        let unreadable = |source| TsmError::Attribute { attribute, source };
        let bytes = bounded::read(&self.path.join(attribute), MAX_WORD).map_err(unreadable)?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(TsmError::NotAWord { attribute })?;
        Ok(text.trim_end().to_owned())
    }

    fn blob(&self, attribute: &'static str) -> Result<Vec<u8>, TsmError> {
        let blob = bounded::read(&self.path.join(attribute), MAX_BLOB);
        blob.map_err(|source| TsmError::Attribute { attribute, source })?.ok_or(TsmError::TooLong { attribute })
    }

    /// One write, for the kernel takes each as a whole. It looks at binary input only when the file is closed, and cannot
    /// refuse then: that shows in `generation`.
    fn write(&self, attribute: &'static str, bytes: &[u8]) -> Result<(), TsmError> {
        let write = || OpenOptions::new().write(true).open(self.path.join(attribute))?.write_all(bytes);
        write().map_err(|source| TsmError::Attribute { attribute, source })
    }
}

impl Drop for TsmEntry {
    fn drop(&mut self) {
        // Nothing can be done where it fails: the entry stays until somebody removes it.
        let _ = fs::remove_dir(&self.path);
    }
}

/// An attribute that not every provider has.
fn optional<T>(read: Result<T, TsmError>) -> Result<Option<T>, TsmError> {
    match read {
        Err(TsmError::Attribute { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Step 4: asks again after each pause as long as the kernel is busy.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, TsmError>, pauses: &[Duration]) -> Result<T, TsmError> {
    for pause in pauses {
        match ask() {
            Err(error) if error.is_busy() => thread::sleep(*pause),
            answer => return answer,
        }
    }
    match ask() {
        Err(error) if error.is_busy() => Err(TsmError::Busy),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_PAUSES: [Duration; 3] = [Duration::ZERO; 3];

    fn busy() -> TsmError {
        let source = io::Error::from_raw_os_error(rustix::io::Errno::BUSY.raw_os_error());
        TsmError::Attribute { attribute: "outblob", source }
    }

    #[test]
    fn asks_a_busy_kernel_again() {
        let mut answers = vec![Ok(7), Err(busy()), Err(busy()), Err(busy())];
        assert_eq!(patiently(|| answers.pop().unwrap(), &NO_PAUSES).unwrap(), 7);
        assert!(answers.is_empty());
    }

    #[test]
    fn gives_a_kernel_up_that_stays_busy() {
        let mut asked = 0;
        let answer: Result<(), _> = patiently(
            || {
                asked += 1;
                Err(busy())
            },
            &NO_PAUSES,
        );
        assert!(matches!(answer, Err(TsmError::Busy)));
        assert_eq!(asked, 4);
    }

    #[test]
    fn does_not_ask_again_after_another_failure() {
        let mut asked = 0;
        let answer: Result<(), _> = patiently(
            || {
                asked += 1;
                Err(TsmError::TooLong { attribute: "outblob" })
            },
            &NO_PAUSES,
        );
        assert!(matches!(answer, Err(TsmError::TooLong { .. })));
        assert_eq!(asked, 1);
    }
}

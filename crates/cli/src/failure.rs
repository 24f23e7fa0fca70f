//! How a command fails: an exit code, a sentence, and help.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use attestation::AuditError;
use client::ServiceError;
use problem::{Problem, untrusted};

pub use problem::chain;

/// Upper bound on the characters of a message: a server may have answered with megabytes.
const MAX_MESSAGE: usize = 16 << 10;

/// What kind of failure it is, which is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A verdict against: rejected, denied, a check failed.
    Verdict = 1,
    /// The command was called wrongly.
    Usage = 2,
    /// Network, files, permissions.
    Environment = 3,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    code: String,
    message: String,
    help: String,
    /// Whether the command has said it already, in its own output.
    is_said: bool,
}

impl Failure {
    pub fn new(kind: Kind, code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), help: help.into(), is_said: false }
    }

    pub fn verdict(code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Kind::Verdict, code, message, help)
    }

    pub fn usage(code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Kind::Usage, code, message, help)
    }

    pub fn environment(code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Kind::Environment, code, message, help)
    }

    /// Network, files, permissions, as that error has it.
    pub fn of_environment(error: &impl Problem) -> Self {
        Self::new(Kind::Environment, &error.code(), chain(error), error.help())
    }

    /// A verdict against, as that error has it.
    pub fn of_verdict(error: &impl Problem) -> Self {
        Self::new(Kind::Verdict, &error.code(), chain(error), error.help())
    }

    /// Wrong usage, as that error has it.
    pub fn of_usage(error: &impl Problem) -> Self {
        Self::new(Kind::Usage, &error.code(), chain(error), error.help())
    }

    /// Replaces the help by one that names options of the command.
    fn with_help(self, help: Option<&str>) -> Self {
        Self { help: help.map_or(self.help, str::to_owned), ..self }
    }

    /// Marks what the command's own output says already, so that it is not said twice.
    #[must_use]
    pub fn said(mut self) -> Self {
        self.is_said = true;
        self
    }

    /// The same as wrong usage: what was named is no such file.
    #[must_use]
    pub fn or_usage(mut self) -> Self {
        if self.kind == Kind::Verdict {
            self.kind = Kind::Usage;
        }
        self
    }

    /// The same as a verdict: the command checks what another one would call wrong usage.
    #[must_use]
    pub fn or_verdict(mut self) -> Self {
        if self.kind == Kind::Usage {
            self.kind = Kind::Verdict;
        }
        self
    }

    pub fn is_verdict(&self) -> bool {
        self.kind == Kind::Verdict
    }

    pub fn code(&self) -> &str {
        &self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn help(&self) -> &str {
        &self.help
    }

    /// Says it on standard error and gives the exit code.
    pub fn report(self) -> ExitCode {
        if !self.is_said {
            let mut out = std::io::stderr().lock();
            // A closed standard error leaves nobody to tell.
            // Some of it may be a stranger's text: further lines have a mark, so that they cannot pass for lines of ours.
            let shown = |text: &str| {
                untrusted::multi_line(&untrusted::shorten(text, MAX_MESSAGE)).trim_end().replace('\n', "\n     | ")
            };
            let _ = writeln!(out, "error: {}", shown(&self.message));
            if !self.help.is_empty() {
                let _ = writeln!(out, " help: {}", shown(&self.help));
            }
        }
        ExitCode::from(self.kind as u8)
    }
}

impl From<ServiceError> for Failure {
    /// A refusal of what was sent is a verdict, and so is that of a token; an invalid URL or CA certificate is wrong usage.
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Address(_) | ServiceError::Setup(_) => Self::of_usage(&error),
            ServiceError::Unreachable { .. } => Self::of_environment(&error)
                .with_help(Some("check that the service runs; for a development CA pass its tls/ca.pem with --ca")),
            ServiceError::Token(_) => Self::of_verdict(&error),
            ServiceError::Refused(refusal) if refusal.is_verdict => Self::of_verdict(&error),
            _ => Self::of_environment(&error),
        }
    }
}

impl From<AuditError> for Failure {
    /// A verdict against the audit, except where the file that was named holds no head.
    fn from(error: AuditError) -> Self {
        let help = match error {
            AuditError::DeletionUnproven { .. } => Some(
                "give a head that was saved after that record with --head, or verify at the service, while it publishes the key",
            ),
            AuditError::NoRecords => Some("give a file that `veritee audit export --out` wrote"),
            AuditError::NoHead { .. } => Some("give a file that `veritee audit heads --out` wrote"),
            _ => None,
        };
        let failure =
            if matches!(error, AuditError::NoHead { .. }) { Self::of_usage(&error) } else { Self::of_verdict(&error) };
        failure.with_help(help)
    }
}

/// Reads a file of at most `limit` bytes; `-` is standard input.
pub fn read_file(path: &std::path::Path, limit: u64) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let over = limit.saturating_add(1);
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(over).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(over).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > limit {
        let message = format!("`{}` is longer than {limit} bytes", path.display());
        return Err(Failure::verdict("file_too_long", message, "check that it is the right file"));
    }
    Ok(bytes)
}

pub fn unreadable(path: &std::path::Path, error: &dyn Display) -> Failure {
    Failure::environment(
        "file_unreadable",
        format!("cannot read `{}`: {error}", path.display()),
        "check the path and its permissions",
    )
}

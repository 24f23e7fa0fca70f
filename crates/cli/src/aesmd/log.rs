//! The daemon's log: to standard error, at a level that can be changed while it runs.

use std::io;

use aesm::LogLevel;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{DefaultFields, Format};
use tracing_subscriber::fmt::{Formatter, fmt};
use tracing_subscriber::reload::Handle;

type ToStderr = Formatter<DefaultFields, Format, fn() -> io::Stderr>;

/// The log, by which its level is changed.
pub struct Log(Handle<EnvFilter, ToStderr>);

impl Log {
    /// Logs from now on. `VERITEE_LOG` filters; without it the level does, `info` by default.
    pub fn to_stderr(level: Option<LogLevel>) -> Self {
        let stderr: fn() -> io::Stderr = io::stderr;
        let builder = fmt()
            .with_env_filter(filter(level))
            .with_writer(stderr)
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .with_filter_reloading();
        let handle = builder.reload_handle();
        builder.init();
        Self(handle)
    }

    /// Filters otherwise from now on.
    pub fn set(&self, level: Option<LogLevel>) {
        // It fails where nothing logs any more.
        let _ = self.0.reload(filter(level));
    }
}

fn filter(level: Option<LogLevel>) -> EnvFilter {
    let level = match level {
        Some(LogLevel::Error) => "error",
        Some(LogLevel::Info) | None => "info",
    };
    EnvFilter::try_from_env("VERITEE_LOG").unwrap_or_else(|_| EnvFilter::new(level))
}

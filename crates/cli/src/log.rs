//! Logs to standard error, which strangers' words in them can neither forge nor control.

use std::fmt::{self, Debug};
use std::io;

use aesm::LogLevel;
use problem::untrusted::one_line;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FormatFields, Formatter, fmt};
use tracing_subscriber::reload::Handle;

type ToStderr = Formatter<OneLine, Format, fn() -> io::Stderr>;

/// A log whose level can be changed while it runs.
pub struct Log(Handle<EnvFilter, ToStderr>);

impl Log {
    /// Logs from now on. `VERITEE_LOG` filters; without it the level does, `info` by default.
    pub fn to_stderr(level: Option<LogLevel>) -> Self {
        let stderr: fn() -> io::Stderr = io::stderr;
        let builder = fmt()
            .with_env_filter(filter(level))
            .fmt_fields(OneLine)
            .with_writer(stderr)
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
            .with_filter_reloading();
        let handle = builder.reload_handle();
        builder.init();
        Self(handle)
    }

    /// Changes the level.
    pub fn set(&self, level: Option<LogLevel>) {
        // It fails where nothing logs any more.
        let _ = self.0.reload(filter(level));
    }
}

/// Logs from now on; `VERITEE_LOG` filters, `info` by default.
pub fn to_stderr() {
    drop(Log::to_stderr(None));
}

fn filter(level: Option<LogLevel>) -> EnvFilter {
    let level = match level {
        Some(LogLevel::Error) => "error",
        Some(LogLevel::Info) | None => "info",
    };
    EnvFilter::try_from_env("VERITEE_LOG").unwrap_or_else(|_| EnvFilter::new(level))
}

/// Formats fields as `message name=value`, every value in one line.
struct OneLine;

impl<'w> FormatFields<'w> for OneLine {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Fields { writer, is_first: true, written: Ok(()) };
        fields.record(&mut visitor);
        visitor.written
    }
}

struct Fields<'w> {
    writer: Writer<'w>,
    is_first: bool,
    written: fmt::Result,
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.written.is_err() {
            return;
        }
        let space = if self.is_first { "" } else { " " };
        self.is_first = false;
        // `Debug` of a text escapes most of it; `Display`, which `%value` gives, nothing.
        let text = format!("{value:?}");
        let text = one_line(&text);
        self.written = match field.name() {
            "message" => write!(self.writer, "{space}{text}"),
            name => write!(self.writer, "{space}{}={text}", name.strip_prefix("r#").unwrap_or(name)),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn strangers_words_in_a_log_forge_no_line_and_are_not_obeyed() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log =
            fmt().fmt_fields(OneLine).with_ansi(false).without_time().with_writer(move || writer.clone()).finish();
        let words = "a\nERROR forged\u{1b}[2J\u{9b}\r\u{202e}b";
        tracing::subscriber::with_default(log, || {
            tracing::info!(display = %words, debug = ?words, text = words, "message {words}");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let (line, rest) = text.split_once('\n').unwrap();
        assert_eq!(rest, "", "{text}");
        assert!(line.chars().all(|c| matches!(c, ' '..='~')), "{line}");
        assert!(line.contains("display=a\\nERROR forged\\u{1b}[2J"), "{line}");
    }
}

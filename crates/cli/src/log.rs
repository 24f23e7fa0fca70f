//! Logs to standard error, which strangers' words in them can neither forge nor control.

use std::fmt::{self, Debug};
use std::io;

use aesm::LogLevel;
use problem::untrusted::one_line;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;

/// Filters the log: `info`, or `service=debug,info`.
const VARIABLE: &str = "VERITEE_LOG";

/// A log whose level can be changed while it runs.
pub struct Log(Handle<Targets, Registry>);

impl Log {
    /// Logs from now on. `VERITEE_LOG` filters; without it the level does, `info` by default.
    pub fn to_stderr(level: Option<LogLevel>) -> Self {
        let (filter, handle) = reload::Layer::new(filter(level));
        let lines = tracing_subscriber::fmt::layer()
            .fmt_fields(OneLine)
            .with_writer(io::stderr)
            .with_ansi(io::IsTerminal::is_terminal(&io::stderr()));
        tracing_subscriber::registry().with(filter).with(lines).init();
        if let Some(Err(error)) = given().map(|text| directives(&text)) {
            tracing::warn!(variable = VARIABLE, error, "invalid filter; it has no effect");
        }
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

fn filter(level: Option<LogLevel>) -> Targets {
    let level = match level {
        Some(LogLevel::Error) => LevelFilter::ERROR,
        Some(LogLevel::Info) | None => LevelFilter::INFO,
    };
    let given = given().and_then(|text| directives(&text).ok());
    given.unwrap_or_else(|| Targets::new().with_default(level))
}

fn given() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

/// Reads directives with commas between them: a level, a target, or `TARGET=LEVEL`. Without any, errors are logged.
fn directives(text: &str) -> Result<Targets, String> {
    let directives: Vec<&str> = text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).collect();
    if directives.is_empty() {
        return Ok(Targets::new().with_default(LevelFilter::ERROR));
    }
    if let Some(directive) = directives.iter().find(|directive| directive.contains(['[', '{'])) {
        return Err(format!("`{directive}` filters by span or field, use TARGET=LEVEL"));
    }
    directives.join(",").parse().map_err(|error: ParseError| error.to_string())
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
    fn filters_have_levels_and_targets() {
        use tracing::Level;
        let enabled = |text: &str, target: &str, level: &Level| directives(text).unwrap().would_enable(target, level);
        assert!(enabled("info", "service::routes", &Level::INFO) && !enabled("info", "service", &Level::DEBUG));
        assert!(enabled("DEBUG", "service", &Level::DEBUG) && enabled("trace", "x", &Level::TRACE));
        let text = "warn, service=debug,web::server=trace, ";
        assert!(enabled(text, "service::routes", &Level::DEBUG) && !enabled(text, "service", &Level::TRACE));
        assert!(enabled(text, "web::server", &Level::TRACE) && !enabled(text, "web", &Level::INFO));
        assert!(enabled("service", "service", &Level::TRACE) && !enabled("service", "web", &Level::ERROR));
        assert!(!enabled("off", "service", &Level::ERROR) && !enabled("info,sqlx=off", "sqlx", &Level::ERROR));
        assert!(enabled("", "service", &Level::ERROR) && !enabled("", "service", &Level::WARN));
        for wrong in ["service=loud", "a=b=c", "[span]=info", "service[span{field=1}]=debug"] {
            assert!(directives(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn strangers_words_in_a_log_forge_no_line_and_are_not_obeyed() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .fmt_fields(OneLine)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
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

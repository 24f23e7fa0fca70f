//! What is wrong with a text, or surely not meant.

use std::borrow::Cow;
use std::fmt;

use problem::Problem;
use serde::Serialize;

use crate::source::{Lines, Position, Span};

/// Foreign text fit for a message: cut, and without anything that a terminal or a log would obey.
pub(crate) fn shown(text: &str) -> String {
    problem::untrusted::excerpt(text, crate::limits::MAX_OFFENDING)
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The text is no policy.
    Error,
    /// The text is a policy, and hardly the one that was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One mistake in a policy's text: where it is, what it is, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for programs, such as `single-equals`.
    pub code: &'static str,
    /// Where it is.
    #[serde(flatten)]
    pub span: Span,
    /// Line and column of its beginning.
    #[serde(flatten)]
    pub at: Position,
    /// The offending text, cut to a bound; unprintable characters are escaped.
    pub offending: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)?;
        if !self.offending.is_empty() {
            write!(f, " at `{}`", self.offending)?;
        }
        write!(f, " ({})", self.help)
    }
}

/// What was found in a text, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// The errors, where there are any.
    ///
    /// # Errors
    /// Them.
    pub fn errors(mut self) -> Result<(), Self> {
        self.0.retain(|diagnostic| diagnostic.severity == Severity::Error);
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are as bad as that.
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

impl fmt::Display for Diagnostics {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, diagnostic) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl Problem for Diagnostics {
    fn code(&self) -> Cow<'static, str> {
        "policy_malformed".into()
    }

    /// The help of the first; every line of the message has its own.
    fn help(&self) -> Cow<'_, str> {
        self.0.first().map_or("", |first| first.help.as_str()).into()
    }
}

/// Collects what is found in a text.
pub(crate) struct Findings<'t> {
    text: &'t str,
    found: Vec<(Severity, &'static str, Span, String, String)>,
}

impl<'t> Findings<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(crate) fn error(&mut self, code: &'static str, at: Span, message: impl Into<String>, help: impl Into<String>) {
        self.found.push((Severity::Error, code, at, message.into(), help.into()));
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push((Severity::Warning, code, at, message.into(), help.into()));
    }

    pub(crate) const fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether so much was found that more would only repeat it.
    pub(crate) const fn is_full(&self) -> bool {
        self.found.len() >= crate::limits::MAX_DIAGNOSTICS
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(|(severity, ..)| *severity == Severity::Error)
    }

    /// All of it, in the order of the text; where there is too much, errors before warnings.
    pub(crate) fn finish(mut self) -> Diagnostics {
        self.found.sort_by_key(|(severity, ..)| *severity);
        self.found.truncate(crate::limits::MAX_DIAGNOSTICS);
        self.found.sort_by_key(|(_, _, span, ..)| span.start);
        let lines = Lines::of(self.text);
        let diagnostic = |(severity, code, span, message, help): (_, _, Span, _, _)| Diagnostic {
            severity,
            code,
            span,
            at: lines.position(span.start),
            offending: shown(span.of(self.text)),
            message,
            help,
        };
        Diagnostics(self.found.into_iter().map(diagnostic).collect())
    }
}

//! What is wrong with a policy, beside its source.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use policy::{Diagnostic, Diagnostics, Severity};

use crate::failure::Failure;
use crate::show;

/// Each with the lines that it is about.
pub fn show(path: &Path, text: &str, diagnostics: &Diagnostics) -> Result<(), Failure> {
    diagnostics.iter().try_for_each(|diagnostic| show::lines(&format!("{}\n", beside_source(path, text, diagnostic))))
}

fn beside_source(path: &Path, text: &str, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let path = path.display().to_string();
    let end = diagnostic.span.end.clamp(diagnostic.span.start, text.len());
    let annotation = AnnotationKind::Primary.span(diagnostic.span.start.min(end)..end);
    let report = [level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code)
        .element(Snippet::source(text).path(path.as_str()).annotation(annotation))
        .element(Level::HELP.message(diagnostic.help.as_str()))];
    Renderer::plain().render(&report).to_string()
}

/// `2 errors, 1 warning`
pub fn count(diagnostics: &Diagnostics) -> String {
    let of = |severity: Severity| {
        let count = diagnostics.count(severity);
        format!("{count} {}{}", severity.as_str(), if count == 1 { "" } else { "s" })
    };
    format!("{}, {}", of(Severity::Error), of(Severity::Warning))
}

/// A policy that has errors, in a command that needs one that has none: shown, and told.
pub fn refused(path: &Path, text: &str, diagnostics: &Diagnostics) -> Failure {
    if let Err(failure) = show(path, text, diagnostics) {
        return failure;
    }
    let message = format!("`{}` is no policy: {}", path.display(), count(diagnostics));
    Failure::verdict("policy_malformed", message, "mend the text where it is marked")
}

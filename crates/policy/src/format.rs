//! The one layout of a policy. What a rule means is printed from its tree; comments and single empty lines between rules
//! stay where they were.
//!
//! A rule stands on one line where that has [`WIDTH`] characters at most and no comment within; else each condition stands
//! on a line, and the action on one of its own.

use crate::diagnostic::Diagnostics;
use crate::parse::{Parsed, parse};
use crate::print;
use crate::source::Span;
use crate::tree::Rule;

/// The longest line that a rule is put on whole.
const WIDTH: usize = 100;
const INDENT: &str = "    ";

/// The same policy, laid out.
///
/// # Errors
/// What is wrong with the text; only a policy is laid out.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let parsed = parse(text)?;
    Ok(Layout::of(text, &parsed).text)
}

struct Layout<'t> {
    source: &'t str,
    /// Those that are not yet written.
    comments: &'t [Span],
    /// Up to where the source has been written.
    done: usize,
    text: String,
}

impl<'t> Layout<'t> {
    fn of(source: &'t str, parsed: &'t Parsed) -> Self {
        let mut layout = Self { source, comments: &parsed.comments, done: 0, text: String::new() };
        layout.leading(parsed.version_span.start, "");
        layout.line("", &format!("version={};", parsed.policy.version));
        layout.done = parsed.version_span.end;
        for section in &parsed.policy.sections {
            layout.trailing(section.span.start);
            layout.empty_line();
            layout.leading(section.span.start, "");
            layout.line("", &format!("{} {{", section.section.as_str()));
            layout.done = section.open.end;
            for rule in &section.rules {
                layout.rule(rule);
            }
            layout.trailing(section.span.end);
            layout.leading(section.span.end, INDENT);
            layout.line("", "};");
            layout.done = section.span.end;
        }
        layout.trailing(source.len());
        layout.leading(source.len(), "");
        layout
    }

    fn rule(&mut self, rule: &Rule) {
        self.trailing(rule.span.start);
        self.leading(rule.span.start, INDENT);
        self.keep_empty_line(rule.span.start);
        let mut pieces: Vec<(Span, String)> = Vec::with_capacity(rule.conditions.len().saturating_add(1));
        for (number, condition) in rule.conditions.iter().enumerate() {
            let before = rule.conditions.get(..number).unwrap_or_default();
            pieces.push((condition.span, print::condition(condition, before)));
        }
        let action = print::action(rule);
        let whole: Vec<&str> = pieces.iter().map(|(_, text)| text.as_str()).collect();
        let whole = [whole.join(" && ").as_str(), &action].join(" ");
        let whole = format!("{};", whole.trim_start());
        // A comment in the first piece goes before it, and so before the rule.
        let first = rule.conditions.first().map_or(rule.action_span, |condition| condition.span);
        self.leading(first.end, INDENT);
        let has_comments = self.comments.first().is_some_and(|comment| comment.start < rule.span.end);
        if !has_comments && (rule.conditions.is_empty() || INDENT.len().saturating_add(whole.chars().count()) <= WIDTH)
        {
            self.line(INDENT, &whole);
        } else {
            self.lines_of(&pieces, (rule.action_span, &action));
        }
        self.done = rule.span.end;
    }

    /// Each condition on a line, then the action; comments before the piece that they stand before or within.
    fn lines_of(&mut self, conditions: &[(Span, String)], (action_span, action): (Span, &str)) {
        for (number, (span, text)) in conditions.iter().enumerate() {
            self.leading(span.end, INDENT);
            let is_last = number.saturating_add(1) == conditions.len();
            self.line(INDENT, &if is_last { text.clone() } else { format!("{text} &&") });
            self.done = span.end;
            let next = conditions.get(number.saturating_add(1)).map_or(action_span, |(span, _)| *span);
            self.trailing(next.start);
        }
        let indent = if conditions.is_empty() { INDENT.to_owned() } else { INDENT.repeat(2) };
        self.leading(action_span.end, &indent);
        self.line(&indent, &format!("{action};"));
    }

    /// The comments that begin before `end`, each on a line.
    fn leading(&mut self, end: usize, indent: &str) {
        while let Some((comment, rest)) = self.comments.split_first().filter(|(comment, _)| comment.start < end) {
            self.keep_empty_line(comment.start);
            self.line(indent, comment.of(self.source).trim_end());
            self.done = comment.end;
            self.comments = rest;
        }
    }

    /// A comment before `end` that begins on the line that was written last.
    fn trailing(&mut self, end: usize) {
        let Some((comment, rest)) = self.comments.split_first().filter(|(comment, _)| comment.start < end) else {
            return;
        };
        if Span::new(self.done, comment.start).of(self.source).contains('\n') || self.text.is_empty() {
            return;
        }
        self.text.pop();
        self.text.push(' ');
        self.text.push_str(comment.of(self.source).trim_end());
        self.text.push('\n');
        self.done = comment.end;
        self.comments = rest;
    }

    /// An empty line where the source has one or more before `next`, but none after `{`.
    fn keep_empty_line(&mut self, next: usize) {
        let between = Span::new(self.done, next).of(self.source);
        if between.bytes().filter(|byte| *byte == b'\n').count() > 1 && !self.text.ends_with("{\n") {
            self.empty_line();
        }
    }

    fn empty_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn line(&mut self, indent: &str, text: &str) {
        self.text.push_str(indent);
        self.text.push_str(text);
        self.text.push('\n');
    }
}

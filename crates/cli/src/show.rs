//! Showing results to people: names on the left, values on the right.

use std::io::{IsTerminal, Write};

use problem::untrusted;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// Prints one JSON document; strangers' words in it stay as they are, in escapes where a terminal would obey them.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    // Through a value: the members of a typed report are in the same order as those of any other.
    let text = serde_json::to_value(value).and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_default();
    print(&format!("{}\n", untrusted::json(&text)))
}

/// Prints one JSON document for each line, in the same way.
pub fn json_lines(lines: &str) -> Result<(), Failure> {
    print(&untrusted::json(lines))
}

/// Prints a line: whatever is in it ends no line and is not obeyed by a terminal.
pub fn line(text: &str) -> Result<(), Failure> {
    print(&format!("{}\n", untrusted::one_line(text)))
}

/// Prints several lines that were composed for people; strangers' words in them are [`inline`] already.
pub fn lines(text: &str) -> Result<(), Failure> {
    print(&format!("{}\n", untrusted::multi_line(text)))
}

/// Prints a text of the caller's own: to a file or a pipe exactly, or its hash would be another; to a terminal escaped.
pub fn text(text: &str) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() { strangers_text(text) } else { print(text) }
}

/// Prints a text that a stranger wrote, escaped wherever it goes: a file is shown on a terminal later. Where that makes a difference
/// it is said on standard error.
pub fn strangers_text(text: &str) -> Result<(), Failure> {
    let escaped = untrusted::multi_line(text);
    if escaped != text {
        note("the text has control or invisible characters, which are printed as escapes; --json prints them exactly");
    }
    let end = if escaped.ends_with('\n') || !std::io::stdout().is_terminal() { "" } else { "\n" };
    print(&format!("{escaped}{end}"))
}

/// Prints a note on standard error, apart from the output.
pub fn note(text: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{}", untrusted::one_line(text));
}

/// A reader that closed the pipe (`| head`) is not a failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::environment("output", format!("cannot write to standard output: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// A stranger's words as part of a line: they begin no line of their own.
pub fn inline(text: &str) -> String {
    untrusted::one_line(text).into_owned()
}

/// Prints a JSON object as indented lines; members that are null are left out.
pub fn fields(value: &Value, indent: usize) -> Result<(), Failure> {
    let Value::Object(members) = value else { return line(&format!("{:indent$}{}", "", scalar(value))) };
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, value) in members {
        let name = inline(name);
        match value {
            Value::Null => {}
            Value::Object(_) => {
                line(&format!("{:indent$}{name}", ""))?;
                fields(value, indent + 2)?;
            }
            Value::Array(all) if all.iter().any(Value::is_object) => {
                line(&format!("{:indent$}{name}", ""))?;
                for one in all {
                    line(&format!("{:indent$}-", "", indent = indent + 2))?;
                    fields(one, indent + 4)?;
                }
            }
            _ => line(&format!("{:indent$}{name:width$}  {}", "", scalar(value)))?,
        }
    }
    Ok(())
}

/// Prints the members of a report as indented lines, without those of these names.
pub fn fields_except(report: &impl Serialize, names: &[&str]) -> Result<(), Failure> {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.extend(names.iter().map(|name| ((*name).to_owned(), Value::Null)));
    }
    fields(&value, 0)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => inline(text),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(scalar).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

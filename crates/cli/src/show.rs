//! Showing results to people: names on the left, values on the right.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use crate::failure::Failure;
use crate::terminal::{clean, escape_json};

/// Prints one JSON document; strangers' words in it stay as they are, in escapes where a terminal would obey them.
pub fn json(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    line(&escape_json(&text))
}

/// Prints a line, cleaned. A reader that went away (`| head`) is no failure.
pub fn line(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{}", clean(text)) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::environment("output", format!("cannot write to standard output: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// Prints a text: to a file or a pipe as it is, or its hash would be another; to a terminal cleaned.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        drop(out);
        return line(text.strip_suffix('\n').unwrap_or(text));
    }
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::environment("output", format!("cannot write to standard output: {error}"), ""))
        }
        _ => Ok(()),
    }
}

/// A stranger's words as part of a line: they begin no line of their own.
pub fn inline(text: &str) -> String {
    text.replace('\n', "\u{fffd}")
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

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => inline(text),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(scalar).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

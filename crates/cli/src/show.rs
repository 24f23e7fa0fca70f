//! Showing results to people: names on the left, values on the right.

use std::io::Write;

use serde_json::Value;

use crate::failure::Failure;

/// Prints one JSON document.
pub fn json(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    line(&text)
}

/// Text of strangers fit for a terminal: nothing in it moves the cursor, sets colours or turns the direction of writing.
/// Line ends stay.
pub fn clean(text: &str) -> String {
    let is_format =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().map(|c| if (c.is_control() && c != '\n') || is_format(c) { '\u{fffd}' } else { c }).collect()
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

/// Prints a JSON object as indented lines; members that are null are left out.
pub fn fields(value: &Value, indent: usize) -> Result<(), Failure> {
    let Value::Object(members) = value else { return line(&format!("{:indent$}{}", "", scalar(value))) };
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, value) in members {
        let name = name.replace('\n', "\u{fffd}");
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
        // A value is one line, whatever it holds.
        Value::String(text) => text.replace('\n', "\u{fffd}"),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(scalar).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

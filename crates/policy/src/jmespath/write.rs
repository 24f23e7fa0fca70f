//! Values to JSON text.

use super::Json;
use super::evaluation::QueryFailure;
use crate::fuel::Fuel;

/// Steps for a value that is written.
const VALUE: usize = 2;

impl Json {
    /// As JSON text, of at most `room` bytes: compact, members by name.
    ///
    /// # Errors
    /// [`QueryFailure::TooLarge`], or out of fuel: a value that shares its parts may be far longer than it is large.
    pub(crate) fn write(&self, room: usize, fuel: &mut Fuel) -> Result<String, QueryFailure> {
        let mut text = String::new();
        self.write_to(&mut text, room, fuel)?;
        Ok(text)
    }

    fn write_to(&self, text: &mut String, room: usize, fuel: &mut Fuel) -> Result<(), QueryFailure> {
        fuel.spend(VALUE)?;
        match self {
            Self::Null => text.push_str("null"),
            Self::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
            Self::Number(number) => {
                fuel.allocate(2)?;
                text.push_str(&number.to_string());
            }
            Self::String(content) => write_string(content, text, fuel)?,
            Self::Array(elements) => {
                text.push('[');
                for (number, element) in elements.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    element.write_to(text, room, fuel)?;
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    if number > 0 {
                        text.push(',');
                    }
                    write_string(name, text, fuel)?;
                    text.push(':');
                    value.write_to(text, room, fuel)?;
                }
                text.push('}');
            }
        }
        if text.len() > room { Err(QueryFailure::TooLarge) } else { Ok(()) }
    }
}

fn write_string(content: &str, text: &mut String, fuel: &mut Fuel) -> Result<(), QueryFailure> {
    fuel.allocate(1)?;
    fuel.read(content.len().saturating_mul(2))?;
    // A string is always written; an error could only come of memory.
    text.push_str(&serde_json::to_string(content).map_err(|_| QueryFailure::TooLarge)?);
    Ok(())
}

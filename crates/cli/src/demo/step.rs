//! Numbered steps, told to people as they happen or to programs at the end.

use std::time::Instant;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::show;

/// The steps so far.
pub struct Steps {
    begun: Instant,
    done: Vec<Value>,
    as_json: bool,
}

impl Steps {
    pub fn new(as_json: bool) -> Self {
        Self { begun: Instant::now(), done: Vec::new(), as_json }
    }

    /// Says that a step did what its title says, why it matters, and what can be seen of it.
    pub fn done(&mut self, title: &str, explanation: &str, details: Value) -> Result<(), Failure> {
        let number = self.done.len() + 1;
        if !self.as_json {
            show::line(&format!("{number:>2}. {title}."))?;
            show::line(&format!("    {explanation}"))?;
            show::fields(&details, 4)?;
            show::line("")?;
        }
        self.done.push(json!({"step": number, "title": title, "explanation": explanation, "details": details}));
        Ok(())
    }

    /// The closing line, or everything as one JSON document.
    pub fn finish(&self, outcome: &Result<(), Failure>) -> Result<(), Failure> {
        let elapsed = self.begun.elapsed();
        if self.as_json {
            let error = outcome
                .as_ref()
                .err()
                .map(|failure| json!({"code": failure.code(), "message": failure.message(), "help": failure.help()}));
            return show::json(&json!({
                "succeeded": outcome.is_ok(),
                "steps": self.done,
                "duration_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                "error": error,
            }));
        }
        match outcome {
            Ok(()) => show::line(&format!(
                "All {} steps did what they say, in {:.1} s.",
                self.done.len(),
                elapsed.as_secs_f64()
            )),
            Err(_) => Ok(()),
        }
    }
}

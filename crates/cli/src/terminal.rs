//! What a terminal must not be told.

/// Text of strangers fit for a terminal: nothing in it moves the cursor, sets colours or turns the direction of writing.
/// Line ends stay.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// JSON fit for a terminal, and the same JSON: what [`clean`] replaces is escaped.
pub fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_obeyed(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a terminal does something else with it than to show it; a line's end aside. All of them have four digits.
fn is_obeyed(c: char) -> bool {
    let is_format =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    (c.is_control() && c != '\n') || is_format
}

#[cfg(test)]
mod tests {
    use super::{clean, escape_json};

    #[test]
    fn what_a_terminal_would_obey_is_replaced_and_line_ends_stay() {
        assert_eq!(clean("a\u{1b}[31m\r\u{9b}\u{202e}b\nc"), "a\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}b\nc");
        assert_eq!(clean("Grüße, 日本"), "Grüße, 日本");
    }

    #[test]
    fn json_says_the_same_after_it_was_escaped() {
        let value = serde_json::json!({"a": "b\u{1b}\u{7f}\u{9b}\u{202e}\u{feff}\nc"});
        let escaped = escape_json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(clean(&escaped), escaped);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}

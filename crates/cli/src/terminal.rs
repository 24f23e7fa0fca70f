//! What a terminal must not be told.

/// Text of strangers fit for a terminal: nothing in it moves the cursor, sets colours or turns the direction of writing.
/// Line ends stay.
pub fn clean(text: &str) -> String {
    let is_format =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().map(|c| if (c.is_control() && c != '\n') || is_format(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_a_terminal_would_obey_is_replaced_and_line_ends_stay() {
        assert_eq!(clean("a\u{1b}[31m\r\u{9b}\u{202e}b\nc"), "a\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}b\nc");
        assert_eq!(clean("Grüße, 日本"), "Grüße, 日本");
    }
}

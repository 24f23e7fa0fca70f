//! The sanitizer of untrusted text: what other people wrote cannot control a terminal, forge a log line, or hide.
//!
//! These characters are escaped as in Rust source (`\u{1b}`, `\n`):
//!
//! - control characters (C0, DEL and C1), which start the escape sequences of terminals;
//! - characters that change the direction of text (bidirectional marks, embeddings, overrides and isolates);
//! - characters that are invisible: zero-width spaces and joiners, fillers, variation selectors, tags, and the other members of
//!   Unicode's `Default_Ignorable_Code_Point`;
//! - line and paragraph separators, and the marks of interlinear annotations.
//!
//! Everything else stays as it is, whatever its script. A backslash stays too: escapes are for readers, not for parsers.
//!
//! | function | for | line ends and tabs | length |
//! | --- | --- | --- | --- |
//! | [`one_line`] | a value within a line | escaped | kept |
//! | [`excerpt`] | a value within an error message | escaped | cut |
//! | [`multi_line`] | a text of several lines | kept | kept |
//! | [`json`] | a JSON document | as in JSON | kept |

use std::borrow::Cow;
use std::fmt::Write;

/// Ranges of characters that are invisible, or that rearrange the text around them. Control characters are not listed.
const UNSAFE: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian variation selectors and vowel separator
    ('\u{200b}', '\u{200f}'),   // zero-width spaces and joiners, direction marks
    ('\u{2028}', '\u{202e}'),   // line and paragraph separators, direction embeddings and overrides
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, direction isolates
    ('\u{2800}', '\u{2800}'),   // blank Braille pattern
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // halfwidth Hangul filler
    ('\u{fff0}', '\u{fffb}'),   // unassigned ignorable characters, interlinear annotations
    ('\u{fffe}', '\u{ffff}'),   // noncharacters
    ('\u{13430}', '\u{1345f}'), // Egyptian format controls
    ('\u{1bca0}', '\u{1bca3}'), // shorthand format controls
    ('\u{1d173}', '\u{1d17a}'), // musical format controls
    ('\u{e0000}', '\u{e0fff}'), // tags and further variation selectors
    ('\u{10fffe}', '\u{10ffff}'),
];

/// Returns `text` as part of one line: it cannot end the line, and nothing in it controls a terminal.
///
/// ```
/// use problem::untrusted::one_line;
/// assert_eq!(one_line("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
/// assert_eq!(one_line("Grüße, 日本"), "Grüße, 日本");
/// ```
pub fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, |_, _| false)
}

/// Returns `text` with its line ends (LF, CR LF) and tabs, and nothing else that controls a terminal.
pub fn multi_line(text: &str) -> Cow<'_, str> {
    escape(text, |c, next| matches!(c, '\n' | '\t') || (c == '\r' && next == Some('\n')))
}

/// Returns the first `limit` characters of `text`, as [`one_line`] does.
pub fn excerpt(text: &str, limit: usize) -> String {
    one_line(first(text, limit)).into_owned()
}

/// Returns `text`, or its first `limit` characters and a note of how many bytes follow.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    let head = first(text, limit);
    match text.len().saturating_sub(head.len()) {
        0 => Cow::Borrowed(text),
        left => Cow::Owned(format!("{head}… ({left} more bytes)")),
    }
}

/// Returns a JSON document that has the same value, with every unsafe character in it escaped as JSON does (`\u001b`).
///
/// The input must be JSON. Unsafe characters occur in the strings of JSON only, except line ends and tabs, which stay.
pub fn json(json: &str) -> Cow<'_, str> {
    if json.chars().all(|c| matches!(c, '\n' | '\r' | '\t') || is_safe(c)) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len().saturating_add(16));
    for c in json.chars() {
        if matches!(c, '\n' | '\r' | '\t') || is_safe(c) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(escaped)
}

/// Returns whether a terminal shows the character, and does nothing else with it.
pub fn is_safe(c: char) -> bool {
    !c.is_control() && !UNSAFE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Escapes all unsafe characters but those that `stays` keeps, given the character and the next one.
fn escape(text: &str, stays: impl Fn(char, Option<char>) -> bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len().saturating_add(16));
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if is_safe(c) || stays(c, characters.peek().copied()) {
            escaped.push(c);
        } else {
            escaped.extend(c.escape_default());
        }
    }
    Cow::Owned(escaped)
}

fn first(text: &str, limit: usize) -> &str {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind that a terminal or a reader is deceived by.
    const UNSAFE_TEXT: &str = "\0\u{7}\u{8}\u{1b}[31m\r\u{7f}\u{9b}\u{ad}\u{61c}\u{200b}\u{200e}\u{202e}\u{2028}\u{2066}\u{3164}\u{fe0f}\
                               \u{feff}\u{fff9}\u{e0041}";

    #[test]
    fn nothing_unsafe_passes_in_one_line() {
        let escaped = one_line(UNSAFE_TEXT);
        assert!(escaped.chars().all(|c| matches!(c, ' '..='~')), "{escaped}");
        assert_eq!(one_line("a\u{1b}]0;b\n\tc\u{202e}"), "a\\u{1b}]0;b\\n\\tc\\u{202e}");
    }

    #[test]
    fn several_lines_keep_their_ends_and_tabs_and_nothing_else() {
        assert_eq!(multi_line("a\r\n\tb\rc\u{1b}\n"), "a\r\n\tb\\rc\\u{1b}\n");
        let escaped = multi_line(UNSAFE_TEXT);
        assert!(escaped.chars().all(|c| matches!(c, ' '..='~')), "{escaped}");
    }

    #[test]
    fn text_of_every_script_stays_as_it_is() {
        for text in ["", "plain", "Grüße, 日本", "नमस्ते", "ภาษาไทย", "שלום", "e\u{301}", "C:\\x \"y\" 'z'", "😀"]
        {
            assert_eq!(one_line(text), text);
            assert_eq!(multi_line(text), text);
            assert_eq!(json(text), text);
        }
    }

    #[test]
    fn an_excerpt_is_cut_before_it_is_escaped() {
        assert_eq!(excerpt(&"\u{1b}".repeat(1_000_000), 2), "\\u{1b}\\u{1b}");
        assert_eq!(excerpt("日本語", 2), "日本");
        assert_eq!(excerpt("short", 200), "short");
    }

    #[test]
    fn what_is_shortened_says_so() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("日本語", 2), "日本… (3 more bytes)");
    }

    #[test]
    fn json_has_the_same_value_and_is_safe() {
        let document = format!("{{\n\t\"a\": \"{}\"\r\n}}", "b\u{7f}\u{9b}\u{202e}\u{feff}\u{e0041}c");
        let escaped = json(&document);
        assert_eq!(escaped, "{\n\t\"a\": \"b\\u007f\\u009b\\u202e\\ufeff\\udb40\\udc41c\"\r\n}");
    }
}

//! What of a stranger's text an error message may repeat.

/// The first 200 characters of `text`, control characters escaped so that a terminal does not obey them.
pub(crate) fn excerpt(text: &str) -> String {
    let mut excerpt = String::new();
    for character in text.chars().take(200) {
        if character.is_control() {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    excerpt
}

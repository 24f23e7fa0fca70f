//! Text to tokens, comments apart.

use crate::diagnostic::Findings;
use crate::source::Span;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind<'t>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'t> {
    Word(&'t str),
    /// Without its quotes and escapes.
    String(String),
    Integer(i64),
    Symbol(&'static str),
    /// `<product-id>`, left over from an example.
    Placeholder,
    End,
}

/// Longest first, so that `==` is not two `=`.
const SYMBOLS: [&str; 21] =
    ["==", "=>", "!=", "<=", ">=", "&&", "||", "=", "<", ">", "!", "{", "}", "[", "]", "(", ")", ";", ",", ":", "."];

/// Reads all tokens, closed by [`Kind::End`], and where the comments stand.
pub(crate) fn tokens<'t>(text: &'t str, findings: &mut Findings<'_>) -> (Vec<Token<'t>>, Vec<Span>) {
    // In texts and comments too: databases do not keep it, and C programs end there.
    if let Some(at) = text.find('\0') {
        findings.error("nul-character", Span::new(at, at.saturating_add(1)), "character NUL in the text", "remove it");
    }
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), comments: Vec::new(), findings };
    while !lexer.findings.is_full() && lexer.next() {}
    let end = Span::new(lexer.at, lexer.at);
    lexer.tokens.push(Token { kind: Kind::End, span: end });
    (lexer.tokens, lexer.comments)
}

struct Lexer<'t, 'f, 's> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token<'t>>,
    comments: Vec<Span>,
    findings: &'f mut Findings<'s>,
}

impl<'t> Lexer<'t, '_, '_> {
    /// Reads one token, or passes over white space or a comment; false at the end.
    fn next(&mut self) -> bool {
        let Some(first) = self.peek() else { return false };
        let start = self.at;
        if is_white(first) {
            self.take_while(is_white);
        } else if self.rest().starts_with("//") {
            self.take_while(|c| c != '\n');
            self.comments.push(self.since(start));
        } else if first == '"' || is_curly_quote(first) {
            self.string(first);
        } else if first.is_ascii_digit() || (first == '-' && self.second_is_digit()) {
            self.take();
            self.take_while(|c| c.is_ascii_digit());
            self.number(start);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            self.push(Kind::Word(word), start);
        } else if let Some(length) = placeholder(self.rest()) {
            self.at = self.at.saturating_add(length);
            self.push(Kind::Placeholder, start);
        } else if let Some(symbol) = symbol(self.rest()) {
            self.at = self.at.saturating_add(symbol.len());
            self.push(Kind::Symbol(symbol), start);
        } else {
            self.take();
            self.foreign(first, start);
        }
        true
    }

    /// A character that no token has.
    fn foreign(&mut self, character: char, start: usize) {
        let help = match character {
            '\'' | '`' | '\u{2018}' | '\u{2019}' => "text stands in straight double quotes: \"",
            '&' => {
                // What was meant is plain: the rule is read on as if it were written.
                self.push(Kind::Symbol("&&"), start);
                "conditions are joined by &&"
            }
            '|' => "there is no \"or\": write one rule for each case",
            '#' | '/' => {
                self.take_while(|c| c != '\n');
                "a comment begins with //"
            }
            '$' | '-' => "a name with such characters is text: write it in quotes",
            _ => "remove it, or write it within \"quotes\" where it belongs to a text",
        };
        self.findings.error("unknown-character", self.since(start), "character that the language does not have", help);
    }

    fn string(&mut self, opening: char) {
        let start = self.at;
        self.take();
        let mut text = String::new();
        // In a text between straight quotes a curly one is a letter, unless it is all that could close the text.
        let mut last_resort = None;
        loop {
            let at = self.at;
            match self.peek() {
                Some('"') => {
                    self.take();
                    break;
                }
                Some(c) if is_curly_quote(c) => {
                    self.take();
                    if is_curly_quote(opening) {
                        break;
                    }
                    last_resort = last_resort.or(Some((self.at, text.len())));
                    text.push(c);
                }
                Some('\n') | None => {
                    let Some((closed, length)) = last_resort else {
                        let help = "close it with \" on the same line; a quote within a text is written \\\"";
                        self.findings.error("unclosed-text", self.since(start), "text without its closing quote", help);
                        return self.push(Kind::String(text), start);
                    };
                    self.at = closed;
                    text.truncate(length);
                    self.curly_quote(start);
                    return self.push(Kind::String(text), start);
                }
                Some('\\') => self.escape(at, &mut text),
                Some(c) => {
                    self.take();
                    text.push(c);
                }
            }
        }
        if is_curly_quote(opening) {
            self.curly_quote(start);
        }
        self.push(Kind::String(text), start);
    }

    fn curly_quote(&mut self, start: usize) {
        let help = "write straight double quotes: \"; curly quotes do not open or close a text";
        self.findings.error("curly-quote", self.since(start), "text in curly quotes", help);
    }

    fn escape(&mut self, start: usize, text: &mut String) {
        self.take();
        let escaped = self.peek();
        if escaped.is_some_and(|c| c != '\n') {
            self.take();
        }
        match escaped {
            Some(c @ ('"' | '\\')) => text.push(c),
            _ => {
                let help = "the escapes are \\\\ for a backslash and \\\" for a quote";
                self.findings.error(
                    "unknown-escape",
                    self.since(start),
                    "escape that the language does not have",
                    help,
                );
            }
        }
    }

    fn number(&mut self, start: usize) {
        let digits = self.since(start).of(self.text);
        let number = digits.parse().unwrap_or_else(|_| {
            let help = "integers are from -9223372036854775808 to 9223372036854775807; write a longer one as a text";
            self.findings.error("integer-too-large", self.since(start), "integer beyond 64 bits", help);
            0
        });
        self.push(Kind::Integer(number), start);
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second_is_digit(&self) -> bool {
        self.rest().chars().nth(1).is_some_and(|c| c.is_ascii_digit())
    }

    fn take(&mut self) {
        self.at = self.at.saturating_add(self.peek().map_or(0, char::len_utf8));
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(end);
        rest.get(..end).unwrap_or_default()
    }

    const fn since(&self, start: usize) -> Span {
        Span::new(start, self.at)
    }

    fn push(&mut self, kind: Kind<'t>, start: usize) {
        self.tokens.push(Token { kind, span: self.since(start) });
    }
}

/// The symbol that a text begins with.
fn symbol(text: &str) -> Option<&'static str> {
    let first = text.bytes().next()?;
    SYMBOLS.into_iter().find(|symbol| symbol.as_bytes().first() == Some(&first) && text.starts_with(symbol))
}

/// The length of a placeholder at the beginning of the text. No operator is followed by a bare name and `>`.
fn placeholder(text: &str) -> Option<usize> {
    let name = text.strip_prefix('<').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
    name.get(end..)?.starts_with('>').then(|| end.saturating_add(2))
}

fn is_white(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

const fn is_curly_quote(c: char) -> bool {
    matches!(c, '\u{201c}' | '\u{201d}' | '\u{201e}')
}

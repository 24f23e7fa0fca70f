//! Text to tokens.

use crate::error::ParseError;
use crate::limits::{MAX_ERRORS, MAX_OFFENDING};
use crate::tree::Position;

/// A token and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: Position,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word(String),
    String(String),
    Integer(i64),
    Symbol(&'static str),
    End,
}

impl Kind {
    /// As it stands in the text, for errors.
    pub(crate) fn text(&self) -> String {
        let text = match self {
            Self::Word(word) => word.clone(),
            Self::String(text) => format!("\"{text}\""),
            Self::Integer(number) => number.to_string(),
            Self::Symbol(symbol) => (*symbol).to_owned(),
            Self::End => String::new(),
        };
        text.chars().take(MAX_OFFENDING).collect()
    }
}

/// Longest first, so that `==` is not two `=`.
const SYMBOLS: [&str; 20] =
    ["==", "=>", "!=", "<=", ">=", "&&", "||", "=", "<", ">", "!", "{", "}", "[", "]", "(", ")", ";", ",", ":"];

/// Reads all tokens, closed by [`Kind::End`], and what could not be read.
pub(crate) fn tokens(text: &str) -> (Vec<Token>, Vec<ParseError>) {
    let mut lexer = Lexer { rest: text, at: Position { line: 1, column: 1 }, tokens: Vec::new(), errors: Vec::new() };
    while lexer.errors.len() < MAX_ERRORS && lexer.next() {}
    let at = lexer.at;
    lexer.tokens.push(Token { kind: Kind::End, at });
    (lexer.tokens, lexer.errors)
}

struct Lexer<'t> {
    rest: &'t str,
    at: Position,
    tokens: Vec<Token>,
    errors: Vec<ParseError>,
}

impl Lexer<'_> {
    /// Reads one token, or passes over white space or a comment; false at the end.
    fn next(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        let at = self.at;
        if first.is_whitespace() || first == '\u{feff}' {
            self.take_while(|c| c.is_whitespace() || c == '\u{feff}');
        } else if self.rest.starts_with("//") {
            self.take_while(|c| c != '\n');
        } else if first == '"' {
            self.string(at);
        } else if first.is_ascii_digit() || (first == '-' && self.second_is_digit()) {
            self.number(at);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            self.push(Kind::Word(word), at);
        } else if first == '.' {
            self.take();
            self.push(Kind::Symbol("."), at);
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| self.rest.starts_with(symbol)) {
            for _ in symbol.chars() {
                self.take();
            }
            self.push(Kind::Symbol(symbol), at);
        } else {
            self.take();
            let help = match first {
                '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\'' | '`' => {
                    Some("write straight double quotes: \"")
                }
                '&' => Some("conditions are joined by &&"),
                '|' => Some("there is no \"or\": write one rule for each case"),
                '#' | '/' => Some("a comment begins with //"),
                _ => None,
            };
            self.error(at, first.to_string(), "character that the language does not have", help);
        }
        true
    }

    fn string(&mut self, at: Position) {
        self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                Some('"') => return self.push(Kind::String(text), at),
                Some('\\') => match self.take() {
                    Some(escaped @ ('"' | '\\')) => text.push(escaped),
                    other => {
                        let offending = format!("\\{}", other.map(String::from).unwrap_or_default());
                        let help = Some("a backslash is written \\\\, a quote \\\"");
                        self.error(at, offending, "escape that the language does not have", help);
                    }
                },
                Some('\n') | None => {
                    let offending = format!("\"{text}");
                    let help = Some("close it with \" on the same line; curly quotes do not close it");
                    return self.error(at, offending, "text without its closing quote", help);
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn number(&mut self, at: Position) {
        let mut text = String::new();
        text.extend(self.take());
        text.push_str(&self.take_while(|c| c.is_ascii_digit()));
        match text.parse() {
            Ok(number) => self.push(Kind::Integer(number), at),
            Err(_) => self.error(at, text, "integer beyond 64 bits", None),
        }
    }

    fn second_is_digit(&self) -> bool {
        self.rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(c)
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while self.rest.chars().next().is_some_and(&belongs) {
            taken.extend(self.take());
        }
        taken
    }

    fn push(&mut self, kind: Kind, at: Position) {
        self.tokens.push(Token { kind, at });
    }

    fn error(&mut self, at: Position, offending: String, message: &str, help: Option<&str>) {
        self.errors.push(ParseError {
            line: at.line,
            column: at.column,
            offending: crate::error::shown(&offending),
            message: message.to_owned(),
            help: help.map(str::to_owned),
        });
    }
}

//! A query's text to tokens.

use std::sync::Arc;

use super::{Json, QueryError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier without quotes.
    Name(Arc<str>),
    /// One in double quotes.
    QuotedName(Arc<str>),
    Literal(Json),
    /// Text in single quotes.
    RawString(String),
    Number(i64),
    Symbol(&'static str),
    End,
}

/// Longest first.
const SYMBOLS: [&str; 24] = [
    "[?", "[]", "||", "&&", "==", "!=", "<=", ">=", "[", "]", "{", "}", "(", ")", ".", "*", ",", ":", "@", "&", "|",
    "!", "<", ">",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
        let at = lexer.at;
        let kind = lexer.next()?;
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, at });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<Kind, QueryError> {
        let Some(first) = self.rest().chars().next() else { return Ok(Kind::End) };
        let start = self.at;
        match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                Ok(Kind::Name(name.into()))
            }
            '0'..='9' | '-' => self.number(start),
            '"' => self.quoted_name(start),
            '\'' => self.raw_string(start),
            '`' => self.literal(start),
            _ => self.symbol(first, start),
        }
    }

    fn symbol(&mut self, first: char, start: usize) -> Result<Kind, QueryError> {
        if let Some(symbol) = symbol(self.rest()) {
            self.at = self.at.saturating_add(symbol.len());
            return Ok(Kind::Symbol(symbol));
        }
        let help =
            if first == '=' { "write == to compare" } else { "a name with such characters stands in \"quotes\"" };
        Err(error(
            start,
            format!(
                "character `{}` that JMESPath does not have",
                problem::untrusted::one_line(first.encode_utf8(&mut [0; 4]))
            ),
            help,
        ))
    }

    fn number(&mut self, start: usize) -> Result<Kind, QueryError> {
        let sign = if self.rest().starts_with('-') { 1 } else { 0 };
        self.at = self.at.saturating_add(sign);
        self.take_while(|c| c.is_ascii_digit());
        let digits = self.text.get(start..self.at).unwrap_or_default();
        let number = digits.parse().map_err(|_| error(start, "a number is needed", "such as 0 or -1"))?;
        Ok(Kind::Number(number))
    }

    fn quoted_name(&mut self, start: usize) -> Result<Kind, QueryError> {
        let quoted = self.delimited('"', start, "close the name with \"")?;
        let name: String = serde_json::from_str(quoted).map_err(|_| {
            error(start, "a name in double quotes that is no JSON text", "texts stand in single quotes")
        })?;
        Ok(Kind::QuotedName(name.into()))
    }

    fn raw_string(&mut self, start: usize) -> Result<Kind, QueryError> {
        let quoted = self.delimited('\'', start, "close the text with '")?;
        // Whatever else a backslash stands before, it is itself.
        Ok(Kind::RawString(within(quoted).replace("\\'", "'")))
    }

    fn literal(&mut self, start: usize) -> Result<Kind, QueryError> {
        let quoted = self.delimited('`', start, "close the literal with `")?;
        let json = within(quoted).replace("\\`", "`");
        let json = Json::parse(json.trim()).map_err(|_| {
            error(start, "a literal that is no JSON", "JSON stands in backticks, a text in single quotes: 'text'")
        })?;
        Ok(Kind::Literal(json))
    }

    /// Up to the closing delimiter, both included; one after a backslash does not close.
    fn delimited(&mut self, delimiter: char, start: usize, help: &'static str) -> Result<&'t str, QueryError> {
        let mut is_escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            if c == delimiter && !is_escaped {
                self.at = self.at.saturating_add(at).saturating_add(1);
                return Ok(self.text.get(start..self.at).unwrap_or_default());
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        Err(error(start, format!("{delimiter} that is not closed"), help))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at = self.at.saturating_add(end);
        rest.get(..end).unwrap_or_default()
    }
}

/// The symbol that a text begins with.
fn symbol(text: &str) -> Option<&'static str> {
    let first = text.bytes().next()?;
    SYMBOLS.into_iter().find(|symbol| symbol.as_bytes().first() == Some(&first) && text.starts_with(symbol))
}

/// Without its delimiters.
fn within(quoted: &str) -> &str {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()
}

pub(super) fn error(at: usize, message: impl Into<String>, help: impl Into<String>) -> QueryError {
    QueryError { at, message: message.into(), help: help.into() }
}

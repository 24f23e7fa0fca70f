//! Going through the tokens.

use crate::diagnostic::Findings;
use crate::lex::{Kind, Token};
use crate::source::{Position, Span};
use crate::tree::Version;

/// A mistake that ends a rule; it has been recorded.
pub(super) struct Broken;

pub(super) struct Parser<'t, 'f, 's> {
    pub(super) text: &'t str,
    /// The last place that was counted, from which the next one is.
    counted: (usize, Position),
    tokens: Vec<Token<'t>>,
    next: usize,
    pub(super) findings: &'f mut Findings<'s>,
    pub(super) version: Version,
    /// Rules read so far.
    pub(super) rules: usize,
}

impl<'t, 'f, 's> Parser<'t, 'f, 's> {
    pub(super) fn new(text: &'t str, tokens: Vec<Token<'t>>, findings: &'f mut Findings<'s>) -> Self {
        Self {
            text,
            counted: (0, Position { line: 1, column: 1 }),
            tokens,
            next: 0,
            findings,
            version: Version::V1_2,
            rules: 0,
        }
    }

    pub(super) fn at_end(&self) -> bool {
        *self.peek() == Kind::End
    }

    /// The next token; the end where so many mistakes were found that reading on is of no use.
    pub(super) fn peek(&self) -> &Kind<'t> {
        if self.findings.is_full() {
            return &Kind::End;
        }
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    /// The token after the next.
    pub(super) fn peek_second(&self) -> &Kind<'t> {
        self.tokens.get(self.next.saturating_add(1)).map_or(&Kind::End, |token| &token.kind)
    }

    /// Where the next token stands.
    pub(super) fn span(&self) -> Span {
        self.tokens.get(self.next).or(self.tokens.last()).map(|token| token.span).unwrap_or_default()
    }

    /// Where the token before it stands.
    pub(super) fn last(&self) -> Span {
        let last = self.next.checked_sub(1).and_then(|last| self.tokens.get(last));
        last.map(|token| token.span).unwrap_or_default()
    }

    /// The place of the byte at `offset`, which no earlier call was beyond: the text is counted once, however it is laid out.
    pub(super) fn position(&mut self, offset: usize) -> Position {
        let (from, mut position) = self.counted;
        for character in self.text.get(from..offset).unwrap_or_default().chars() {
            position = match character {
                '\n' => Position { line: position.line.saturating_add(1), column: 1 },
                _ => Position { column: position.column.saturating_add(1), ..position },
            };
        }
        self.counted = (offset, position);
        position
    }

    pub(super) fn advance(&mut self) {
        // The end is never passed.
        if !self.at_end() {
            self.next = self.next.saturating_add(1);
        }
    }

    pub(super) fn is_at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    pub(super) fn accept(&mut self, symbol: &str) -> bool {
        let there = self.is_at(symbol);
        if there {
            self.advance();
        }
        there
    }

    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word));
        if there {
            self.advance();
        }
        there
    }

    pub(super) fn expect(&mut self, symbol: &str, help: &str) -> Result<(), Broken> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(self.wrong("symbol-missing", format!("`{symbol}` is needed"), help))
    }

    /// To the next of these symbols, or to the end.
    pub(super) fn skip_to(&mut self, symbols: &[&str]) {
        while !self.at_end() && !symbols.iter().any(|symbol| self.is_at(symbol)) {
            self.advance();
        }
    }

    /// Records a mistake at the next token.
    pub(super) fn wrong(&mut self, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Broken {
        self.findings.error(code, self.span(), message, help);
        Broken
    }

    /// Records a mistake there.
    pub(super) fn wrong_at(
        &mut self,
        code: &'static str,
        at: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Broken {
        self.findings.error(code, at, message, help);
        Broken
    }
}

//! Going through the tokens.

use crate::jmespath::QueryError;
use crate::jmespath::build::Builder;
use crate::jmespath::lex::{Kind, Token, error};

pub(super) struct Parser {
    pub(super) tokens: Vec<Token>,
    pub(super) next: usize,
    pub(super) builder: Builder,
}

impl Parser {
    pub(super) fn number(&mut self) -> Option<i64> {
        let Kind::Number(number) = *self.peek() else { return None };
        self.advance();
        Some(number)
    }

    pub(super) fn peek(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    pub(super) fn second(&self) -> &Kind {
        self.tokens.get(self.next.saturating_add(1)).map_or(&Kind::End, |token| &token.kind)
    }

    pub(super) fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map(|token| token.at).unwrap_or_default()
    }

    /// The next token, which nobody looks at again.
    pub(super) fn take(&mut self) -> Kind {
        let taken = self.tokens.get_mut(self.next).map(|token| std::mem::replace(&mut token.kind, Kind::End));
        self.advance();
        taken.unwrap_or(Kind::End)
    }

    pub(super) const fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    pub(super) fn is_at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    pub(super) fn expect(&mut self, symbol: &str, help: &str) -> Result<(), QueryError> {
        if !self.is_at(symbol) {
            return Err(self.unexpected(&format!("`{symbol}` is needed"), help));
        }
        self.advance();
        Ok(())
    }

    pub(super) fn no_operator(&self) -> QueryError {
        let help = match self.peek() {
            Kind::Symbol("]" | ")" | "}") => "it closes nothing; remove it",
            _ => "names are joined by dots, conditions by && and ||",
        };
        self.unexpected("an operator is needed, or the end", help)
    }

    pub(super) fn unexpected(&self, message: &str, help: &str) -> QueryError {
        let help = match self.peek() {
            Kind::Number(number) => format!("a number that is a value stands in backticks: `{number}`"),
            _ => help.to_owned(),
        };
        error(self.at(), message, help)
    }
}

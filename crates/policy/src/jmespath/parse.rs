//! Tokens to a tree, by binding power (a Pratt parser).
//!
//! A projection (`[*]`, `.*`, `[]`, `[?…]`, a slice) takes what follows it, up to the first token that binds less than
//! [`PROJECTION_STOP`], as what is done with each element.

mod cursor;
mod parts;

use super::build::{Builder, Built};
use super::lex::{self, Kind, error};
use super::tree::{Comparison, Node};
use super::{Query, QueryError};
use crate::limits::{MAX_QUERY, MAX_QUERY_HEIGHT};
use cursor::Parser;

const PIPE: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const COMPARE: u8 = 5;
const FLATTEN: u8 = 9;
const PROJECTION_STOP: u8 = 10;
const STAR: u8 = 20;
const FILTER: u8 = 21;
const DOT: u8 = 40;
const NOT: u8 = 45;
const BRACKET: u8 = 55;

impl Query {
    /// Reads a query, in time linear in its length.
    pub(crate) fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_QUERY {
            return Err(error(0, "query is too long", format!("a query has at most {MAX_QUERY} bytes")));
        }
        let mut parser = Parser { tokens: lex::tokens(text)?, next: 0, builder: Builder::default() };
        let root = parser.expression(0, 0)?;
        if *parser.peek() != Kind::End {
            return Err(parser.no_operator());
        }
        Ok(Self { root: root.node, warnings: parser.builder.warnings })
    }
}

impl Parser {
    /// An expression whose operators bind more than `power`. `depth` is in how many others it stands.
    pub(super) fn expression(&mut self, power: u8, depth: usize) -> Result<Built, QueryError> {
        if depth > MAX_QUERY_HEIGHT {
            let help = format!("expressions stand in at most {MAX_QUERY_HEIGHT} others");
            return Err(error(self.at(), "query is nested too deeply", help));
        }
        let depth = depth.saturating_add(1);
        let mut left = self.prefix(depth)?;
        while binding(self.peek()) > power {
            left = self.infix(left, depth)?;
        }
        Ok(left)
    }

    /// What an expression begins with.
    fn prefix(&mut self, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        let kind = self.take();
        match kind {
            Kind::Literal(json) => Ok(Built::leaf(Node::Literal(json), at)),
            Kind::RawString(text) => Ok(Built::leaf(Node::Literal(super::Json::string(text)), at)),
            Kind::Name(name) if self.is_at("(") => self.call(&name, at, depth),
            Kind::Name(name) => Ok(Built::leaf(Node::Field(name), at)),
            Kind::QuotedName(name) if self.is_at("(") => {
                let help = format!("write {name}(…) without quotes");
                Err(error(at, "a function's name stands without quotes", help))
            }
            Kind::QuotedName(name) => Ok(Built::leaf(Node::Field(name), at)),
            Kind::Symbol("@") => Ok(Built::leaf(Node::Current, at)),
            Kind::Symbol("*") => {
                let right = self.projected(STAR, depth)?;
                self.builder.two(Node::EachMember, Built::current(at), right)
            }
            Kind::Symbol("[]") => self.flatten(Built::current(at), depth),
            Kind::Symbol("[?") => self.filter(Built::current(at), depth),
            Kind::Symbol("[") => match (self.peek(), self.second()) {
                (Kind::Number(_) | Kind::Symbol(":"), _) | (Kind::Symbol("*"), Kind::Symbol("]")) => {
                    self.brackets(Built::current(at), depth)
                }
                _ => self.list(depth),
            },
            Kind::Symbol("{") => self.hash(depth),
            Kind::Symbol("!") => {
                let inner = self.expression(NOT, depth)?;
                self.builder.one(Node::Not, inner)
            }
            Kind::Symbol("(") => {
                let inner = self.expression(0, depth)?;
                self.expect(")", "close the parenthesis with )")?;
                Ok(inner)
            }
            Kind::Number(number) => {
                let help = format!("a number that is a value stands in backticks: `{number}`");
                Err(error(at, "a number stands here without backticks", help))
            }
            Kind::Symbol(_) | Kind::End => {
                let help = "such as a name, @, a literal in `backticks`, or a text in 'quotes'";
                Err(error(at, "an expression is needed", help))
            }
        }
    }

    /// What an expression goes on with.
    fn infix(&mut self, left: Built, depth: usize) -> Result<Built, QueryError> {
        let Kind::Symbol(symbol) = *self.peek() else { return Err(self.no_operator()) };
        self.advance();
        let comparison = match symbol {
            "." if self.is_at("*") => {
                self.advance();
                let right = self.projected(STAR, depth)?;
                return self.builder.two(Node::EachMember, left, right);
            }
            "." => {
                let right = self.after_dot(DOT, depth)?;
                return self.builder.two(Node::Then, left, right);
            }
            "|" => {
                let right = self.expression(PIPE, depth)?;
                return self.builder.two(Node::Pipe, left, right);
            }
            "||" => {
                let right = self.expression(OR, depth)?;
                return self.builder.two(Node::Or, left, right);
            }
            "&&" => {
                let right = self.expression(AND, depth)?;
                return self.builder.two(Node::And, left, right);
            }
            "[]" => return self.flatten(left, depth),
            "[?" => return self.filter(left, depth),
            "[" => return self.brackets(left, depth),
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return Err(self.no_operator()),
        };
        let right = self.expression(COMPARE, depth)?;
        self.builder.comparison(comparison, left, right)
    }

    /// What is done with each element of a projection.
    pub(super) fn projected(&mut self, power: u8, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        match self.peek() {
            Kind::Symbol("[" | "[?") => self.expression(power, depth),
            Kind::Symbol(".") => {
                self.advance();
                self.after_dot(power, depth)
            }
            next if binding(next) < PROJECTION_STOP && !begins(next) => Ok(Built::current(at)),
            _ => Err(self.unexpected("`.` is needed after a projection", "write [*].name")),
        }
    }

    fn after_dot(&mut self, power: u8, depth: usize) -> Result<Built, QueryError> {
        match self.peek() {
            Kind::Name(_) | Kind::QuotedName(_) | Kind::Symbol("*") => self.expression(power, depth),
            Kind::Symbol("[") => {
                self.advance();
                self.list(depth)
            }
            Kind::Symbol("{") => {
                self.advance();
                self.hash(depth)
            }
            _ => Err(self.unexpected("a name is needed after the dot", "such as a.b, a.*, a.[b, c] or a.{b: c}")),
        }
    }

    fn flatten(&mut self, left: Built, depth: usize) -> Result<Built, QueryError> {
        let flat = self.builder.one(Node::Flatten, left)?;
        let right = self.projected(FLATTEN, depth)?;
        self.builder.two(Node::Each, flat, right)
    }

    fn filter(&mut self, left: Built, depth: usize) -> Result<Built, QueryError> {
        let condition = self.expression(0, depth)?;
        self.expect("]", "close the filter with ]")?;
        let right = if self.is_at("[]") { Built::current(self.at()) } else { self.projected(FILTER, depth)? };
        self.builder.filter(left, condition, right)
    }
}

/// How much an operator binds what stands before it; 0 where it is none.
const fn binding(kind: &Kind) -> u8 {
    let Kind::Symbol(symbol) = kind else { return 0 };
    match symbol.as_bytes() {
        b"|" => PIPE,
        b"||" => OR,
        b"&&" => AND,
        b"==" | b"!=" | b"<" | b"<=" | b">" | b">=" => COMPARE,
        b"[]" => FLATTEN,
        b"[?" => FILTER,
        b"." => DOT,
        b"[" => BRACKET,
        _ => 0,
    }
}

/// Whether an expression begins with it, and no operator does.
const fn begins(kind: &Kind) -> bool {
    match kind {
        Kind::Name(_) | Kind::QuotedName(_) | Kind::Literal(_) | Kind::RawString(_) | Kind::Number(_) => true,
        Kind::Symbol(symbol) => matches!(symbol.as_bytes(), b"@" | b"*" | b"{" | b"(" | b"!" | b"&"),
        Kind::End => false,
    }
}

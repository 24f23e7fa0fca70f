//! Tokens to a tree, by binding power (a Pratt parser).
//!
//! A projection (`[*]`, `.*`, `[]`, `[?…]`, a slice) takes what follows it, up to the first token that binds less than
//! [`PROJECTION_STOP`], as what is done with each element.

use super::build::{Builder, Built};
use super::functions::Function;
use super::lex::{self, Kind, Token, error};
use super::tree::{Comparison, Node, Slice};
use super::{Query, QueryError};
use crate::limits::{MAX_QUERY, MAX_QUERY_HEIGHT};

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

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    builder: Builder,
}

impl Parser {
    /// An expression whose operators bind more than `power`. `depth` is in how many others it stands.
    fn expression(&mut self, power: u8, depth: usize) -> Result<Built, QueryError> {
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
        let kind = self.peek().clone();
        self.advance();
        match kind {
            Kind::Literal(json) => Ok(Built::leaf(Node::Literal(json), at)),
            Kind::RawString(text) => Ok(Built::leaf(Node::Literal(super::Json::string(text)), at)),
            Kind::Name(name) if self.is_at("(") => self.call(&name, at, depth),
            Kind::Name(name) => Ok(Built::leaf(Node::Field(name.into()), at)),
            Kind::QuotedName(name) if self.is_at("(") => {
                let help = format!("write {name}(…) without quotes");
                Err(error(at, "a function's name stands without quotes", help))
            }
            Kind::QuotedName(name) => Ok(Built::leaf(Node::Field(name.into()), at)),
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
    fn projected(&mut self, power: u8, depth: usize) -> Result<Built, QueryError> {
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

    /// After `[`: `*]`, an index, or a slice.
    fn brackets(&mut self, left: Built, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        if self.is_at("*") {
            self.advance();
            self.expect("]", "close it: [*]")?;
            let right = self.projected(STAR, depth)?;
            return self.builder.two(Node::Each, left, right);
        }
        let first = self.number();
        match (first, self.is_at(":")) {
            (Some(index), false) => {
                self.expect("]", "an index is one number: [0]")?;
                self.builder.two(Node::Then, left, Built::leaf(Node::Index(index), at))
            }
            (None, false) => Err(self.unexpected("an index is needed", "such as [0], [-1], [1:3], [*] or [?a=='b']")),
            (start, true) => {
                let slice = self.slice(start)?;
                let sliced = self.builder.two(Node::Then, left, Built::leaf(Node::Slice(slice), at))?;
                let right = self.projected(STAR, depth)?;
                self.builder.two(Node::Each, sliced, right)
            }
        }
    }

    fn slice(&mut self, start: Option<i64>) -> Result<Slice, QueryError> {
        const HELP: &str = "a slice is [start:stop:step], each of them a number or left out";
        self.expect(":", HELP)?;
        let stop = self.number();
        let mut step = 1;
        if self.is_at(":") {
            self.advance();
            let at = self.at();
            step = self.number().unwrap_or(1);
            if step == 0 {
                return Err(error(at, "a slice's step cannot be 0", HELP));
            }
        }
        self.expect("]", HELP)?;
        Ok(Slice { start, stop, step })
    }

    fn list(&mut self, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        let mut elements = vec![self.expression(0, depth)?];
        while self.is_at(",") {
            self.advance();
            elements.push(self.expression(0, depth)?);
        }
        self.expect("]", "close the list with ]")?;
        self.builder.many(Node::List, elements, at)
    }

    fn hash(&mut self, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        let mut names = Vec::new();
        let mut values = Vec::new();
        loop {
            match self.peek().clone() {
                Kind::Name(name) | Kind::QuotedName(name) => names.push(name),
                _ => return Err(self.unexpected("a member's name is needed", "such as {a: b}")),
            }
            self.advance();
            self.expect(":", "a member is written name: expression")?;
            values.push(self.expression(0, depth)?);
            if !self.is_at(",") {
                break;
            }
            self.advance();
        }
        self.expect("}", "close it with }")?;
        self.builder.many(|values| Node::Hash(names.into_iter().zip(values).collect()), values, at)
    }

    fn call(&mut self, name: &str, at: usize, depth: usize) -> Result<Built, QueryError> {
        let Some(function) = Function::from_name(name) else {
            let names = Function::ALL.map(Function::as_str);
            let help = match crate::similar::nearest(name, names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the functions are {}", names.join(", ")),
            };
            return Err(error(at, "unknown function", help));
        };
        self.advance();
        let mut arguments = Vec::new();
        while !self.is_at(")") {
            if !arguments.is_empty() {
                self.expect(",", "arguments are separated by commas and closed by )")?;
            }
            arguments.push(self.argument(depth)?);
        }
        self.advance();
        if !function.takes(arguments.len()) {
            let message = format!("function gets {} arguments", arguments.len());
            return Err(error(at, message, format!("write {}", function.usage())));
        }
        self.builder.many(|arguments| Node::Call(function, arguments), arguments, at)
    }

    fn argument(&mut self, depth: usize) -> Result<Built, QueryError> {
        if !self.is_at("&") {
            return self.expression(0, depth);
        }
        self.advance();
        // What it refers to is a whole expression, as an argument is.
        let inner = self.expression(0, depth)?;
        self.builder.one(Node::Reference, inner)
    }

    fn number(&mut self) -> Option<i64> {
        let Kind::Number(number) = *self.peek() else { return None };
        self.advance();
        Some(number)
    }

    fn peek(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    fn second(&self) -> &Kind {
        self.tokens.get(self.next.saturating_add(1)).map_or(&Kind::End, |token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map(|token| token.at).unwrap_or_default()
    }

    const fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Kind::Symbol(found) if *found == symbol)
    }

    fn expect(&mut self, symbol: &str, help: &str) -> Result<(), QueryError> {
        if !self.is_at(symbol) {
            return Err(self.unexpected(&format!("`{symbol}` is needed"), help));
        }
        self.advance();
        Ok(())
    }

    fn no_operator(&self) -> QueryError {
        let help = match self.peek() {
            Kind::Symbol("]" | ")" | "}") => "it closes nothing; remove it",
            _ => "names are joined by dots, conditions by && and ||",
        };
        self.unexpected("an operator is needed, or the end", help)
    }

    fn unexpected(&self, message: &str, help: &str) -> QueryError {
        let help = match self.peek() {
            Kind::Number(number) => format!("a number that is a value stands in backticks: `{number}`"),
            _ => help.to_owned(),
        };
        error(self.at(), message, help)
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

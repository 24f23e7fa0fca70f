//! What stands between brackets, braces and parentheses.

use super::STAR;
use super::cursor::Parser;
use crate::jmespath::QueryError;
use crate::jmespath::build::Built;
use crate::jmespath::function::Function;
use crate::jmespath::lex::{Kind, error};
use crate::jmespath::tree::{Node, Slice};

impl Parser {
    /// After `[`: `*]`, an index, or a slice.
    pub(super) fn brackets(&mut self, left: Built, depth: usize) -> Result<Built, QueryError> {
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

    pub(super) fn list(&mut self, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        let mut elements = vec![self.expression(0, depth)?];
        while self.is_at(",") {
            self.advance();
            elements.push(self.expression(0, depth)?);
        }
        self.expect("]", "close the list with ]")?;
        self.builder.many(Node::List, elements, at)
    }

    pub(super) fn hash(&mut self, depth: usize) -> Result<Built, QueryError> {
        let at = self.at();
        let mut names = Vec::new();
        let mut values = Vec::new();
        loop {
            if !matches!(self.peek(), Kind::Name(_) | Kind::QuotedName(_)) {
                return Err(self.unexpected("a member's name is needed", "such as {a: b}"));
            }
            if let Kind::Name(name) | Kind::QuotedName(name) = self.take() {
                names.push(name);
            }
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

    pub(super) fn call(&mut self, name: &str, at: usize, depth: usize) -> Result<Built, QueryError> {
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
}

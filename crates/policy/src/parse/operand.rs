//! What a test compares with, or an argument is given.
//!
//! ```text
//! operand  = STRING | INTEGER | "true" | "false" | IDENTIFIER "." MEMBER | FUNCTION "(" operand { "," operand } ")"
//! ```

use super::cursor::{Broken, Parser};
use crate::claims::Value;
use crate::function::Function;
use crate::jmespath::Query;
use crate::lex::Kind;
use crate::limits::MAX_NESTING;
use crate::source::Span;
use crate::tree::{Call, Condition, Operand, OperandKind, Version};

impl Parser<'_, '_, '_> {
    /// `depth` is in how many calls it stands.
    pub(super) fn operand(&mut self, conditions: &[Condition], depth: usize) -> Result<Operand, Broken> {
        let start = self.span();
        let kind = match self.peek() {
            Kind::String(text) => OperandKind::Literal(Value::String(text.clone())),
            Kind::Integer(number) => OperandKind::Literal(Value::Integer(*number)),
            Kind::Word(word) if word.eq_ignore_ascii_case("true") => OperandKind::Literal(Value::Boolean(true)),
            Kind::Word(word) if word.eq_ignore_ascii_case("false") => OperandKind::Literal(Value::Boolean(false)),
            Kind::Word(word) => {
                let word = *word;
                self.advance();
                let kind = if self.is_at("(") {
                    self.call(word, start, conditions, depth)?
                } else {
                    self.member_of(word, start, conditions)?
                };
                return Ok(Operand { span: start.to(self.last()), kind });
            }
            Kind::Placeholder => {
                let help = "put your own value in its place, angle brackets and all: a text in quotes, or a number";
                self.wrong("placeholder", "placeholder of an example instead of a value", help);
                OperandKind::Literal(Value::Integer(0))
            }
            _ => {
                let help = "\"text\", a number, true, false, or a member such as c.value";
                return Err(self.wrong("value-missing", "a value is needed", help));
            }
        };
        self.advance();
        Ok(Operand { span: start, kind })
    }

    fn member_of(&mut self, name: &str, at: Span, conditions: &[Condition]) -> Result<OperandKind, Broken> {
        let condition = self.condition_named(name, at, conditions)?;
        self.expect(".", "write the member: c.value")?;
        Ok(OperandKind::Member(condition, self.member()?))
    }

    /// The condition of that name, which has to stand before its use and to have claims.
    pub(super) fn condition_named(&mut self, name: &str, at: Span, conditions: &[Condition]) -> Result<usize, Broken> {
        let Some(number) = conditions.iter().position(|condition| condition.name.as_deref() == Some(name)) else {
            let known = conditions.iter().filter_map(|condition| condition.name.as_deref());
            let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            let help = match known.as_slice() {
                [] => format!("name a condition before this: {}:[type==\"...\"]; a text stands in quotes", shown(name)),
                known => format!("this rule names {}; a text stands in quotes", known.join(", ")),
            };
            return Err(self.wrong_at(
                "identifier-unknown",
                at,
                "identifier that names no condition before this",
                help,
            ));
        };
        if conditions.get(number).is_some_and(|condition| condition.is_negated) {
            let help = "`!` holds where no claim matches, so there is none to take a member of";
            self.findings.error("identifier-negated", at, "identifier of a negated condition", help);
        }
        Ok(number)
    }

    fn call(
        &mut self,
        name: &str,
        name_span: Span,
        conditions: &[Condition],
        depth: usize,
    ) -> Result<OperandKind, Broken> {
        if depth >= MAX_NESTING {
            let help = format!("functions stand in at most {MAX_NESTING} others; take a step apart with add");
            return Err(self.wrong_at("too-deep", name_span, "functions are nested too deeply", help));
        }
        if self.version < Version::V1_2 {
            let help = format!("write version=1.2; for them; version {} has no functions", self.version);
            self.findings.error("needs-version", name_span, "functions belong to version 1.2", help);
        }
        let function = Function::ALL.into_iter().find(|function| function.as_str().eq_ignore_ascii_case(name));
        if function.is_none() {
            let names = Function::ALL.map(Function::as_str);
            let help = match crate::similar::nearest(name, names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the functions are {}", names.join(", ")),
            };
            self.findings.error("function-unknown", name_span, "unknown function", help);
        }
        let arguments = self.call_arguments(conditions, depth)?;
        // What an unknown function gives is unknown; the text is refused anyway.
        let Some(function) = function else { return Ok(OperandKind::Literal(Value::Integer(0))) };
        if arguments.len() != function.arity() {
            let span = name_span.to(self.last());
            let message = format!("function takes {} and gets {}", count(function.arity()), arguments.len());
            self.findings.error("argument-count", span, message, format!("write {}", function.usage()));
        }
        let query = self.query(function, &arguments);
        Ok(OperandKind::Call(Box::new(Call { function, arguments, query })))
    }

    fn call_arguments(&mut self, conditions: &[Condition], depth: usize) -> Result<Vec<Operand>, Broken> {
        let mut arguments = Vec::new();
        self.expect("(", "a function's arguments stand in parentheses")?;
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",", "arguments are separated by commas and closed by )")?;
            }
            arguments.push(self.operand(conditions, depth.saturating_add(1))?);
        }
        Ok(arguments)
    }

    /// The query of a JmesPath, where it stands in the text.
    fn query(&mut self, function: Function, arguments: &[Operand]) -> Option<Query> {
        let (Function::JmesPath, Some(operand)) = (function, arguments.get(1)) else { return None };
        let Some(Value::String(text)) = operand.literal() else { return None };
        match Query::parse(text) {
            Ok(query) => Some(query),
            Err(error) => {
                let span = place_in_text(operand.span, self.text, error.at);
                let message = format!("JMESPath query: {}", error.message);
                self.findings.error("query-syntax", span, message, error.help);
                None
            }
        }
    }
}

/// The place of a byte of a text's content, in the policy, where quotes and escapes are around it.
pub(crate) fn place_in_text(quoted: Span, policy: &str, content_at: usize) -> Span {
    let mut content = 0usize;
    let mut is_escaped = false;
    for (at, c) in quoted.of(policy).char_indices().skip(1) {
        if c == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        }
        if content >= content_at {
            let start = quoted.start.saturating_add(at).saturating_sub(usize::from(is_escaped));
            return Span::new(start, quoted.end.saturating_sub(1).max(start));
        }
        is_escaped = false;
        content = content.saturating_add(c.len_utf8());
    }
    quoted
}

fn count(arguments: usize) -> &'static str {
    if arguments == 1 { "1 argument" } else { "2 arguments" }
}

fn shown(name: &str) -> String {
    crate::diagnostic::shown(name)
}

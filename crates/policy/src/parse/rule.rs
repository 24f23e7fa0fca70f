//! One rule and its conditions.
//!
//! ```text
//! rule      = [ condition { "&&" condition } ] "=>" action
//! condition = [ "!" ] [ IDENTIFIER ":" ] "[" test { "," test } "]"
//! test      = ( "type" | "value" | "valueType" | "issuer" ) OPERATOR operand
//! ```

use super::cursor::{Broken, Parser};
use crate::claims::{Issuer, Value, ValueType};
use crate::lex::Kind;
use crate::limits::{MAX_CONDITIONS, MAX_TESTS};
use crate::source::Span;
use crate::tree::{ClaimMember, Condition, Operand, Operator, Rule, Section, Test, Version};

const CONDITION: &str = "a condition is [type==\"...\"] or c:[type==\"...\"]";

pub(super) const MEMBERS: &str = "a claim has type, value, valueType and issuer";

pub(super) const VALUE_TYPES: &str = "one of \"String\", \"Integer\", \"Boolean\"";

impl Parser<'_, '_, '_> {
    pub(super) fn rule(&mut self, section: Section) -> Result<Rule, Broken> {
        let start = self.span();
        let mut conditions = Vec::new();
        while !self.accept("=>") {
            if !conditions.is_empty() {
                self.conjunction()?;
            }
            if conditions.len() >= MAX_CONDITIONS {
                let help = format!("a rule has at most {MAX_CONDITIONS}; split it with add");
                return Err(self.wrong("too-many-conditions", "rule has too many conditions", help));
            }
            let condition = self.condition(&conditions)?;
            conditions.push(condition);
        }
        let action_start = self.span();
        let action = self.action(section, &conditions)?;
        let end = self.last();
        if !self.accept(";") {
            // The rule is whole; reading goes on with the next one as if it were there.
            let after = Span::new(end.end, end.end);
            self.findings.error("semicolon-missing", after, "`;` is needed after a rule", "close the rule with ;");
        }
        let at = self.position(start.start);
        Ok(Rule { span: start.to(end), at, conditions, action, action_span: action_start.to(end) })
    }

    fn conjunction(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Kind::Symbol("&&") => {
                self.advance();
                Ok(())
            }
            Kind::Symbol("||") => {
                Err(self.wrong("or-unknown", "there is no \"or\"", "write one rule for each case: any of them counts"))
            }
            _ => {
                let help = "conditions are joined by &&, and => leads to the action";
                Err(self.wrong("symbol-missing", "`&&` or `=>` is needed", help))
            }
        }
    }

    fn condition(&mut self, before: &[Condition]) -> Result<Condition, Broken> {
        let start = self.span();
        let is_negated = self.accept("!");
        if is_negated && self.version < Version::V1_2 {
            let help = format!("write version=1.2; for it; version {} has no negation", self.version);
            self.findings.error("needs-version", start, "`!` belongs to version 1.2", help);
        }
        let name = self.condition_name(before)?;
        self.expect("[", CONDITION)?;
        let mut tests = Vec::new();
        while !self.accept("]") {
            if !tests.is_empty() {
                self.expect(",", "tests are separated by commas and closed by ]")?;
            }
            if tests.len() >= MAX_TESTS {
                let help = format!("a condition has at most {MAX_TESTS}; a claim has four members");
                return Err(self.wrong("too-many-tests", "condition has too many tests", help));
            }
            tests.push(self.test(before)?);
        }
        let span = start.to(self.last());
        if tests.is_empty() {
            let help = "test the type: [type==\"...\"]";
            return Err(self.wrong_at("condition-empty", span, "condition without a test", help));
        }
        Ok(Condition { span, is_negated, name, tests })
    }

    fn condition_name(&mut self, before: &[Condition]) -> Result<Option<String>, Broken> {
        let Kind::Word(word) = *self.peek() else { return Ok(None) };
        let at = self.span();
        self.advance();
        self.expect(":", CONDITION)?;
        if before.iter().any(|condition| condition.name.as_deref() == Some(word)) {
            let message = "identifier that names a condition of this rule already";
            self.findings.error("identifier-repeated", at, message, "choose another");
        }
        Ok(Some(word.to_owned()))
    }

    fn test(&mut self, before: &[Condition]) -> Result<Test, Broken> {
        let start = self.span();
        let member = self.member()?;
        let operator = self.operator()?;
        let found = self.findings.len();
        let operand = self.operand(before, 0)?;
        let test = Test { span: start.to(self.last()), member, operator, operand };
        // What stands in for something wrong is not held against its author again.
        if self.findings.len() == found {
            self.check_test(&test);
        }
        Ok(test)
    }

    fn operator(&mut self) -> Result<Operator, Broken> {
        let operator = match self.peek() {
            Kind::Symbol("==") => Operator::Equal,
            Kind::Symbol("!=") => Operator::NotEqual,
            Kind::Symbol("<") => Operator::Less,
            Kind::Symbol("<=") => Operator::LessOrEqual,
            Kind::Symbol(">") => Operator::Greater,
            Kind::Symbol(">=") => Operator::GreaterOrEqual,
            Kind::Symbol("=") => {
                self.wrong("single-equals", "`=` does not compare", "write == in a condition");
                Operator::Equal
            }
            Kind::Symbol("=>") => {
                self.wrong("wrong-operator", "`=>` does not compare", "write >= for \"at least\"");
                Operator::GreaterOrEqual
            }
            _ => {
                let help = "one of ==, !=, <, <=, >, >=";
                return Err(self.wrong("operator-missing", "a comparison is needed", help));
            }
        };
        self.advance();
        Ok(operator)
    }

    /// Refuses what can never match whatever the claims: in a deny rule it would be a guard that never fires.
    fn check_test(&mut self, test: &Test) {
        let Test { member, operator, operand, .. } = test;
        if operator.orders() && (*member != ClaimMember::Value || !may_be_integer(operand)) {
            let help = "<, <=, > and >= compare integers; a number stands without quotes";
            self.findings.error("no-order", test.span, "only integers have an order", help);
            return;
        }
        let help = match (member, operand.literal()) {
            (ClaimMember::Value, _) | (_, None) | (ClaimMember::Type, Some(Value::String(_))) => return,
            (ClaimMember::ValueType, Some(Value::String(name))) if ValueType::from_name(name).is_some() => return,
            (ClaimMember::Issuer, Some(Value::String(name))) if Issuer::is_name(name) => return,
            (ClaimMember::Type, _) => "a type is a text in quotes",
            (ClaimMember::ValueType, _) => VALUE_TYPES,
            (ClaimMember::Issuer, _) => "one of \"AttestationService\", \"AttestationPolicy\", \"CustomClaim\"",
        };
        self.findings.error("never-matches", test.span, "comparison that can never match", help);
    }

    pub(super) fn member(&mut self) -> Result<ClaimMember, Broken> {
        let Kind::Word(word) = *self.peek() else {
            return Err(self.wrong("member-missing", "a member of a claim is needed", MEMBERS));
        };
        let Some(member) = ClaimMember::from_name(word) else {
            let names = ["type", "value", "valueType", "issuer"];
            let near = crate::similar::nearest(word, names);
            let help = near.map_or_else(|| MEMBERS.to_owned(), |near| format!("did you mean {near}? {MEMBERS}"));
            return Err(self.wrong("member-unknown", "claims have no such member", help));
        };
        self.advance();
        Ok(member)
    }
}

fn may_be_integer(operand: &Operand) -> bool {
    match &operand.kind {
        crate::tree::OperandKind::Literal(value) => matches!(value, Value::Integer(_)),
        crate::tree::OperandKind::Member(_, member) => *member == ClaimMember::Value,
        crate::tree::OperandKind::Call(call) => call.function.result().is_none(),
    }
}

//! One rule.
//!
//! ```text
//! condition = [ IDENTIFIER ":" ] "[" test { "," test } "]"
//! test      = ( "type" | "value" | "valueType" | "issuer" ) OPERATOR operand
//! operand   = STRING | INTEGER | "true" | "false" | IDENTIFIER "." MEMBER
//! action    = ( "permit" | "deny" ) "(" ")"
//!           | ( "add" | "issue" | "issueproperty" ) "(" argument { "," argument } ")"
//! argument  = "claim" "=" IDENTIFIER | ( "type" | "value" | "valueType" | "issuer" ) "=" operand
//!           | STRING                                              the type, as the first argument
//! ```

use super::{Broken, Parser, Section};
use crate::claims::{Issuer, Value};
use crate::lex::Kind;
use crate::limits::MAX_CONDITIONS;
use crate::tree::{Action, Condition, Make, New, Operand, Operator, Position, Property, Rule, Test};

const MEMBERS: &str = "a claim has type, value, valueType and issuer";

const VALUE_TYPES: &str = "one of \"String\", \"Integer\", \"Boolean\"";

fn is_value_type(name: &str) -> bool {
    matches!(name, "String" | "Integer" | "Boolean")
}

/// Names of the conditions read so far; an identifier is the number of its condition.
type Names = Vec<Option<String>>;

impl Parser {
    pub(super) fn rule(&mut self, section: Section) -> Result<Rule, Broken> {
        let at = self.position();
        let mut names = Names::new();
        let mut conditions = Vec::new();
        while !self.accept("=>") {
            if !conditions.is_empty() {
                self.conjunction()?;
            }
            if conditions.len() >= MAX_CONDITIONS {
                return Err(self.wrong("rule has too many conditions", Some("a rule has at most 32")));
            }
            conditions.push(self.condition(&mut names)?);
        }
        let action = self.action(section, &names)?;
        if !self.accept(";") {
            // The rule is whole; reading goes on with the next one as if it were there.
            self.wrong("`;` is needed after a rule", Some("close the rule before this with ;"));
        }
        Ok(Rule { at, conditions, action })
    }

    fn conjunction(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Kind::Symbol("&&") => {
                self.advance();
                Ok(())
            }
            Kind::Symbol("||") => Err(self.wrong("there is no \"or\"", Some("write one rule for each case"))),
            _ => {
                Err(self
                    .wrong("`&&` or `=>` is needed", Some("conditions are joined by &&, and => leads to the action")))
            }
        }
    }

    fn condition(&mut self, names: &mut Names) -> Result<Condition, Broken> {
        let at = self.position();
        let name = match self.peek() {
            Kind::Symbol("!") => {
                return Err(self.wrong("`!` belongs to version 1.2", Some("versions 1.0 and 1.1 have no negation")));
            }
            Kind::Word(word) => {
                self.advance();
                self.expect(":", Some("a condition is [type==\"...\"] or c:[type==\"...\"]"))?;
                Some(word)
            }
            _ => None,
        };
        if let Some(name) = &name
            && names.iter().flatten().any(|known| known == name)
        {
            return Err(self.wrong_at(at, name, "identifier that names a condition already", Some("choose another")));
        }
        self.expect("[", Some("a condition is [type==\"...\"] or c:[type==\"...\"]"))?;
        let mut tests = Vec::new();
        while !self.accept("]") {
            if !tests.is_empty() {
                self.expect(",", Some("tests are separated by commas and closed by ]"))?;
            }
            tests.push(self.test(names)?);
        }
        if tests.is_empty() {
            return Err(self.wrong_at(at, "[]", "condition without a test", Some("test the type: [type==\"...\"]")));
        }
        names.push(name);
        Ok(Condition { tests })
    }

    fn test(&mut self, names: &Names) -> Result<Test, Broken> {
        let property = self.member()?;
        let (at, symbol) = (self.position(), self.peek());
        let operator = match symbol {
            Kind::Symbol("==") => Operator::Equal,
            Kind::Symbol("!=") => Operator::NotEqual,
            Kind::Symbol("<") => Operator::Less,
            Kind::Symbol("<=") => Operator::LessOrEqual,
            Kind::Symbol(">") => Operator::Greater,
            Kind::Symbol(">=") => Operator::GreaterOrEqual,
            Kind::Symbol("=") => return Err(self.wrong("`=` does not compare", Some("write == in a condition"))),
            _ => return Err(self.wrong("a comparison is needed", Some("one of ==, !=, <, <=, >, >="))),
        };
        self.advance();
        let operand = self.operand(names)?;
        self.check_test(property, operator, &operand, at)?;
        Ok(Test { property, operator, operand })
    }

    /// Refuses what can never match: in a deny rule it would be a guard that never fires.
    fn check_test(
        &mut self,
        property: Property,
        operator: Operator,
        operand: &Operand,
        at: Position,
    ) -> Result<(), Broken> {
        let orders = !matches!(operator, Operator::Equal | Operator::NotEqual);
        let literal = match operand {
            Operand::Literal(literal) => Some(literal),
            Operand::Member(..) => None,
        };
        if orders && (property != Property::Value || !matches!(literal, None | Some(Value::Integer(_)))) {
            let help = Some("<, <=, > and >= compare integers; a number stands without quotes");
            return Err(self.wrong_at(at, "", "only integers have an order", help));
        }
        let help = match (property, literal) {
            (Property::Value, _) | (_, None) => return Ok(()),
            (Property::Type, Some(Value::String(_))) => return Ok(()),
            (Property::ValueType, Some(Value::String(name))) if is_value_type(name) => return Ok(()),
            (Property::Issuer, Some(Value::String(name))) if Issuer::is_name(name) => return Ok(()),
            (Property::Type, _) => "a type is a text in quotes",
            (Property::ValueType, _) => VALUE_TYPES,
            (Property::Issuer, _) => "one of \"AttestationService\", \"AttestationPolicy\", \"CustomClaim\"",
        };
        Err(self.wrong_at(at, "", "comparison that can never match", Some(help)))
    }

    fn member(&mut self) -> Result<Property, Broken> {
        let found = match self.peek() {
            Kind::Word(word) => Property::from_name(&word),
            _ => None,
        };
        let property = found.ok_or_else(|| self.wrong("a member of a claim is needed", Some(MEMBERS)))?;
        self.advance();
        Ok(property)
    }

    fn operand(&mut self, names: &Names) -> Result<Operand, Broken> {
        let at = self.position();
        let operand = match self.peek() {
            Kind::String(text) => Operand::Literal(Value::String(text)),
            Kind::Integer(number) => Operand::Literal(Value::Integer(number)),
            Kind::Word(word) if word == "true" => Operand::Literal(Value::Boolean(true)),
            Kind::Word(word) if word == "false" => Operand::Literal(Value::Boolean(false)),
            Kind::Word(word) => {
                self.advance();
                if self.peek() == Kind::Symbol("(") {
                    let help = Some("versions 1.0 and 1.1 have no functions");
                    return Err(self.wrong_at(at, &word, "functions belong to version 1.2", help));
                }
                let condition = self.condition_named(&word, at, names)?;
                self.expect(".", Some("write the member: c.value"))?;
                return Ok(Operand::Member(condition, self.member()?));
            }
            _ => return Err(self.wrong("a value is needed", Some("\"text\", a number, true, false, or c.value"))),
        };
        self.advance();
        Ok(operand)
    }

    fn condition_named(&mut self, name: &str, at: Position, names: &Names) -> Result<usize, Broken> {
        names.iter().position(|known| known.as_deref() == Some(name)).ok_or_else(|| {
            let help = Some("name the condition first: c:[type==\"...\"]; text stands in quotes");
            self.wrong_at(at, name, "identifier that names no condition before this", help)
        })
    }

    fn action(&mut self, section: Section, names: &Names) -> Result<Action, Broken> {
        let at = self.position();
        let Kind::Word(word) = self.peek() else {
            return Err(self.wrong("an action is needed after =>", Some("such as permit();")));
        };
        self.advance();
        let name = word.to_ascii_lowercase();
        if !section.actions().contains(&name.as_str()) {
            let help = format!("{} has: {}", section.name(), section.actions().join(", "));
            let known = Section::ALL.iter().any(|other| other.actions().contains(&name.as_str()));
            let message = if known { "action that this section does not have" } else { "unknown action" };
            return Err(self.wrong_at(at, &word, message, Some(&help)));
        }
        self.expect("(", Some("an action has parentheses: permit();"))?;
        let action = match name.as_str() {
            "permit" => Action::Permit,
            "deny" => Action::Deny,
            "add" => Action::Add(self.new_claims(names)?),
            "issue" => Action::Issue(self.new_claims(names)?),
            _ => Action::IssueProperty(self.new_claims(names)?),
        };
        self.expect(")", Some("close the action with )"))?;
        Ok(action)
    }

    fn new_claims(&mut self, names: &Names) -> Result<New, Broken> {
        let at = self.position();
        if self.accept_word("claim") {
            self.equals()?;
            let at = self.position();
            let Kind::Word(name) = self.peek() else {
                return Err(self.wrong("an identifier is needed", Some("claim=c copies what the condition c matched")));
            };
            self.advance();
            return Ok(New::Copy(self.condition_named(&name, at, names)?));
        }
        let (mut name, mut value, mut value_type, mut issuer) = (None, None, None, None);
        loop {
            let at = self.position();
            let property = match self.peek() {
                // The first argument is the type also where its name is left out.
                Kind::String(_) if name.is_none() && value.is_none() && value_type.is_none() && issuer.is_none() => {
                    Property::Type
                }
                _ => {
                    let property = self.member()?;
                    self.equals()?;
                    property
                }
            };
            let (slot, operand_at) = (
                match property {
                    Property::Type => &mut name,
                    Property::Value => &mut value,
                    Property::ValueType => &mut value_type,
                    Property::Issuer => &mut issuer,
                },
                self.position(),
            );
            let operand = self.operand(names)?;
            self.check_argument(property, &operand, operand_at)?;
            if slot.replace(operand).is_some() {
                return Err(self.wrong_at(at, "", "argument that is given already", Some("give each argument once")));
            }
            if !self.accept(",") {
                break;
            }
        }
        match (name, value) {
            (Some(name), Some(value)) => Ok(New::Make(Make { name, value, value_type, issuer })),
            _ => Err(self.wrong_at(
                at,
                "",
                "a claim needs type and value",
                Some("(type=\"...\", value=...) or (claim=c)"),
            )),
        }
    }

    fn equals(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Kind::Symbol("==") => Err(self.wrong("`==` compares", Some("write = for an argument of an action"))),
            _ => self.expect("=", Some("arguments are written type=\"...\", value=...")),
        }
    }

    fn check_argument(&mut self, property: Property, operand: &Operand, at: Position) -> Result<(), Broken> {
        let Operand::Literal(literal) = operand else { return Ok(()) };
        let fits = match (property, literal) {
            (Property::Value, _) => true,
            (Property::Type, Value::String(name)) => !name.is_empty(),
            (Property::ValueType, Value::String(name)) => is_value_type(name),
            (Property::Issuer, Value::String(name)) => Issuer::of_rule(name).is_some(),
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let help = match property {
            Property::ValueType => VALUE_TYPES,
            Property::Issuer => "\"AttestationPolicy\" or \"CustomClaim\"; a rule does not speak as the service",
            _ => "a type is a name in quotes",
        };
        Err(self.wrong_at(at, "", "argument with an impossible value", Some(help)))
    }
}

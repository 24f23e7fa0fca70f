//! What a rule does.
//!
//! ```text
//! action   = ( "permit" | "deny" ) "(" ")"
//!          | ( "add" | "issue" | "issueproperty" ) "(" argument { "," argument } ")"
//! argument = "claim" "=" IDENTIFIER | ( "type" | "value" | "valueType" | "issuer" ) "=" operand
//!          | STRING                                              the type, as the first argument
//! ```

use super::cursor::{Broken, Parser};
use super::rule::VALUE_TYPES;
use crate::claims::{Issuer, Value, ValueType};
use crate::lex::Kind;
use crate::tree::{Action, ClaimMember, Condition, Make, New, Operand, Section};

const ACTIONS: [&str; 5] = ["permit", "deny", "add", "issue", "issueproperty"];

const fn actions_of(section: Section) -> &'static [&'static str] {
    match section {
        Section::Configuration => &["issueproperty"],
        Section::Authorization => &["permit", "deny", "add"],
        Section::Issuance => &["add", "issue", "issueproperty"],
    }
}

impl Parser<'_, '_, '_> {
    pub(super) fn action(&mut self, section: Section, conditions: &[Condition]) -> Result<Action, Broken> {
        let at = self.span();
        let Kind::Word(word) = *self.peek() else {
            return Err(self.wrong("action-missing", "an action is needed after =>", "such as permit();"));
        };
        self.advance();
        let name = word.to_ascii_lowercase();
        if !ACTIONS.contains(&name.as_str()) {
            let help = match crate::similar::nearest(word, ACTIONS) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("{} has: {}", section.as_str(), actions_of(section).join(", ")),
            };
            return Err(self.wrong_at("action-unknown", at, "unknown action", help));
        }
        if !actions_of(section).contains(&name.as_str()) {
            let has = actions_of(section).join(", ");
            let home = Section::ALL.into_iter().filter(|other| actions_of(*other).contains(&name.as_str()));
            let home: Vec<&str> = home.map(Section::as_str).collect();
            let help = format!("{name} belongs to {}; {} has: {has}", home.join(" and "), section.as_str());
            self.findings.error("action-elsewhere", at, "action that this section does not have", help);
        }
        self.expect("(", "an action has parentheses: permit();")?;
        let action = match name.as_str() {
            "permit" => Action::Permit,
            "deny" => Action::Deny,
            "add" => Action::Add(self.new_claims(conditions)?),
            "issue" => Action::Issue(self.new_claims(conditions)?),
            _ => Action::IssueProperty(self.new_claims(conditions)?),
        };
        self.expect(")", "close the action with )")?;
        Ok(action)
    }

    fn new_claims(&mut self, conditions: &[Condition]) -> Result<New, Broken> {
        let start = self.span();
        if self.accept_word("claim") {
            self.equals()?;
            let at = self.span();
            let Kind::Word(name) = *self.peek() else {
                let help = "claim=c copies what the condition c matched";
                return Err(self.wrong("identifier-missing", "an identifier is needed", help));
            };
            self.advance();
            return Ok(New::Copy(self.condition_named(name, at, conditions)?));
        }
        let mut given = Given::default();
        loop {
            let at = self.span();
            // The first argument is the type also where its name is left out.
            let is_positional = given == Given::default()
                && match self.peek() {
                    Kind::String(_) => true,
                    Kind::Word(_) => matches!(self.peek_second(), Kind::Symbol("." | "(")),
                    _ => false,
                };
            let member = if is_positional {
                ClaimMember::Type
            } else {
                let member = self.member()?;
                self.equals()?;
                member
            };
            let found = self.findings.len();
            let operand = self.operand(conditions, 0)?;
            if self.findings.len() == found {
                self.check_argument(member, &operand);
            }
            if given.member(member).replace(operand).is_some() {
                let help = "give each argument once";
                self.findings.error("argument-repeated", at, "argument that is given already", help);
            }
            if !self.accept(",") {
                break;
            }
        }
        let Given { name, value, value_type, issuer } = given;
        match (name, value) {
            (Some(name), Some(value)) => Ok(New::Make(Box::new(Make { name, value, value_type, issuer }))),
            _ => {
                let help = "write (type=\"...\", value=...) or (claim=c)";
                Err(self.wrong_at("argument-missing", start.to(self.last()), "a claim needs type and value", help))
            }
        }
    }

    fn equals(&mut self) -> Result<(), Broken> {
        if self.is_at("==") {
            self.wrong("double-equals", "`==` compares", "write = for an argument of an action");
            self.advance();
            return Ok(());
        }
        self.expect("=", "arguments are written type=\"...\", value=...")
    }

    fn check_argument(&mut self, member: ClaimMember, operand: &Operand) {
        let Some(literal) = operand.literal() else { return };
        let fits = match (member, literal) {
            (ClaimMember::Value, _) => true,
            (ClaimMember::Type, Value::String(name)) => !name.is_empty(),
            (ClaimMember::ValueType, Value::String(name)) => ValueType::from_name(name).is_some(),
            (ClaimMember::Issuer, Value::String(name)) => Issuer::of_rule(name).is_some(),
            _ => false,
        };
        if fits {
            return;
        }
        let help = match member {
            ClaimMember::ValueType => VALUE_TYPES,
            ClaimMember::Issuer => "\"AttestationPolicy\" or \"CustomClaim\"; a rule does not speak as the service",
            _ => "a type is a name in quotes",
        };
        self.findings.error("argument-value", operand.span, "argument with an impossible value", help);
    }
}

/// The arguments read so far.
#[derive(Default, PartialEq)]
struct Given {
    name: Option<Operand>,
    value: Option<Operand>,
    value_type: Option<Operand>,
    issuer: Option<Operand>,
}

impl Given {
    const fn member(&mut self, member: ClaimMember) -> &mut Option<Operand> {
        match member {
            ClaimMember::Type => &mut self.name,
            ClaimMember::Value => &mut self.value,
            ClaimMember::ValueType => &mut self.value_type,
            ClaimMember::Issuer => &mut self.issuer,
        }
    }
}

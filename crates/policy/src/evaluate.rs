//! Evaluation: configuration before evidence is verified, the decision after.
//!
//! - A condition matches every claim that passes its tests; a rule fires where every condition matches one or more.
//! - An identifier names the whole set that its condition matched. Compared with such a set, a test passes where any
//!   element does. A set as `value` makes one claim per element, duplicates kept; where one value is needed, several are an
//!   error.
//! - A test of the wrong kind (text against a number) does not match, nor does its `!=`.
//! - All authorization rules run: a deny anywhere wins. What they add, issuance sees.
//! - Copies keep the issuer of what they copy; claims that rules make are from `AttestationPolicy` or, where they say so,
//!   `CustomClaim`, and never from `AttestationService`.

use crate::claims::{Claim, Issuer, Value};
use crate::error::{EvaluationError, Refusal};
use crate::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_STEPS};
use crate::owned::OwnedNames;
use crate::properties::Properties;
use crate::tree::{Action, Condition, Make, New, Operand, Operator, Policy, Property, Rule, Test};

/// A policy's word for yes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// The claims it issued, in order.
    pub issued: Vec<Claim>,
    /// The properties it set.
    pub properties: Properties,
}

impl Policy {
    /// The properties that configure verification. No claims exist yet, so a rule with conditions does not fire.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub fn configure(&self) -> Result<Properties, EvaluationError> {
        // No rule of this section can issue a claim.
        let owned = OwnedNames::new(&[], &[]);
        let mut run = Run::new(&[], &owned)?;
        self.configuration.iter().try_for_each(|rule| run.rule(rule))?;
        Ok(run.properties)
    }

    /// Decides over verified claims, and issues new ones, none of which may have an owned name.
    ///
    /// # Errors
    /// See [`Refusal`]: denied, not permitted, or not evaluated to an end.
    pub fn decide(&self, incoming: &[Claim], owned: &OwnedNames) -> Result<Permit, Refusal> {
        let mut run = Run::new(incoming, owned)?;
        self.authorization.iter().try_for_each(|rule| run.rule(rule))?;
        if let Some(at) = run.denied {
            return Err(Refusal::Denied { line: at.line, column: at.column });
        }
        if !run.is_permitted {
            return Err(Refusal::NoPermit);
        }
        self.issuance.iter().try_for_each(|rule| run.rule(rule))?;
        Ok(Permit { issued: run.issued, properties: run.properties })
    }
}

/// One evaluation.
struct Run<'o> {
    claims: Vec<Claim>,
    issued: Vec<Claim>,
    properties: Properties,
    is_permitted: bool,
    denied: Option<crate::tree::Position>,
    owned: &'o OwnedNames,
    bytes: usize,
    steps_left: u32,
}

/// The numbers of the claims that each condition of a rule matched.
type Matches = Vec<Vec<usize>>;

impl<'o> Run<'o> {
    fn new(incoming: &[Claim], owned: &'o OwnedNames) -> Result<Self, EvaluationError> {
        let mut run = Self {
            claims: Vec::with_capacity(incoming.len()),
            issued: Vec::new(),
            properties: Properties::default(),
            is_permitted: false,
            denied: None,
            owned,
            bytes: 0,
            steps_left: MAX_STEPS,
        };
        incoming.iter().try_for_each(|claim| run.add(claim.clone()))?;
        Ok(run)
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), EvaluationError> {
        let Some(matches) = self.matches(&rule.conditions)? else { return Ok(()) };
        match &rule.action {
            Action::Permit => self.is_permitted = true,
            Action::Deny => self.denied = self.denied.or(Some(rule.at)),
            Action::Add(new) => {
                for claim in self.make(new, &matches, rule)? {
                    self.add(claim)?;
                }
            }
            Action::Issue(new) => {
                for claim in self.make(new, &matches, rule)? {
                    if self.owned.owns(&claim.name) {
                        let name = crate::error::shown(&claim.name);
                        return Err(EvaluationError::OwnedName { name, line: rule.at.line, column: rule.at.column });
                    }
                    self.add(claim.clone())?;
                    self.issued.push(claim);
                }
            }
            Action::IssueProperty(new) => {
                // Later rules see a property as a claim; the token does not show it.
                for claim in self.make(new, &matches, rule)? {
                    self.add(claim.clone())?;
                    self.properties.set(claim.name, claim.value);
                }
            }
        }
        Ok(())
    }

    /// What each condition matches, or nothing where one matches nothing.
    fn matches(&mut self, conditions: &[Condition]) -> Result<Option<Matches>, EvaluationError> {
        let mut matches = Matches::with_capacity(conditions.len());
        for condition in conditions {
            let mut matched = Vec::new();
            for number in 0..self.claims.len() {
                if self.passes(number, &condition.tests, &matches)? {
                    matched.push(number);
                }
            }
            if matched.is_empty() {
                return Ok(None);
            }
            matches.push(matched);
        }
        Ok(Some(matches))
    }

    fn passes(&mut self, number: usize, tests: &[Test], matches: &Matches) -> Result<bool, EvaluationError> {
        for test in tests {
            let passes = match &test.operand {
                Operand::Literal(literal) => {
                    let Some(claim) = self.claims.get(number) else { return Ok(false) };
                    let (left, right) = (Member::of(claim, test.property), Member::value(literal));
                    spend(&mut self.steps_left, left, right)?;
                    compare(left, test.operator, right)
                }
                Operand::Member(condition, property) => {
                    self.passes_any(number, test, *condition, *property, matches)?
                }
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn passes_any(
        &mut self,
        number: usize,
        test: &Test,
        condition: usize,
        property: Property,
        matches: &Matches,
    ) -> Result<bool, EvaluationError> {
        let Some(claim) = self.claims.get(number) else { return Ok(false) };
        let left = Member::of(claim, test.property);
        for &other in matches.get(condition).map(Vec::as_slice).unwrap_or_default() {
            let Some(other) = self.claims.get(other) else { continue };
            let right = Member::of(other, property);
            spend(&mut self.steps_left, left, right)?;
            if compare(left, test.operator, right) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn make(&mut self, new: &New, matches: &Matches, rule: &Rule) -> Result<Vec<Claim>, EvaluationError> {
        match new {
            New::Copy(condition) => {
                let numbers = matches.get(*condition).map(Vec::as_slice).unwrap_or_default();
                self.check_room(numbers.len())?;
                Ok(numbers.iter().filter_map(|&number| self.claims.get(number)).cloned().collect())
            }
            New::Make(make) => self.make_claims(make, matches, rule),
        }
    }

    fn make_claims(&self, make: &Make, matches: &Matches, rule: &Rule) -> Result<Vec<Claim>, EvaluationError> {
        let one = |operand: &Operand, argument| one_text(&self.values(operand, matches), argument, rule);
        let name = one(&make.name, "type")?;
        let issuer = match &make.issuer {
            None => Issuer::AttestationPolicy,
            Some(operand) => {
                let text = one(operand, "issuer")?;
                Issuer::of_rule(&text).ok_or_else(|| wrong_kind("issuer", "issuer that a rule can speak as", rule))?
            }
        };
        let value_type = make.value_type.as_ref().map(|operand| one(operand, "valueType")).transpose()?;
        let values = self.values(&make.value, matches);
        if matches!(rule.action, Action::IssueProperty(_)) && values.len() != 1 {
            let (line, column) = (rule.at.line, rule.at.column);
            return Err(EvaluationError::NotOneValue { argument: "value", count: values.len(), line, column });
        }
        self.check_room(values.len())?;
        let claim = |value: Value| match &value_type {
            Some(kind) if kind != value.type_name() => Err(wrong_kind("value", kind, rule)),
            _ => Ok(Claim { name: name.clone(), value, issuer }),
        };
        values.into_iter().map(claim).collect()
    }

    fn values(&self, operand: &Operand, matches: &Matches) -> Vec<Value> {
        match operand {
            Operand::Literal(literal) => vec![literal.clone()],
            Operand::Member(condition, property) => {
                let numbers = matches.get(*condition).map(Vec::as_slice).unwrap_or_default();
                numbers.iter().filter_map(|&number| self.claims.get(number)).map(|claim| property.of(claim)).collect()
            }
        }
    }

    /// Before claims are made, so that a doubling rule is stopped while it is small.
    fn check_room(&self, more: usize) -> Result<(), EvaluationError> {
        let count = self.claims.len().saturating_add(more);
        if count > MAX_CLAIMS { Err(EvaluationError::TooManyClaims) } else { Ok(()) }
    }

    fn add(&mut self, claim: Claim) -> Result<(), EvaluationError> {
        self.check_room(1)?;
        self.bytes = self.bytes.saturating_add(claim.bytes());
        if self.bytes > MAX_CLAIM_BYTES {
            return Err(EvaluationError::TooManyBytes);
        }
        self.claims.push(claim);
        Ok(())
    }
}

/// A comparison costs a step, and another for every 64 bytes that it may have to look at.
fn spend(steps_left: &mut u32, left: Member<'_>, right: Member<'_>) -> Result<(), EvaluationError> {
    let bytes = left.bytes().min(right.bytes());
    let steps = u32::try_from(bytes / 64).unwrap_or(u32::MAX).saturating_add(1);
    *steps_left = steps_left.checked_sub(steps).ok_or(EvaluationError::OutOfFuel)?;
    Ok(())
}

/// A member of a claim, not copied.
#[derive(Clone, Copy, PartialEq)]
enum Member<'a> {
    Text(&'a str),
    Integer(i64),
    Boolean(bool),
}

impl<'a> Member<'a> {
    fn of(claim: &'a Claim, property: Property) -> Self {
        match property {
            Property::Type => Self::Text(&claim.name),
            Property::Value => Self::value(&claim.value),
            Property::ValueType => Self::Text(claim.value.type_name()),
            Property::Issuer => Self::Text(claim.issuer.as_str()),
        }
    }

    fn value(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Integer(number) => Self::Integer(*number),
            Value::Boolean(truth) => Self::Boolean(*truth),
        }
    }

    /// Bytes that a comparison looks at.
    fn bytes(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Integer(_) | Self::Boolean(_) => 8,
        }
    }
}

fn compare(left: Member<'_>, operator: Operator, right: Member<'_>) -> bool {
    match (left, right) {
        (Member::Integer(left), Member::Integer(right)) => match operator {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
        },
        (Member::Text(_), Member::Text(_)) | (Member::Boolean(_), Member::Boolean(_)) => match operator {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            _ => false,
        },
        _ => false,
    }
}

fn one_text(values: &[Value], argument: &'static str, rule: &Rule) -> Result<String, EvaluationError> {
    match values {
        [Value::String(text)] if !text.is_empty() => Ok(text.clone()),
        [_] => Err(wrong_kind(argument, "text", rule)),
        _ => {
            let (line, column) = (rule.at.line, rule.at.column);
            Err(EvaluationError::NotOneValue { argument, count: values.len(), line, column })
        }
    }
}

fn wrong_kind(argument: &'static str, expected: &str, rule: &Rule) -> EvaluationError {
    let expected = crate::error::shown(expected);
    EvaluationError::WrongKind { argument, expected, line: rule.at.line, column: rule.at.column }
}

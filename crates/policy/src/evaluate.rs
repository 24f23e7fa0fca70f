//! Evaluation: configuration before evidence is verified, the decision after.
//!
//! - A condition matches every claim that passes its tests, and holds where it matches one or more; a negated one holds
//!   where it matches none. A rule fires where all its conditions hold.
//! - An identifier names the whole set that its condition matched. Compared with such a set, a test passes where any
//!   element does. A set as `value` makes one claim per element, duplicates kept; where one value is needed, several are an
//!   error.
//! - A test of the wrong kind (text against a number) does not match, nor does its `!=`.
//! - All authorization rules run: a deny anywhere wins. What they add, issuance sees.
//! - Copies keep the issuer of what they copy; claims that rules make are from `AttestationPolicy` or, where they say so,
//!   `CustomClaim`, and never from `AttestationService`.

mod claim_set;
mod condition;
mod functions;
mod make;
mod member;
mod one;
mod record;
mod values;

use crate::claims::Claim;
use crate::fuel::Fuel;
use crate::permit::Permit;
use crate::properties::Properties;
use crate::refusal::{EvaluationError, Fault, Refusal};
use crate::source::Position;
use crate::trace::{Explanation, Outcome, RuleTrace};
use crate::tree::{Action, New, Policy, Rule, Section};
use crate::vocabulary::Vocabulary;
use claim_set::{ClaimSet, Matches};

impl Policy {
    /// The properties that configure verification: those that rules set, and the defaults of the others. No claims exist
    /// yet, so a condition holds only where it is negated.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub fn configure(&self, vocabulary: &Vocabulary) -> Result<Properties, EvaluationError> {
        self.configure_within(vocabulary, &mut Fuel::full())
    }

    /// Configures as [`Policy::configure`] does, on fuel that is shared with other evaluations.
    ///
    /// # Errors
    /// See [`EvaluationError`].
    pub fn configure_within(&self, vocabulary: &Vocabulary, fuel: &mut Fuel) -> Result<Properties, EvaluationError> {
        let mut run = Run::new(&[], vocabulary, Section::Configuration, fuel, None)?;
        run.section(self, Section::Configuration)?;
        Ok(run.properties)
    }

    /// Decides over verified claims, and issues new ones, none of which has a name that the vocabulary owns.
    ///
    /// # Errors
    /// See [`Refusal`]: denied, not permitted, or not evaluated to an end.
    pub fn decide(&self, incoming: &[Claim], vocabulary: &Vocabulary) -> Result<Permit, Refusal> {
        self.decide_within(incoming, vocabulary, &mut Fuel::full())
    }

    /// Decides as [`Policy::decide`] does, on the fuel that is given. With less than a full one the decision is the same, or
    /// [`Fault::OutOfFuel`]: then it can be made again on a full one.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn decide_within(
        &self,
        incoming: &[Claim],
        vocabulary: &Vocabulary,
        fuel: &mut Fuel,
    ) -> Result<Permit, Refusal> {
        Run::new(incoming, vocabulary, Section::Issuance, fuel, None)?.decide(self)
    }

    /// Decides as [`Policy::decide`] does, and records how.
    pub fn explain(&self, incoming: &[Claim], vocabulary: &Vocabulary) -> Explanation {
        match Run::new(incoming, vocabulary, Section::Issuance, &mut Fuel::full(), Some(Vec::new())) {
            Ok(mut run) => {
                let outcome = run.decide(self);
                run.explanation(outcome)
            }
            Err(error) => Explanation::of_nothing(incoming, error.into()),
        }
    }

    /// Configures as [`Policy::configure`] does, and records how. Its outcome permits nothing: it has properties alone.
    pub fn explain_configuration(&self, vocabulary: &Vocabulary) -> Explanation {
        match Run::new(&[], vocabulary, Section::Configuration, &mut Fuel::full(), Some(Vec::new())) {
            Ok(mut run) => {
                let configured = run.section(self, Section::Configuration);
                let properties = run.properties.clone();
                run.explanation(configured.map(|()| Permit { properties, ..Permit::default() }).map_err(Refusal::from))
            }
            Err(error) => Explanation::of_nothing(&[], error.into()),
        }
    }
}

/// Steps for the name of a claim that is issued: whether the vocabulary owns it.
const ISSUED: usize = 40;

/// Steps for a claim that is issued, with what it costs to write it into a token.
fn issuing(claim: &Claim) -> usize {
    claim.bytes().saturating_add(ISSUED)
}

/// One evaluation.
struct Run<'a> {
    claims: ClaimSet<'a>,
    /// The numbers of the claims that were issued.
    issued: Vec<usize>,
    /// The numbers of the claims that rules issued and the token does not get.
    withheld: Vec<usize>,
    properties: Properties,
    is_permitted: bool,
    denied: Option<Position>,
    vocabulary: &'a Vocabulary,
    fuel: &'a mut Fuel,
    trace: Option<Vec<RuleTrace>>,
}

impl<'a> Run<'a> {
    /// `section` is the one whose properties it is about.
    fn new(
        incoming: &'a [Claim],
        vocabulary: &'a Vocabulary,
        section: Section,
        fuel: &'a mut Fuel,
        trace: Option<Vec<RuleTrace>>,
    ) -> Result<Self, EvaluationError> {
        let of_the_claims = |fault| EvaluationError { at: None, fault };
        let claims = ClaimSet::new(incoming).map_err(of_the_claims)?;
        fuel.spend(incoming.len()).map_err(|_| of_the_claims(Fault::OutOfFuel))?;
        Ok(Self {
            claims,
            issued: Vec::new(),
            withheld: Vec::new(),
            properties: Properties::defaults(vocabulary, section),
            is_permitted: false,
            denied: None,
            vocabulary,
            fuel,
            trace,
        })
    }

    fn explanation(self, outcome: Result<Permit, Refusal>) -> Explanation {
        let claims: Vec<Claim> = self.claims.iter().cloned().collect();
        Explanation {
            outcome,
            incoming: self.claims.incoming(),
            claims,
            withheld: self.withheld,
            rules: self.trace.unwrap_or_default(),
        }
    }

    fn decide(&mut self, policy: &Policy) -> Result<Permit, Refusal> {
        self.section(policy, Section::Authorization)?;
        if let Some(at) = self.denied {
            return Err(Refusal::Denied { at });
        }
        if !self.is_permitted {
            return Err(Refusal::NoPermit);
        }
        self.section(policy, Section::Issuance)?;
        let issued = self.issued.iter().filter_map(|number| self.claims.get(*number)).cloned().collect();
        Ok(Permit { issued, properties: std::mem::take(&mut self.properties) })
    }

    fn section(&mut self, policy: &Policy, section: Section) -> Result<(), EvaluationError> {
        for (number, rule) in policy.rules(section).iter().enumerate() {
            let mut matches = Matches::new();
            let made = self.claims.len();
            let fired = self.rule(rule, section, &mut matches);
            if let Some(trace) = &mut self.trace {
                let outcome = match &fired {
                    Ok(true) => Outcome::Fired { made: (made..self.claims.len()).collect() },
                    Ok(false) => Outcome::NotFired,
                    Err(fault) => Outcome::Failed { fault: problem::chain(&fault) },
                };
                trace.push(record::of(rule, section, number, outcome, &matches, &self.claims));
            }
            fired.map_err(|fault| EvaluationError { at: Some(rule.at), fault })?;
        }
        Ok(())
    }

    /// Whether it fired.
    fn rule(&mut self, rule: &Rule, section: Section, matches: &mut Matches) -> Result<bool, Fault> {
        self.fuel.allocate(1)?;
        for condition in &rule.conditions {
            let matched = condition::matches(condition, matches, &self.claims, self.fuel)?;
            let holds = matched.is_empty() == condition.is_negated;
            matches.push(matched);
            if !holds {
                return Ok(false);
            }
        }
        self.act(rule, section, matches)?;
        Ok(true)
    }

    fn act(&mut self, rule: &Rule, section: Section, matches: &Matches) -> Result<(), Fault> {
        let new = match &rule.action {
            Action::Permit => {
                self.is_permitted = true;
                return Ok(());
            }
            Action::Deny => {
                self.denied = self.denied.or(Some(rule.at));
                return Ok(());
            }
            Action::Add(new) | Action::Issue(new) | Action::IssueProperty(new) => new,
        };
        let made = make::claims(new, matches, &self.claims, self.fuel)?;
        if matches!(rule.action, Action::IssueProperty(_)) && made.len() != 1 {
            return Err(Fault::NotOneValue { what: "issueproperty", count: made.len() });
        }
        for claim in made {
            match &rule.action {
                Action::Issue(_) => {
                    self.fuel.spend(issuing(&claim))?;
                    self.refuse_issuing(&claim, new)?;
                    let is_withheld = self.vocabulary.owned.withholds(&claim.name);
                    let numbers = if is_withheld { &mut self.withheld } else { &mut self.issued };
                    numbers.push(self.claims.len());
                }
                // Later rules see a property as a claim; the token does not show it.
                Action::IssueProperty(_) => {
                    self.fuel.spend(ISSUED)?;
                    self.fuel.read(claim.bytes())?;
                    self.properties.set(&claim, section, self.vocabulary)?;
                }
                _ => {}
            }
            self.claims.add(claim)?;
        }
        Ok(())
    }

    fn refuse_issuing(&self, claim: &Claim, new: &New) -> Result<(), Fault> {
        let owned = &self.vocabulary.owned;
        if owned.owns(&claim.name) && !owned.withholds(&claim.name) {
            return Err(Fault::owned_name(&claim.name));
        }
        let is_copy = matches!(new, New::Copy(_));
        if is_copy && self.vocabulary.is_read_only(claim) {
            return Err(Fault::ReadOnly { name: claim.name.clone() });
        }
        Ok(())
    }
}

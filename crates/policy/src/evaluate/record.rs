//! What became of a rule, for a trace.

use super::claim_set::{ClaimSet, Matches};
use super::condition::{holding, right_hand};
use crate::fuel::Fuel;
use crate::trace::{ConditionTrace, Near, Outcome, RuleTrace};
use crate::tree::{Condition, Rule, Section};

/// The most claims that are told to have nearly matched a condition.
const MAX_NEAR: usize = 8;

/// `index` is the rule's place in its section, from 0.
pub(super) fn of(
    rule: &Rule,
    section: Section,
    index: usize,
    outcome: Outcome,
    matches: &Matches,
    claims: &ClaimSet<'_>,
) -> RuleTrace {
    let of = |(number, matched): (usize, &Vec<usize>)| {
        let condition = rule.conditions.get(number)?;
        let near = if matched.is_empty() { near(condition, matches, claims) } else { Vec::new() };
        let (span, is_negated) = (condition.span, condition.is_negated);
        let holds = matched.is_empty() == is_negated;
        Some(ConditionTrace { span, holds, is_negated, matched: matched.clone(), near })
    };
    RuleTrace {
        section,
        number: index.saturating_add(1),
        span: rule.span,
        at: rule.at,
        action: rule.action.name(),
        outcome,
        conditions: matches.iter().enumerate().filter_map(of).collect(),
    }
}

/// The claims of the asked type, each with the test that it does not pass. Whatever goes wrong here has gone wrong in the
/// evaluation already; it runs on fuel of its own, so that a trace changes no decision.
fn near(condition: &Condition, matches: &Matches, claims: &ClaimSet<'_>) -> Vec<Near> {
    let Some(name) = condition.claim_type() else { return Vec::new() };
    let fuel = &mut Fuel::full();
    let Ok(right) = right_hand(condition, matches, claims, fuel) else { return Vec::new() };
    let mut near = Vec::new();
    for (number, claim) in claims.iter().enumerate().filter(|(_, claim)| claim.name == name) {
        let mut tests = condition.tests.iter().zip(&right);
        let failed = tests.find(|(test, right)| !matches!(holding(claim, test, right, claims, fuel), Ok(Some(_))));
        near.extend(failed.map(|(test, _)| Near { claim: number, test: test.span }));
        if near.len() >= MAX_NEAR {
            break;
        }
    }
    near
}

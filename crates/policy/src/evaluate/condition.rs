//! Which claims a condition matches.

use super::claim_set::{ClaimSet, Matches};
use super::member::{Member, compare};
use super::values;
use crate::claims::{Claim, Value};
use crate::fuel::{Fuel, OutOfFuel, comparison};
use crate::refusal::Fault;
use crate::tree::{ClaimMember, Condition, OperandKind, Test};

/// What a test compares with.
pub(super) enum RightHand<'a> {
    Literal(&'a Value),
    /// That member of each of these claims.
    Members(&'a [usize], ClaimMember),
    /// What a function gave.
    Values(Vec<Value>),
}

/// The numbers of all claims that pass all tests of the condition.
pub(super) fn matches(
    condition: &Condition,
    before: &Matches,
    claims: &ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Vec<usize>, Fault> {
    fuel.allocate(2)?;
    let right = right_hand(condition, before, claims, fuel)?;
    let mut matched = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        let mut passes = true;
        for (test, right) in condition.tests.iter().zip(&right) {
            if holding(claim, test, right, claims, fuel)?.is_none() {
                passes = false;
                break;
            }
        }
        if passes {
            fuel.spend(1)?;
            matched.push(number);
        }
    }
    Ok(matched)
}

/// What the tests of a condition compare with, evaluated once for all claims.
pub(super) fn right_hand<'a>(
    condition: &'a Condition,
    before: &'a Matches,
    claims: &ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Vec<RightHand<'a>>, Fault> {
    let of = |test: &'a Test| match &test.operand.kind {
        OperandKind::Literal(literal) => Ok(RightHand::Literal(literal)),
        OperandKind::Member(condition, member) => {
            let numbers = before.get(*condition).map(Vec::as_slice).unwrap_or_default();
            Ok(RightHand::Members(numbers, *member))
        }
        OperandKind::Call(_) => values::of(&test.operand, before, claims, fuel).map(RightHand::Values),
    };
    condition.tests.iter().map(of).collect()
}

/// The value with which the claim passes the test: any of the right hand's.
///
/// Inlined by force: it is all that the inner loop does, and the trace, its second caller, would otherwise make it a call, which
/// costs a decision without a trace a fifth.
#[inline(always)]
pub(super) fn holding<'a>(
    claim: &Claim,
    test: &Test,
    right: &'a RightHand<'_>,
    claims: &'a ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Option<Member<'a>>, OutOfFuel> {
    if !matches!(right, RightHand::Literal(_)) {
        // The set can be empty, and the claim is looked at all the same.
        fuel.spend(1)?;
    }
    let left = Member::of(claim, test.member);
    let mut passes = |right: Member<'a>| {
        fuel.spend(comparison(left.bytes().min(right.bytes())).saturating_add(1))?;
        Ok(compare(left, test.operator, right).then_some(right))
    };
    match right {
        RightHand::Literal(literal) => passes(Member::value(literal)),
        RightHand::Members(numbers, member) => {
            for other in claims.of(numbers) {
                if let Some(found) = passes(Member::of(other, *member))? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        }
        RightHand::Values(values) => {
            for value in values {
                if let Some(found) = passes(Member::value(value))? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        }
    }
}

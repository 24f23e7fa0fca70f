//! The values that an operand stands for.

use super::claim_set::{ClaimSet, Matches};
use super::functions;
use super::member::Member;
use crate::claims::Value;
use crate::fuel::Fuel;
use crate::limits::MAX_CLAIM_BYTES;
use crate::refusal::Fault;
use crate::tree::{Operand, OperandKind};

/// Every value: one of a literal, one for each claim of an identifier, those that a function gives.
pub(super) fn of(
    operand: &Operand,
    matches: &Matches,
    claims: &ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Vec<Value>, Fault> {
    match &operand.kind {
        OperandKind::Literal(literal) => {
            fuel.allocate(1)?;
            fuel.copy(literal.bytes())?;
            Ok(vec![literal.clone()])
        }
        OperandKind::Member(condition, member) => {
            let numbers = matches.get(*condition).map(Vec::as_slice).unwrap_or_default();
            fuel.allocate(1)?;
            let mut values = Vec::with_capacity(numbers.len());
            for claim in claims.of(numbers) {
                fuel.copy(Member::of(claim, *member).bytes())?;
                values.push(member.of(claim));
            }
            Ok(values)
        }
        OperandKind::Call(call) => {
            fuel.allocate(2)?;
            let mut arguments = Vec::with_capacity(call.arguments.len());
            // From left to right, each before the call.
            for argument in &call.arguments {
                arguments.push(of(argument, matches, claims, fuel)?);
            }
            let values = functions::call(call.function, call.query.as_ref(), &arguments, fuel)?;
            let bytes = values.iter().map(Value::bytes).fold(0, usize::saturating_add);
            if bytes > MAX_CLAIM_BYTES { Err(Fault::TooManyBytes) } else { Ok(values) }
        }
    }
}

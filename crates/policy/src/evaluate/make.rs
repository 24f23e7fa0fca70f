//! The claims that an action makes.

use super::claim_set::{ClaimSet, Matches};
use super::one::{one_text, one_text_with_content};
use super::values;
use crate::claims::{Claim, Issuer, Value, ValueType};
use crate::fuel::Fuel;
use crate::refusal::Fault;
use crate::tree::{Make, New};

pub(super) fn claims(
    new: &New,
    matches: &Matches,
    claims: &ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Vec<Claim>, Fault> {
    let make = match new {
        New::Copy(condition) => return copies(*condition, matches, claims, fuel),
        New::Make(make) => make,
    };
    let name = values::of(&make.name, matches, claims, fuel)?;
    let name = one_text_with_content(&name, "type")?;
    let values = values::of(&make.value, matches, claims, fuel)?;
    fuel.spend(values.len())?;
    let value_type = value_type(make, matches, claims, fuel)?;
    let issuer = issuer(make, matches, claims, fuel)?;
    let bytes = values.iter().map(|value| name.len().saturating_add(value.bytes())).fold(0, usize::saturating_add);
    claims.check_room(values.len(), bytes)?;
    fuel.allocate(1)?;
    for _ in &values {
        fuel.copy(name.len())?;
    }
    let claim = |value: Value| match value_type {
        Some(expected) if expected != value.value_type() => {
            let expected = format!("a value of the valueType {}", expected.as_str());
            Err(Fault::wrong_type("value", expected, value.value_type()))
        }
        _ => Ok(Claim { name: name.to_owned(), value, issuer }),
    };
    values.into_iter().map(claim).collect()
}

/// A copy of every claim that the condition matched, with its issuer.
fn copies(condition: usize, matches: &Matches, claims: &ClaimSet<'_>, fuel: &mut Fuel) -> Result<Vec<Claim>, Fault> {
    let numbers = matches.get(condition).map(Vec::as_slice).unwrap_or_default();
    fuel.spend(numbers.len())?;
    let bytes = claims.of(numbers).map(Claim::bytes).fold(0, usize::saturating_add);
    claims.check_room(numbers.len(), bytes)?;
    fuel.allocate(1)?;
    for claim in claims.of(numbers) {
        fuel.copy(claim.name.len())?;
        fuel.copy(claim.value.bytes())?;
    }
    Ok(claims.of(numbers).cloned().collect())
}

fn value_type(
    make: &Make,
    matches: &Matches,
    claims: &ClaimSet<'_>,
    fuel: &mut Fuel,
) -> Result<Option<ValueType>, Fault> {
    let Some(operand) = &make.value_type else { return Ok(None) };
    let values = values::of(operand, matches, claims, fuel)?;
    let name = one_text(&values, "valueType")?;
    let known = ValueType::from_name(name);
    known.map(Some).ok_or_else(|| Fault::wrong_type("valueType", "one of String, Integer, Boolean", ValueType::String))
}

fn issuer(make: &Make, matches: &Matches, claims: &ClaimSet<'_>, fuel: &mut Fuel) -> Result<Issuer, Fault> {
    let Some(operand) = &make.issuer else { return Ok(Issuer::AttestationPolicy) };
    let values = values::of(operand, matches, claims, fuel)?;
    Issuer::of_rule(one_text(&values, "issuer")?)
        .ok_or_else(|| Fault::wrong_type("issuer", "an issuer that a rule can speak as", ValueType::String))
}

//! The claims that an action makes.

use super::claim_set::{ClaimSet, Matches};
use super::one::{one_text, one_text_with_content};
use super::values;
use crate::claims::{Claim, Issuer, Value};
use crate::fuel::Fuel;
use crate::refusal::Fault;
use crate::tree::{Make, New};
use crate::vocabulary::Kind;

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
    let claim = |value: Value| match &value_type {
        Some(expected) if expected != value.type_name() => {
            Err(Fault::wrong_kind("value", format!("a value of the valueType {expected}"), Kind::of(&value)))
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

fn value_type(make: &Make, matches: &Matches, claims: &ClaimSet<'_>, fuel: &mut Fuel) -> Result<Option<String>, Fault> {
    let Some(operand) = &make.value_type else { return Ok(None) };
    let values = values::of(operand, matches, claims, fuel)?;
    let name = one_text(&values, "valueType")?;
    if matches!(name, "String" | "Integer" | "Boolean") {
        return Ok(Some(name.to_owned()));
    }
    Err(Fault::wrong_kind("valueType", "one of String, Integer, Boolean", Kind::String))
}

fn issuer(make: &Make, matches: &Matches, claims: &ClaimSet<'_>, fuel: &mut Fuel) -> Result<Issuer, Fault> {
    let Some(operand) = &make.issuer else { return Ok(Issuer::AttestationPolicy) };
    let values = values::of(operand, matches, claims, fuel)?;
    Issuer::of_rule(one_text(&values, "issuer")?)
        .ok_or_else(|| Fault::wrong_kind("issuer", "an issuer that a rule can speak as", Kind::String))
}

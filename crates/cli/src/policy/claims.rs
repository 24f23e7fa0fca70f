//! Evidence claims: written by hand, or taken from a quote.

use std::path::Path;

use ::policy::{Claim, Issuer, Value as ClaimValue};
use dcap::{Requirements, TcbStatus, TrustedRoots};
use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::failure::{self, Failure};
use crate::verify;

/// Bytes of a file of claims: more than an evaluation takes.
const MAX_FILE: u64 = 1 << 20;
/// The deepest JSON within a claim, such as an event log.
const MAX_DEPTH: usize = 64;

/// Reads claims from a file of JSON; `-` is standard input.
pub fn read(path: &Path) -> Result<Vec<Claim>, Failure> {
    let bytes = failure::read_file(path, MAX_FILE)?;
    let malformed = |message: String| {
        let help = "write {\"x-ms-sgx-svn\": 3, \"x-ms-sgx-is-debuggable\": false}, several values of a claim as an array, or \
                    a list of {\"type\", \"value\", \"issuer\"}";
        Failure::usage("claims_malformed", format!("`{}` holds no claims: {message}", path.display()), help)
    };
    let json: Value = strict_json::from_slice(&bytes, MAX_DEPTH).map_err(|error| malformed(failure::chain(&error)))?;
    match json {
        Value::Object(members) => of_members(&members).map_err(malformed),
        Value::Array(list) => list.iter().map(of_description).collect::<Result<_, _>>().map_err(malformed),
        _ => Err(malformed("they are an object, or a list".to_owned())),
    }
}

/// Every member a claim of the evidence; an array of scalars is a claim for each of them, any other JSON its text.
pub fn of_members(members: &Map<String, Value>) -> Result<Vec<Claim>, String> {
    let mut claims = Vec::new();
    for (name, value) in members {
        let claim = |value| Claim { name: name.clone(), value, issuer: Issuer::AttestationService };
        match value {
            Value::Array(all) if all.iter().all(is_scalar) => {
                for one in all {
                    claims.push(claim(scalar(one).map_err(|message| format!("`{name}`: {message}"))?));
                }
            }
            Value::Null => return Err(format!("`{name}`: null is no value of a claim; leave the claim out")),
            one => claims.push(claim(scalar(one).map_err(|message| format!("`{name}`: {message}"))?)),
        }
    }
    Ok(claims)
}

/// `{"type": …, "value": …, "issuer": …}`, as rules and traces write a claim.
fn of_description(description: &Value) -> Result<Claim, String> {
    const SHAPE: &str = "a claim in a list has type, value and, if not the service's, issuer";
    let members = description.as_object().ok_or(SHAPE)?;
    if let Some(unknown) = members.keys().find(|name| !matches!(name.as_str(), "type" | "value" | "issuer")) {
        return Err(format!("`{unknown}` is no member of a claim; {SHAPE}"));
    }
    let name = members.get("type").and_then(Value::as_str).ok_or(SHAPE)?.to_owned();
    let issuer = match members.get("issuer") {
        None => Issuer::AttestationService,
        Some(issuer) => issuer.as_str().and_then(Issuer::from_name).ok_or_else(|| {
            format!("`{name}`: the issuers are AttestationService, AttestationPolicy and CustomClaim")
        })?,
    };
    let value = scalar(members.get("value").ok_or(SHAPE)?).map_err(|message| format!("`{name}`: {message}"))?;
    Ok(Claim { name, value, issuer })
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// A scalar as itself, anything else as its JSON text.
fn scalar(value: &Value) -> Result<ClaimValue, String> {
    match value {
        Value::String(text) => Ok(ClaimValue::String(text.clone())),
        Value::Bool(truth) => Ok(ClaimValue::Boolean(*truth)),
        Value::Number(number) => {
            let integer = number.as_i64().ok_or_else(|| format!("{number} is no integer of 64 bits"))?;
            Ok(ClaimValue::Integer(integer))
        }
        other => Ok(ClaimValue::String(other.to_string())),
    }
}

/// A claim's value as JSON.
pub fn json(value: &ClaimValue) -> Value {
    match value {
        ClaimValue::String(text) => Value::from(text.as_str()),
        ClaimValue::Integer(number) => Value::from(*number),
        ClaimValue::Boolean(truth) => Value::from(*truth),
    }
}

/// The claims that a service gives of a quote. It is verified; whatever can be accepted at all is, for the policy judges.
pub fn of_quote(
    quote: &Path,
    collateral: &Path,
    pck_chain: Option<&Path>,
    roots: TrustedRoots,
    at: UnixTime,
) -> Result<Vec<Claim>, Failure> {
    let verified = verify::verified(quote, collateral, pck_chain, roots, at)?;
    let statuses = TcbStatus::ALL.into_iter().filter(|status| *status != TcbStatus::Revoked);
    let requirements = attestation::left_to_policy(Requirements::default().accept(statuses).unwrap_or_default());
    let accepted = requirements.judge(verified).map_err(|refusal| {
        Failure::verdict(refusal.reason.code(), refusal.reason.to_string(), refusal.reason.help())
    })?;
    Ok(attestation::incoming_claims(&accepted))
}

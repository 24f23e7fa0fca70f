//! Claims written as JSON: an object of names with values, or a list of claims.

use std::borrow::Cow;

use problem::Problem;
use problem::untrusted::excerpt;
use serde_json::{Map, Value as Json};

use super::{Claim, Issuer, Value};
use crate::limits::MAX_OFFENDING;

/// The JSON does not describe claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClaims {
    /// It is neither an object nor a list.
    #[error("they are an object, or a list")]
    Shape,
    /// A claim in a list lacks a member, or a member has the wrong type.
    #[error("{MEMBERS}")]
    Members,
    /// A claim in a list has an unknown member.
    #[error("`{0}` is no member of a claim; {MEMBERS}")]
    UnknownMember(String),
    /// A claim in a list has an unknown issuer.
    #[error("`{0}`: the issuers are AttestationService, AttestationPolicy and CustomClaim")]
    Issuer(String),
    /// A claim is null.
    #[error("`{0}`: null is no value of a claim; leave the claim out")]
    Null(String),
    /// A number is not a signed 64-bit integer.
    #[error("`{name}`: {number} is no integer of 64 bits")]
    Number {
        /// The name of the claim.
        name: String,
        /// The number.
        number: String,
    },
}

const MEMBERS: &str = "a claim in a list has type, value and, if not the service's, issuer";

impl Problem for InvalidClaims {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Shape => "claims_shape",
            Self::Members => "claim_members",
            Self::UnknownMember(_) => "claim_member_unknown",
            Self::Issuer(_) => "claim_issuer",
            Self::Null(_) => "claim_null",
            Self::Number { .. } => "claim_number",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        "write {\"x-ms-sgx-svn\": 3, \"x-ms-sgx-is-debuggable\": false}, several values of a claim as an array, or a list of \
         {\"type\", \"value\", \"issuer\"}"
            .into()
    }
}

/// Reads claims: an object of names with values, or a list of `{type, value, issuer}`, as rules and traces write a claim.
///
/// # Errors
/// See [`InvalidClaims`].
pub fn claims_from_json(json: &Json) -> Result<Vec<Claim>, InvalidClaims> {
    match json {
        Json::Object(members) => claims_from_members(members),
        Json::Array(list) => list.iter().map(described).collect(),
        _ => Err(InvalidClaims::Shape),
    }
}

/// Makes each member a claim of the service; an array of scalars is a claim for each of them, other JSON is its text.
pub(crate) fn claims_from_members(members: &Map<String, Json>) -> Result<Vec<Claim>, InvalidClaims> {
    let mut claims = Vec::new();
    for (name, value) in members {
        let claim = |value| Claim { name: name.clone(), value, issuer: Issuer::AttestationService };
        match value {
            Json::Array(all) if all.iter().all(is_scalar) => {
                for one in all {
                    claims.push(claim(scalar(name, one)?));
                }
            }
            Json::Null => return Err(InvalidClaims::Null(name.clone())),
            one => claims.push(claim(scalar(name, one)?)),
        }
    }
    Ok(claims)
}

fn described(description: &Json) -> Result<Claim, InvalidClaims> {
    let members = description.as_object().ok_or(InvalidClaims::Members)?;
    if let Some(unknown) = members.keys().find(|name| !matches!(name.as_str(), "type" | "value" | "issuer")) {
        return Err(InvalidClaims::UnknownMember(excerpt(unknown, MAX_OFFENDING)));
    }
    let name = members.get("type").and_then(Json::as_str).ok_or(InvalidClaims::Members)?.to_owned();
    let issuer = match members.get("issuer") {
        None => Issuer::AttestationService,
        Some(issuer) => {
            let known = issuer.as_str().and_then(Issuer::from_name);
            known.ok_or_else(|| InvalidClaims::Issuer(name.clone()))?
        }
    };
    let value = scalar(&name, members.get("value").ok_or(InvalidClaims::Members)?)?;
    Ok(Claim { name, value, issuer })
}

fn is_scalar(value: &Json) -> bool {
    matches!(value, Json::String(_) | Json::Number(_) | Json::Bool(_))
}

/// A scalar as itself, anything else as its JSON text.
fn scalar(name: &str, value: &Json) -> Result<Value, InvalidClaims> {
    match value {
        Json::String(text) => Ok(Value::String(text.clone())),
        Json::Bool(truth) => Ok(Value::Boolean(*truth)),
        Json::Number(number) => {
            let integer = number.as_i64();
            integer
                .map(Value::Integer)
                .ok_or_else(|| InvalidClaims::Number { name: name.to_owned(), number: number.to_string() })
        }
        other => Ok(Value::String(other.to_string())),
    }
}

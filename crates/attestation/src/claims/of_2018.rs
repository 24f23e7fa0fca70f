//! The members of a token of the API of 2018, under the names that it had and those before it.

use evidence::Claims;
use serde_json::{Map, Value};

use crate::base64;
use crate::policies::PolicyInForce;

/// The prefixes of that API's claims: `aas-` until the spring of 2020, `maa-` then.
const PREFIXES: [&str; 2] = ["maa-", "aas-"];

/// The members that the service speaks for itself. Of the enclave it says nothing: that is the policy's.
pub(crate) fn outgoing_of_2018(
    claims: Claims<'_>,
    policy: &PolicyInForce,
    collateral: &Map<String, Value>,
) -> Map<String, Value> {
    let runtime_data = claims.runtime_data();
    let mut members = claims.veritee();
    for prefix in PREFIXES {
        members.insert(format!("{prefix}attestationcollateral"), prefixed(collateral, prefix));
        if let Some(held) = runtime_data {
            members.insert(format!("{prefix}ehd"), base64::encode(held.bytes()).into());
        }
    }
    // The one is spelled thus in recorded tokens, the other in the documentation of its time.
    for name in ["maa-policyHash", "aas-policyhash"] {
        members.insert(name.to_owned(), policy.hash_of_2018.as_str().into());
    }
    members
}

/// The same object with that in front of each of its names.
fn prefixed(members: &Map<String, Value>, prefix: &str) -> Value {
    Value::Object(members.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())).collect())
}

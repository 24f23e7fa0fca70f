//! The claims that a policy issued, as members of a token.

mod of_2018;

use policy::{Claim, Value as ClaimValue};
use serde_json::{Map, Value, json};

pub(crate) use of_2018::outgoing_of_2018;

/// The claims that a policy issued, by name; several of one name become an array.
pub(crate) fn issued(claims: &[Claim]) -> Map<String, Value> {
    let mut members = Map::new();
    for claim in claims {
        let value = match &claim.value {
            ClaimValue::String(text) => json!(text),
            ClaimValue::Integer(number) => json!(number),
            ClaimValue::Boolean(truth) => json!(truth),
        };
        match members.get_mut(&claim.name) {
            None => drop(members.insert(claim.name.clone(), value)),
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use policy::Issuer;

    use super::*;

    #[test]
    fn several_claims_of_one_name_become_an_array() {
        let claim = |value| Claim { name: "a".to_owned(), value, issuer: Issuer::AttestationPolicy };
        let one = [claim(ClaimValue::Integer(1))];
        assert_eq!(Value::Object(issued(&one)), json!({"a": 1}));
        let three =
            [claim(ClaimValue::Integer(0)), claim(ClaimValue::String("abc".into())), claim(ClaimValue::Boolean(true))];
        assert_eq!(Value::Object(issued(&three)), json!({"a": [0, "abc", true]}));
    }
}

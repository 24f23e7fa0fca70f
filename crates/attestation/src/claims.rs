//! Accepted evidence as claims: what a policy may judge by, and what a token says.

mod of_2018;
mod sgx;
mod tdx;

use dcap::{AcceptedQuote, Report, Tee};
use policy::{Claim, Issuer, Value as ClaimValue};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use crate::base64;
use crate::request::HeldData;

/// The claims that a policy sees of accepted evidence, as an attestation gives them.
pub fn incoming_claims(accepted: &AcceptedQuote) -> Vec<Claim> {
    Evidence::of(accepted, None, None).incoming()
}

/// What all sets of claims are made of.
pub(crate) struct Evidence<'a> {
    tee: Tee,
    runtime_data: Option<&'a HeldData>,
    /// What Azure says of this kind of evidence.
    azure: Vec<(&'static str, Value)>,
    /// What Azure leaves out: how up to date the platform is, and whether it is one.
    veritee: Vec<(&'static str, Value)>,
}

impl<'a> Evidence<'a> {
    /// The time is set where the service judges as of another one than its clock's.
    pub(crate) fn of(
        accepted: &AcceptedQuote,
        runtime_data: Option<&'a HeldData>,
        dangerous_verification_time: Option<UnixTime>,
    ) -> Self {
        let (azure, veritee) = (azure_claims(accepted), veritee_claims(accepted, dangerous_verification_time));
        Self { tee: accepted.quote().tee(), runtime_data, azure, veritee }
    }

    /// The claims that a policy sees, all from the attestation service. The `$` names are those of older policies.
    pub(crate) fn incoming(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut add = |name: &str, value: ClaimValue| {
            claims.push(Claim { name: name.to_owned(), value, issuer: Issuer::AttestationService });
        };
        for (name, value) in &self.azure {
            let Some(value) = claim_value(value) else { continue };
            if let Some(alias) = self.older_name(name) {
                add(alias, value.clone());
            }
            add(name, value);
        }
        if let Some(HeldData::Json(_, object)) = self.runtime_data {
            // As text: functions of the policy language read it.
            add("x-ms-runtime", ClaimValue::String(Value::Object(object.clone()).to_string()));
        }
        for (name, value) in &self.veritee {
            match value {
                // One claim each, so that a rule can ask for any of them.
                Value::Array(all) => all.iter().filter_map(claim_value).for_each(|value| add(name, value)),
                one => claim_value(one).into_iter().for_each(|value| add(name, value)),
            }
        }
        claims
    }

    /// The members of the token that the service speaks for itself.
    pub(crate) fn outgoing(self) -> Map<String, Value> {
        let is_sgx = self.is_sgx();
        let claims = self.azure.into_iter().chain(self.veritee);
        let mut members: Map<String, Value> = claims.map(|(name, value)| (name.to_owned(), value)).collect();
        match self.runtime_data {
            None => {}
            Some(HeldData::Binary(bytes)) => {
                // The first is what clients read for every kind of evidence, the others are its names before.
                let names: &[&str] = if is_sgx { &["x-ms-sgx-ehd", "maa-ehd", "aas-ehd"] } else { &["x-ms-sgx-ehd"] };
                let echo = base64::encode(bytes);
                members.extend(names.iter().map(|name| ((*name).to_owned(), echo.as_str().into())));
            }
            Some(HeldData::Json(_, object)) => {
                members.insert("x-ms-runtime".to_owned(), Value::Object(object.clone()));
            }
        }
        members
    }

    pub(crate) fn is_sgx(&self) -> bool {
        self.tee == Tee::Sgx
    }

    fn older_name(&self, name: &str) -> Option<&'static str> {
        if self.is_sgx() { sgx::older_name(name) } else { None }
    }
}

fn azure_claims(accepted: &AcceptedQuote) -> Vec<(&'static str, Value)> {
    let tcb = accepted.quote().tcb();
    match accepted.quote().report() {
        Report::SgxEnclave(enclave) => sgx::claims(enclave),
        Report::Td10(report) => tdx::claims(report, tcb),
        Report::Td15(report) => tdx::claims(&report.base, tcb),
        Report::Td15Ex(report) => tdx::claims(&report.base.base, tcb),
    }
}

fn veritee_claims(accepted: &AcceptedQuote, dangerous_time: Option<UnixTime>) -> Vec<(&'static str, Value)> {
    let quote = accepted.quote();
    let (tcb, root) = (quote.tcb(), quote.root());
    let mut claims = vec![
        ("x-veritee-tcb-status", json!(tcb.status)),
        ("x-veritee-tcb-date", json!(tcb.date)),
        ("x-veritee-tcb-evaluation-number", json!(tcb.evaluation_data_number())),
        ("x-veritee-advisory-ids", json!(tcb.advisory_ids)),
        ("x-veritee-fmspc", json!(quote.fmspc().to_string())),
        ("x-veritee-qe-tcb-status", json!(tcb.qe_status)),
        ("x-veritee-collateral-expiry", json!(quote.validity().until)),
        ("x-veritee-simulated", json!(root.is_simulated())),
        ("x-veritee-root-kind", json!(root.kind())),
        ("x-veritee-root-sha256", json!(hex::encode(root.sha256()))),
    ];
    if let Some(at) = dangerous_time {
        claims.push(("x-veritee-dangerous-verification-time", json!(at)));
    }
    claims
}

fn claim_value(value: &Value) -> Option<ClaimValue> {
    match value {
        Value::String(text) => Some(ClaimValue::String(text.clone())),
        Value::Bool(truth) => Some(ClaimValue::Boolean(*truth)),
        Value::Number(number) => number.as_i64().map(ClaimValue::Integer),
        _ => None,
    }
}

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

//! Accepted evidence as claims: what a policy may judge by, and what a token says.

use abi::sgx::ReportBody;
use dcap::{AcceptedQuote, Report, UnixTime};
use policy::{Claim, Issuer, Value as ClaimValue};
use serde_json::{Map, Value, json};

use crate::base64;
use crate::request::HeldData;

/// The claims that a policy sees of accepted evidence, as an attestation gives them; none where it is of no SGX enclave.
pub fn incoming_claims(accepted: &AcceptedQuote) -> Option<Vec<Claim>> {
    Evidence::of(accepted, None, None).map(|evidence| evidence.incoming())
}

/// What both sets of claims are made of.
pub(crate) struct Evidence<'a> {
    pub(crate) accepted: &'a AcceptedQuote,
    pub(crate) enclave: &'a ReportBody,
    pub(crate) runtime_data: Option<&'a HeldData>,
    /// Set where the service judges as of another time than its clock's.
    pub(crate) dangerous_verification_time: Option<UnixTime>,
}

impl<'a> Evidence<'a> {
    /// Nothing where the quote is of no SGX enclave.
    pub(crate) fn of(
        accepted: &'a AcceptedQuote,
        runtime_data: Option<&'a HeldData>,
        dangerous_verification_time: Option<UnixTime>,
    ) -> Option<Self> {
        match accepted.quote().report() {
            Report::SgxEnclave(enclave) => Some(Self { accepted, enclave, runtime_data, dangerous_verification_time }),
            _ => None,
        }
    }

    /// The claims that a policy sees, all from the attestation service. The `$` names are those of older policies.
    pub(crate) fn incoming(&self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut add = |name: &str, value: ClaimValue| {
            claims.push(Claim { name: name.to_owned(), value, issuer: Issuer::AttestationService });
        };
        for (name, value) in self.sgx_claims() {
            let Some(value) = claim_value(&value) else { continue };
            if let Some(alias) = older_name(name) {
                add(alias, value.clone());
            }
            add(name, value);
        }
        for (name, value) in self.veritee_claims() {
            match &value {
                // One claim each, so that a rule can ask for any of them.
                Value::Array(all) => all.iter().filter_map(claim_value).for_each(|value| add(name, value)),
                one => claim_value(one).into_iter().for_each(|value| add(name, value)),
            }
        }
        claims
    }

    /// The members of the token that the service speaks for itself.
    pub(crate) fn outgoing(&self) -> Map<String, Value> {
        let mut members: Map<String, Value> =
            self.sgx_claims().into_iter().chain(self.veritee_claims()).map(|(n, v)| (n.to_owned(), v)).collect();
        if let Some(held) = self.runtime_data {
            match held {
                HeldData::Binary(bytes) => {
                    for name in ["x-ms-sgx-ehd", "maa-ehd", "aas-ehd"] {
                        members.insert(name.to_owned(), base64::encode(bytes).into());
                    }
                }
                HeldData::Json(_, object) => {
                    members.insert("x-ms-runtime".to_owned(), Value::Object(object.clone()));
                }
            }
        }
        members
    }

    /// What Azure says of an SGX enclave.
    fn sgx_claims(&self) -> Vec<(&'static str, Value)> {
        let enclave = self.enclave;
        let mut claims = vec![
            ("x-ms-attestation-type", json!("sgx")),
            ("x-ms-sgx-is-debuggable", json!(enclave.attributes.is_debug())),
            ("x-ms-sgx-mrenclave", json!(hex::encode(enclave.mr_enclave))),
            ("x-ms-sgx-mrsigner", json!(hex::encode(enclave.mr_signer))),
            ("x-ms-sgx-product-id", json!(enclave.isv_prod_id.get())),
            ("x-ms-sgx-report-data", json!(hex::encode(enclave.report_data))),
            ("x-ms-sgx-svn", json!(enclave.isv_svn.get())),
        ];
        if enclave.attributes.is_kss() {
            claims.extend([
                ("x-ms-sgx-config-id", json!(hex::encode(enclave.config_id))),
                ("x-ms-sgx-config-svn", json!(enclave.config_svn.get())),
                ("x-ms-sgx-isv-extended-product-id", json!(hex::encode(enclave.isv_ext_prod_id))),
                ("x-ms-sgx-isv-family-id", json!(hex::encode(enclave.isv_family_id))),
            ]);
        }
        claims
    }

    /// What Azure leaves out: how up to date the platform is, and whether it is one.
    fn veritee_claims(&self) -> Vec<(&'static str, Value)> {
        let quote = self.accepted.quote();
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
        if let Some(at) = self.dangerous_verification_time {
            claims.push(("x-veritee-dangerous-verification-time", json!(at)));
        }
        claims
    }
}

fn older_name(name: &str) -> Option<&'static str> {
    match name {
        "x-ms-sgx-is-debuggable" => Some("$is-debuggable"),
        "x-ms-sgx-product-id" => Some("$product-id"),
        "x-ms-sgx-mrsigner" => Some("$sgx-mrsigner"),
        "x-ms-sgx-mrenclave" => Some("$sgx-mrenclave"),
        "x-ms-sgx-svn" => Some("$svn"),
        "x-ms-attestation-type" => Some("$tee"),
        _ => None,
    }
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

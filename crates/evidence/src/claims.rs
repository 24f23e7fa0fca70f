//! The claims of an appraisal: what a policy may judge by, and what a token says.

mod sgx;
mod tdx;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dcap::{Report, Tcb, VerifiedQuote};
use policy::{Claim, Issuer, Value as ClaimValue};
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use crate::appraisal::{Appraisal, Details};
use crate::held_data::{BoundData, HeldData};

/// The claims of an appraisal, from which policies, tokens and explanations take theirs.
#[derive(Clone, Debug)]
pub struct Claims<'a> {
    is_sgx: bool,
    runtime_data: Option<&'a HeldData>,
    /// What Azure says of this kind of evidence.
    azure: Vec<(&'static str, Value)>,
    /// What Azure leaves out: how up to date the platform is, and whether it is one.
    veritee: Vec<(&'static str, Value)>,
}

impl<'a> Claims<'a> {
    /// Takes the claims of an appraisal, and of the runtime data that its evidence commits to.
    pub fn of(appraisal: &Appraisal, runtime_data: Option<BoundData<'a>>) -> Self {
        let Details::Quote(quote) = appraisal.details();
        let veritee = veritee_claims(quote, appraisal.dangerous_verification_time());
        let runtime_data = runtime_data.map(|bound| bound.data());
        Self { is_sgx: appraisal.kind().is_sgx(), runtime_data, azure: azure_claims(quote), veritee }
    }

    /// Returns the claims that a policy sees, all from the attestation service. The `$` names are those of older policies.
    pub fn incoming(&self) -> Vec<Claim> {
        // Some have an older name too.
        let mut claims = Vec::with_capacity(self.azure.len().saturating_mul(2).saturating_add(self.veritee.len()));
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
        if let Some(object) = self.runtime_data.and_then(HeldData::object) {
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

    /// Returns the members of a token that come from the evidence itself.
    pub fn outgoing(self) -> Map<String, Value> {
        let is_sgx = self.is_sgx;
        let claims = self.azure.into_iter().chain(self.veritee);
        let mut members: Map<String, Value> = claims.map(|(name, value)| (name.to_owned(), value)).collect();
        match self.runtime_data.map(|data| (data, data.object())) {
            None => {}
            Some((data, None)) => {
                // The first is what clients read for every kind of evidence, the others are its names before.
                let names: &[&str] = if is_sgx { &["x-ms-sgx-ehd", "maa-ehd", "aas-ehd"] } else { &["x-ms-sgx-ehd"] };
                let echo = URL_SAFE_NO_PAD.encode(data.bytes());
                members.extend(names.iter().map(|name| ((*name).to_owned(), echo.as_str().into())));
            }
            Some((_, Some(object))) => {
                members.insert("x-ms-runtime".to_owned(), Value::Object(object.clone()));
            }
        }
        members
    }

    /// Returns Veritee's own claims as members of a token.
    pub fn veritee(self) -> Map<String, Value> {
        self.veritee.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the runtime data.
    pub const fn runtime_data(&self) -> Option<&'a HeldData> {
        self.runtime_data
    }

    fn older_name(&self, name: &str) -> Option<&'static str> {
        if self.is_sgx { sgx::older_name(name) } else { None }
    }
}

fn azure_claims(quote: &VerifiedQuote) -> Vec<(&'static str, Value)> {
    let tcb: &Tcb = quote.tcb();
    match quote.report() {
        Report::SgxEnclave(enclave) => sgx::claims(enclave),
        Report::Td10(report) => tdx::claims(report, tcb),
        Report::Td15(report) => tdx::claims(&report.base, tcb),
        Report::Td15Ex(report) => tdx::claims(&report.base.base, tcb),
    }
}

fn veritee_claims(quote: &VerifiedQuote, dangerous_time: Option<UnixTime>) -> Vec<(&'static str, Value)> {
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

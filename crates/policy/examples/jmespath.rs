//! Puts JMESPath queries to documents as a policy does: for comparison with other implementations (interop/jmespath).
//!
//! Reads one JSON object a line, `{"document": "<JSON text>", "expression": "<query>"}`, and answers each with a line:
//! `{"result": "<JSON text>"}`, or `{"refused": "read"}` for a query that cannot be read and `{"refused": "evaluate"}` for one
//! that ends in an error, with a `message`.

use std::error::Error;
use std::io::{self, BufRead, Write};

use policy::{Claim, Fault, Issuer, Policy, Refusal, Value, Vocabulary};
use serde::Deserialize;
use serde_json::json;

const POLICY: &str = r#"version=1.2;
authorizationrules { => permit(); };
issuancerules {
    d:[type=="document"] && q:[type=="expression"] => issue(type="result", value=JmesPath(d.value, q.value));
};"#;

#[derive(Deserialize)]
struct Case {
    document: String,
    expression: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::parse(POLICY)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        writeln!(output, "{}", answer(&policy, case))?;
    }
    Ok(output.flush()?)
}

fn answer(policy: &Policy, case: Case) -> serde_json::Value {
    let claim = |name: &str, text| Claim {
        name: name.to_owned(),
        value: Value::String(text),
        issuer: Issuer::AttestationService,
    };
    let claims = [claim("document", case.document), claim("expression", case.expression)];
    let refused = |when, message: String| json!({"refused": when, "message": message});
    match policy.decide(&claims, &Vocabulary::empty()) {
        Ok(permit) => match permit.issued.as_slice() {
            [Claim { value: Value::String(text), .. }] => json!({ "result": text }),
            other => refused("policy", format!("{other:?}")),
        },
        Err(Refusal::Evaluation(error)) => match error.fault {
            Fault::QuerySyntax { message } => refused("read", message),
            Fault::Query(failure) => refused("evaluate", failure.to_string()),
            // A document that is no JSON, or a bound: no generated case should reach one.
            other => refused("bound", other.to_string()),
        },
        Err(refusal) => refused("policy", refusal.to_string()),
    }
}

//! What programs read: the members of every report, and errors whose chain says each thing once.

use policy::test::{InvalidTestFile, PolicySource, Runner, TestFile};
use policy::{Policy, claims_from_json, examine};
use problem::{Problem, chain};
use serde_json::{Value, json};

use crate::{FREE, parse};

const POLICY: &str = "version=1.2;authorizationrules{[type==\"a\"]=>permit();[type==\"b\"]=>deny();};issuancerules{c:[type==\"a\"]=>issue(type=\"n\",value=NegateBool(c.value));};";

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn an_examination_has_these_members() {
    let json = serde_json::to_value(examine("version=1.0; authorizationrules{ => permit() };", &FREE)).unwrap();
    assert_eq!(members(&json), ["diagnostics", "errors", "rules", "version", "warnings"]);
    assert_eq!((&json["version"], &json["rules"], &json["errors"]), (&Value::Null, &Value::Null, &json!(1)));
    let expected = ["code", "column", "end", "help", "line", "message", "offending", "severity", "start"];
    assert_eq!(members(&json["diagnostics"][0]), expected);
    assert_eq!(json["diagnostics"][0]["severity"], "error");
    let json = serde_json::to_value(examine(POLICY, &FREE)).unwrap();
    assert_eq!((&json["version"], &json["rules"]), (&json!("1.2"), &json!(3)));
}

#[test]
fn an_explanation_has_these_members() {
    let explain = |claims: Value| {
        let claims = claims_from_json(&claims).unwrap();
        serde_json::to_value(parse(POLICY).explain_fully(&claims, &FREE)).unwrap()
    };
    let json = explain(json!({"a": true}));
    let expected = [
        "claims",
        "configurationClaims",
        "decidingRule",
        "decision",
        "incomingClaims",
        "issued",
        "message",
        "properties",
        "rules",
        "withheld",
    ];
    assert_eq!(members(&json), expected);
    assert_eq!(
        (&json["decision"], &json["message"], &json["incomingClaims"]),
        (&json!("permit"), &Value::Null, &json!(1))
    );
    assert_eq!(json["issued"], json!([{"type": "n", "value": false, "issuer": "AttestationPolicy"}]));
    assert_eq!(members(&json["properties"]), ["configuration", "issuance"]);
    assert_eq!(explain(json!({"b": 1}))["decision"], "deny");
    assert_eq!(explain(json!({}))["decision"], "no-permit");
    let failed = explain(json!({"a": "text"}));
    assert_eq!(failed["decision"], "error");
    let message = failed["message"].as_str().unwrap();
    assert!(message.starts_with("rule at line 1, column ") && message.matches("NegateBool").count() == 1, "{message}");
}

#[test]
fn a_run_of_tests_has_these_members() {
    let cases = "[[case]]\nname = \"permitted\"\nclaims = { a = true }\ndecision = \"permit\"\n\
                 [[case]]\nname = \"denied\"\nclaims = { b = 1 }\ndecision = \"permit\"\n";
    let file = TestFile::parse(&format!("policy = \"a.policy\"\ntype = \"Tpm\"\n{cases}")).unwrap();
    assert_eq!((file.policy(), file.policy_type()), (&PolicySource::File("a.policy".to_owned()), Some("Tpm")));
    let run = || {
        let mut runner = Runner::default();
        runner.run("tests", &file, "a.policy", &parse(POLICY), &FREE);
        runner
    };
    let json = serde_json::to_value(run().report_with_coverage()).unwrap();
    assert_eq!(members(&json), ["cases", "coverage", "failed", "passed"]);
    assert_eq!((&json["passed"], &json["failed"]), (&json!(1), &json!(1)));
    assert_eq!(members(&json["cases"][1]), ["differences", "file", "name", "passed"]);
    let expected = json!([{
        "what": "decision",
        "expected": ["permit"],
        "found": ["deny (by rule 2 of authorizationrules, line 1)"],
    }]);
    assert_eq!(json["cases"][1]["differences"], expected);
    let rule = &json["coverage"][0]["rules"][0];
    assert_eq!(rule, &json!({"section": "authorizationrules", "number": 1, "line": 1, "evaluated": 2, "fired": 1}));
    assert_eq!(serde_json::to_value(run().report()).unwrap()["coverage"], Value::Null);
}

#[test]
fn a_chain_says_each_thing_once() {
    let error = TestFile::parse("policy=\"a\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\nclaims={a=1.5}").unwrap_err();
    assert!(matches!(error, InvalidTestFile::Case { .. }));
    assert_eq!(chain(&error), "case `x`: `a`: 1.5 is no integer of 64 bits");
    let refusal = parse(POLICY).decide(&claims_from_json(&json!({"a": 1})).unwrap(), &FREE).unwrap_err();
    let text = chain(&refusal);
    assert!(text.starts_with("rule at line 1, column ") && text.contains(": NegateBool"), "{text}");
    assert_eq!(text.matches("NegateBool").count(), 1, "{text}");
    assert!(!refusal.code().is_empty() && !refusal.help().is_empty());
    let mistakes = Policy::parse("version=1.0;").and(Policy::parse("")).unwrap_err();
    assert_eq!(mistakes.code(), "policy_malformed");
    assert!(!mistakes.help().is_empty());
}

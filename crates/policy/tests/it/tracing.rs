//! How a decision came about.

use policy::{Explanation, Outcome, Permit, Refusal, Section};

use crate::{FREE, claim, enclave, parse, position};

const POLICY: &str = r#"version=1.2;
authorizationrules {
    [type=="x-ms-sgx-svn", value>=5] => permit();
    c:[type=="x-ms-sgx-svn"] && ![type=="blocked"] => add(type="seen", value=c.value);
    [type=="seen", value==3] => deny();
};
issuancerules {
    => issue(type="never", value=1);
};
"#;

fn explain(text: &str) -> Explanation {
    parse(text).explain(&enclave(), &FREE)
}

#[test]
fn a_denial_names_the_rule_its_claim_and_its_source() {
    let explanation = explain(POLICY);
    assert_eq!(explanation.outcome, Err(Refusal::Denied { at: position(5, 5) }));
    let rule = explanation.deciding_rule().unwrap();
    assert_eq!((rule.section, rule.number, rule.action), (Section::Authorization, 3, "deny"));
    let seen = explanation.claims.iter().position(|claim| claim.name == "seen").unwrap();
    assert_eq!(rule.conditions[0].matched, [seen]);
    let text = explanation.text(&parse(POLICY));
    let expected = r#"denied by rule 3 of authorizationrules, line 5

authorizationrules
  rule 1, line 3: did not fire
       3 | [type=="x-ms-sgx-svn", value>=5] => permit()
      condition 1 does not hold: no claim matches
        x-ms-sgx-svn = 3 (AttestationService) does not pass value>=5
  rule 2, line 4: fired: add
       4 | c:[type=="x-ms-sgx-svn"] && ![type=="blocked"] => add(type="seen", value=c.value)
      condition 1 holds: matched x-ms-sgx-svn = 3 (AttestationService)
      condition 2 holds: no claim matches
      added seen = 3 (AttestationPolicy)
  rule 3, line 5: fired: deny
       5 | [type=="seen", value==3] => deny()
      condition 1 holds: matched seen = 3 (AttestationPolicy)
"#;
    assert_eq!(text, expected);
}

#[test]
fn claims_are_numbered_evidence_first() {
    let explanation = explain(POLICY);
    assert_eq!(explanation.incoming, enclave().len());
    assert_eq!(explanation.claims.len(), enclave().len() + 1);
    let Outcome::Fired { made } = &explanation.rules[1].outcome else { panic!("rule 2 fires") };
    assert_eq!(*made, [enclave().len()]);
}

#[test]
fn what_nearly_matched_is_told_with_the_test_it_did_not_pass() {
    let near = &explain(POLICY).rules[0].conditions[0].near;
    assert_eq!(near.len(), 1);
    assert_eq!(near[0].test.of(POLICY), "value>=5");
    // No more than a few, and none where the type itself is missing.
    let many: Vec<_> = (0..50).map(|number| claim("a", number)).collect();
    let text = "version=1.0;authorizationrules{[type==\"a\",value==99]=>permit();[type==\"b\"]=>permit();};";
    let explanation = parse(text).explain(&many, &FREE);
    assert_eq!(explanation.rules[0].conditions[0].near.len(), 8);
    assert_eq!(explanation.rules[1].conditions[0].near, []);
}

#[test]
fn permits_are_explained_and_say_what_was_issued() {
    let text = "version=1.0;\nauthorizationrules{=>permit();};\nissuancerules{\nc:[type==\"x-ms-sgx-svn\"]=>issue(type=\"svn\",value=c.value);\n=>issueproperty(type=\"minutes\",value=5);};";
    let explanation = explain(text);
    assert!(matches!(&explanation.outcome, Ok(Permit { issued, .. }) if issued.len() == 1));
    let told = explanation.text(&parse(text));
    for words in [
        "permitted by rule 1 of authorizationrules, line 2",
        "issued svn = 3 (AttestationPolicy)",
        "set property minutes = 5",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn configuration_is_explained_as_it_is_configured() {
    let text = "version=1.2;configurationrules{\n=>issueproperty(type=\"x-ms-sgx-tcbidentifier\",value=\"15\");\n[type==\"x\"]=>issueproperty(type=\"y\",value=1);};";
    let explanation = parse(text).explain_configuration(&FREE);
    assert_eq!(explanation.outcome.as_ref().unwrap().properties, parse(text).configure(&FREE).unwrap());
    assert_eq!(explanation.rules.iter().map(|rule| rule.has_fired()).collect::<Vec<_>>(), [true, false]);
    let told = explanation.rules_text(&parse(text));
    assert!(told.starts_with("\nconfigurationrules\n  rule 1, line 2: fired: issueproperty"), "{told}");
    assert!(told.contains("set property x-ms-sgx-tcbidentifier = \"15\""), "{told}");
}

#[test]
fn errors_name_their_rule() {
    let text =
        "version=1.2;\nauthorizationrules{\n=>permit();};issuancerules{\n=>issue(type=\"a\",value=NegateBool(1));};";
    let explanation = explain(text);
    let rule = explanation.deciding_rule().unwrap();
    assert!(matches!(&rule.outcome, Outcome::Failed { fault } if fault.contains("NegateBool")));
    let told = explanation.text(&parse(text));
    assert!(
        told.starts_with("refused: rule 1 of issuancerules, line 4 ended in an error: NegateBool's argument"),
        "{told}"
    );
}

#[test]
fn without_a_permit_no_rule_decides() {
    let text = "version=1.0;authorizationrules{[type==\"a\"]=>permit();};";
    let explanation = explain(text);
    assert_eq!(explanation.outcome, Err(Refusal::NoPermit));
    assert_eq!(explanation.deciding_rule(), None);
    assert!(explanation.text(&parse(text)).starts_with("not permitted: no rule of authorizationrules"));
}

#[test]
fn a_trace_is_data() {
    let json = serde_json::to_value(&explain(POLICY).rules).unwrap();
    assert_eq!(json[2]["section"], "authorizationrules");
    assert_eq!((json[2]["line"].as_u64(), json[2]["column"].as_u64()), (Some(5), Some(5)));
    assert_eq!((json[2]["outcome"].as_str(), json[0]["outcome"].as_str()), (Some("fired"), Some("not-fired")));
    assert_eq!(json[1]["made"][0], 6);
    assert_eq!(json[0]["conditions"][0]["near"][0]["claim"], 4);
}

#[test]
fn foreign_text_does_not_reach_a_terminal_as_it_is() {
    let claims = [claim("a\u{1b}[31m", "\u{202e}x"), claim("b", "\u{7}")];
    let text = "version=1.0;authorizationrules{c:[issuer==\"AttestationService\", type!=\"\u{1b}z\"]=>deny();};";
    let told = parse(text).explain(&claims, &FREE).text(&parse(text));
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{told}");
}

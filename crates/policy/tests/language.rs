//! The language: what a policy means.

use policy::{Claim, EvaluationError, Issuer, OwnedNames, Permit, Policy, Refusal, Value, Version};

const FREE: OwnedNames = OwnedNames::new(&[], &[]);

fn claim(name: &str, value: impl Into<Text>) -> Claim {
    Claim { name: name.to_owned(), value: value.into().0, issuer: Issuer::AttestationService }
}

/// Literals of tests as values.
struct Text(Value);
impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Value::String(text.to_owned()))
    }
}
impl From<i64> for Text {
    fn from(number: i64) -> Self {
        Self(Value::Integer(number))
    }
}
impl From<bool> for Text {
    fn from(truth: bool) -> Self {
        Self(Value::Boolean(truth))
    }
}

fn enclave() -> Vec<Claim> {
    vec![
        claim("x-ms-sgx-is-debuggable", false),
        claim("x-ms-sgx-mrsigner", "aa"),
        claim("x-ms-sgx-mrenclave", "bb"),
        claim("x-ms-sgx-product-id", 1),
        claim("x-ms-sgx-svn", 3),
        claim("x-ms-attestation-type", "sgx"),
    ]
}

fn decide(text: &str, claims: &[Claim]) -> Result<Permit, Refusal> {
    Policy::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}")).decide(claims, &FREE)
}

fn authorize(rules: &str, claims: &[Claim]) -> Result<Permit, Refusal> {
    decide(&format!("version=1.0; authorizationrules {{ {rules} }}; issuancerules {{}};"), claims)
}

/// The claims that the rules issue, as name and value.
fn issue(rules: &str, claims: &[Claim]) -> Vec<(String, Value)> {
    let text = format!("version=1.0; authorizationrules {{ => permit(); }}; issuancerules {{ {rules} }};");
    decide(&text, claims).unwrap().issued.into_iter().map(|claim| (claim.name, claim.value)).collect()
}

fn named(name: &str, value: impl Into<Text>) -> (String, Value) {
    (name.to_owned(), value.into().0)
}

#[test]
fn the_default_policy_issues_the_six_claims_with_their_types() {
    let copies = [
        ("x-ms-sgx-is-debuggable", "is-debuggable"),
        ("x-ms-sgx-mrsigner", "sgx-mrsigner"),
        ("x-ms-sgx-mrenclave", "sgx-mrenclave"),
        ("x-ms-sgx-product-id", "product-id"),
        ("x-ms-sgx-svn", "svn"),
        ("x-ms-attestation-type", "tee"),
    ];
    let rules: String = copies
        .iter()
        .map(|(from, to)| format!("c:[type==\"{from}\"] => issue(type=\"{to}\", value=c.value);"))
        .collect();
    let expected = [
        named("is-debuggable", false),
        named("sgx-mrsigner", "aa"),
        named("sgx-mrenclave", "bb"),
        named("product-id", 1),
        named("svn", 3),
        named("tee", "sgx"),
    ];
    assert_eq!(issue(&rules, &enclave()), expected);
}

#[test]
fn older_policies_use_dollar_names() {
    let claims = [claim("$is-debuggable", true), claim("$svn", 2)];
    let text = "version= 1.0;authorizationrules{c:[type==\"$is-debuggable\"] => permit();};\
                issuancerules{c:[type==\"$svn\"] => issue(type=\"svn\", value=c.value);};";
    assert_eq!(decide(text, &claims).unwrap().issued[0].value, Value::Integer(2));
}

#[test]
fn nothing_is_permitted_without_a_permit() {
    assert_eq!(authorize("", &enclave()), Err(Refusal::NoPermit));
    assert_eq!(decide("version=1.0;", &enclave()), Err(Refusal::NoPermit));
    assert_eq!(
        Refusal::NoPermit.to_string(),
        "No Permit claim was issued in the authorizationrules section, authorization failed."
    );
}

#[test]
fn a_deny_wins_before_and_after_a_permit() {
    for rules in ["=> permit();\n=> deny();", "=> deny();\n=> permit();"] {
        let refusal = authorize(rules, &enclave()).unwrap_err();
        assert!(matches!(refusal, Refusal::Denied { .. }));
        assert_eq!(refusal.to_string(), "A Deny claim was issued, authorization failed.");
    }
    assert!(matches!(authorize("\n  => deny();", &[]), Err(Refusal::Denied { line: 2, column: 3 })));
}

#[test]
fn every_condition_of_a_rule_has_to_match() {
    let rule = |svn| {
        format!(
            "[type==\"x-ms-sgx-is-debuggable\", value==false] && [type==\"x-ms-sgx-svn\", value>={svn}] => permit();"
        )
    };
    assert!(authorize(&rule(3), &enclave()).is_ok());
    assert_eq!(authorize(&rule(4), &enclave()), Err(Refusal::NoPermit));
}

#[test]
fn every_operator_compares_as_it_says_and_kinds_that_differ_never_match() {
    let table = [
        ("value==3", true),
        ("value==2", false),
        ("value!=2", true),
        ("value!=3", false),
        ("value<4", true),
        ("value<3", false),
        ("value<=3", true),
        ("value<=2", false),
        ("value>2", true),
        ("value>3", false),
        ("value>=3", true),
        ("value>=4", false),
        ("value>-1", true),
        ("value==\"3\"", false),
        ("value!=\"3\"", false),
        ("value==true", false),
        ("value!=true", false),
        ("valueType==\"Integer\"", true),
        ("valueType!=\"Integer\"", false),
        ("issuer==\"AttestationService\"", true),
        ("issuer==\"AttestationPolicy\"", false),
        ("type!=\"other\"", true),
    ];
    for (test, expected) in table {
        let matched = authorize(&format!("[{test}] => permit();"), &[claim("svn", 3)]).is_ok();
        assert_eq!(matched, expected, "{test}");
    }
}

#[test]
fn a_condition_without_a_type_looks_at_every_claim() {
    assert!(
        authorize("c:[type==\"x-ms-sgx-is-debuggable\"] && [value==true] => deny(); => permit();", &enclave()).is_ok()
    );
}

#[test]
fn an_identifier_names_the_whole_set_that_its_condition_matched() {
    let claims = [claim("a", 0), claim("a", "abc"), claim("a", true)];
    let issued = issue("c:[type==\"a\"] => issue(type=\"b\", value=c.value);", &claims);
    assert_eq!(issued, [named("b", 0), named("b", "abc"), named("b", true)]);
    let copied = issue("c:[type==\"a\", value==0] => issue(claim=c);", &claims);
    assert_eq!(copied, [named("a", 0)]);
}

#[test]
fn a_condition_can_be_joined_with_an_earlier_one_by_any_match() {
    let claims = [claim("allowed", 1), claim("allowed", 3), claim("svn", 3), claim("other", 7)];
    let rule = |name| format!("a:[type==\"allowed\"] && [type==\"{name}\", value==a.value] => permit();");
    assert!(authorize(&rule("svn"), &claims).is_ok());
    assert!(authorize(&rule("other"), &claims).is_err());
}

#[test]
fn added_claims_are_seen_by_later_rules_in_both_sections_and_not_issued() {
    let text = "version=1.0; authorizationrules {
        [type==\"svn\"] => add(type=\"known\", value=true);
        [type==\"known\", issuer==\"AttestationPolicy\"] => permit();
    }; issuancerules {
        c:[type==\"known\"] => add(type=\"seen\", value=c.value);
        c:[type==\"seen\"] => issue(type=\"out\", value=c.value);
    };";
    let permit = decide(text, &[claim("svn", 1)]).unwrap();
    assert_eq!(permit.issued.len(), 1);
    assert_eq!((permit.issued[0].name.as_str(), permit.issued[0].issuer), ("out", Issuer::AttestationPolicy));
}

#[test]
fn issued_claims_are_seen_by_later_rules() {
    let rules = "=> issue(type=\"a\", value=1); c:[type==\"a\"] => issue(type=\"b\", value=c.value);";
    assert_eq!(issue(rules, &[]), [named("a", 1), named("b", 1)]);
}

#[test]
fn configuration_gives_properties_before_any_claim_exists() {
    let text = "version=1.1; configurationrules {
        => issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"azuredefault\");
        [type==\"x\"] => issueproperty(type=\"never\", value=1);
    }; authorizationrules { => permit(); };";
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.version(), Version::V1_1);
    let properties = policy.configure().unwrap();
    assert_eq!(properties.value("x-ms-sgx-tcbidentifier"), Some(&Value::String("azuredefault".into())));
    assert_eq!(properties.iter().count(), 1);
}

#[test]
fn issuance_can_set_properties_which_later_rules_see_and_the_token_does_not() {
    let text = "version=1.0;authorizationrules{=>permit();};
        issuancerules{=>issueproperty(type=\"p\",value=5);[type==\"p\"]=>issue(type=\"seen\",value=true);};";
    let permit = decide(text, &[]).unwrap();
    assert_eq!(permit.issued.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["seen"]);
    assert_eq!(permit.properties.value("p"), Some(&Value::Integer(5)));
}

#[test]
fn issuer_and_value_type_can_be_given_and_have_to_fit() {
    let issued = issue("=> issue(type=\"a\", value=1, valueType=\"Integer\", issuer=\"CustomClaim\");", &[]);
    assert_eq!(issued, [named("a", 1)]);
    let text =
        "version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type=\"a\",value=1,valueType=\"String\");};";
    assert!(matches!(decide(text, &[]), Err(Refusal::Evaluation(EvaluationError::WrongKind { .. }))));
}

#[test]
fn a_rule_cannot_speak_as_the_service() {
    let text = "version=1.0;authorizationrules{=> add(type=\"a\", value=1, issuer=\"AttestationService\");};";
    assert!(Policy::parse(text).is_err());
    let rules = "c:[type==\"x-ms-sgx-svn\"] => add(type=\"a\", value=1, issuer=c.issuer);";
    assert!(matches!(authorize(rules, &enclave()), Err(Refusal::Evaluation(EvaluationError::WrongKind { .. }))));
}

#[test]
fn the_first_argument_is_the_type_also_without_its_name() {
    assert_eq!(issue("=> issue(\"a\", value=true);", &[]), [named("a", true)]);
    let second = "version=1.0;authorizationrules{=> add(value=1, \"a\");};";
    assert!(Policy::parse(second).is_err());
}

#[test]
fn several_values_where_one_is_needed_are_an_error() {
    let text =
        "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"a\"] => issue(type=c.value, value=1);};";
    let claims = [claim("a", "x"), claim("a", "y")];
    assert!(matches!(decide(text, &claims), Err(Refusal::Evaluation(EvaluationError::NotOneValue { count: 2, .. }))));
    assert!(decide(text, &claims[..1]).is_ok());
    let numbered = [claim("a", 7)];
    assert!(matches!(decide(text, &numbered), Err(Refusal::Evaluation(EvaluationError::WrongKind { .. }))));
}

#[test]
fn an_owned_name_is_refused_when_its_rule_is_read_and_when_a_copy_would_issue_it() {
    let owned = OwnedNames::new(&["iss"], &["x-ms-sgx-"]);
    let plain = "version=1.0;authorizationrules{=>permit();};issuancerules{\n=> issue(type=\"ISS\", value=\"me\");};";
    let errors = Policy::parse(plain).unwrap().check_owned(&owned).unwrap_err();
    assert_eq!(errors.iter().map(|e| (e.line, e.column)).collect::<Vec<_>>(), [(2, 1)]);
    let copy =
        "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"x-ms-sgx-svn\"] => issue(claim=c);};";
    let policy = Policy::parse(copy).unwrap();
    assert!(policy.check_owned(&owned).is_err());
    let hidden = "version=1.0;authorizationrules{=>permit();};issuancerules{c:[value==3] => issue(claim=c);};";
    assert!(Policy::parse(hidden).unwrap().check_owned(&owned).is_ok());
    let refusal = Policy::parse(hidden).unwrap().decide(&enclave(), &owned).unwrap_err();
    assert!(matches!(refusal, Refusal::Evaluation(EvaluationError::OwnedName { .. })));
    let refusal = policy.decide(&enclave(), &owned).unwrap_err();
    assert!(matches!(refusal, Refusal::Evaluation(EvaluationError::OwnedName { .. })));
    // Adding is no issuing: the token does not show it.
    let add = "version=1.0;authorizationrules{=>add(type=\"iss\",value=1);=>permit();};";
    assert!(Policy::parse(add).unwrap().decide(&[], &owned).is_ok());
}

#[test]
fn doubling_rules_end_in_an_error() {
    let rules = "c:[type==\"a\"] => add(claim=c);".repeat(40);
    assert_eq!(authorize(&rules, &[claim("a", 1)]), Err(Refusal::Evaluation(EvaluationError::TooManyClaims)));
}

#[test]
fn bytes_of_claims_are_bounded() {
    let big = "x".repeat(3000);
    let rules = "c:[type==\"a\"] => add(type=\"b\", value=c.value);".repeat(500);
    assert_eq!(authorize(&rules, &[claim("a", big.as_str())]), Err(Refusal::Evaluation(EvaluationError::TooManyBytes)));
}

#[test]
fn joins_run_on_fuel() {
    let claims: Vec<Claim> = (0..900).map(|number| claim("a", number)).collect();
    let rules = "a:[type==\"a\"] && b:[type==\"a\", value<a.value] && [value==-1] => permit();".repeat(20);
    assert_eq!(authorize(&rules, &claims), Err(Refusal::Evaluation(EvaluationError::OutOfFuel)));
}

#[test]
fn long_texts_cost_their_length() {
    let long = "x".repeat(16 << 10);
    let claims: Vec<Claim> = (0..15).map(|number| claim("a", format!("{long}{number}").as_str())).collect();
    let rules = "a:[type==\"a\"] && b:[type==\"a\", value==\"z\"] => deny();".to_owned()
        + &"a:[type==\"a\"] && [type==\"a\", value!=a.value] && [type==\"none\"] => permit();".repeat(600);
    assert_eq!(authorize(&rules, &claims), Err(Refusal::Evaluation(EvaluationError::OutOfFuel)));
}

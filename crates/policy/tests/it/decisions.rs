//! Where Microsoft's documentation is silent: a test for each row of the table in docs/policy-language.md.

use policy::{Claim, Fault, Issuer, OwnedNames, Policy, Refusal, Value, Vocabulary};

use crate::{FREE, authorize, claim, decide, fault_of, issue, issuing, named, owning, parse};

#[test]
fn every_row_of_the_table_is_a_test_and_every_test_a_row() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy-language.md")).unwrap();
    let table = page.split("## What the documentation leaves open").nth(1).unwrap().split("\n## ").next().unwrap();
    let named = |line: &str| line.trim_end().strip_suffix("` |")?.rsplit_once('`').map(|(_, name)| name.to_owned());
    let mut rows: Vec<String> = table.lines().filter_map(named).collect();
    let mut tests: Vec<&str> =
        include_str!("decisions.rs").split("#[test]\nfn ").skip(2).filter_map(|test| test.split("()").next()).collect();
    rows.sort();
    tests.sort_unstable();
    assert_eq!(rows, tests);
}

fn codes(text: &str) -> Vec<&'static str> {
    Policy::parse(text).map_or_else(|errors| errors.iter().map(|error| error.code).collect(), |_| Vec::new())
}

fn authorizing(rules: &str) -> String {
    format!("version=1.2;authorizationrules{{{rules}}};")
}

#[test]
fn duplicates_are_kept_in_order() {
    let rules = "=> issue(type=\"a\", value=2); => issue(type=\"a\", value=1); => issue(type=\"a\", value=1);";
    assert_eq!(issue(rules, &[]), [named("a", 2), named("a", 1), named("a", 1)]);
}

#[test]
fn several_values_for_one_are_an_error() {
    let text = issuing("c:[type==\"a\"] => issue(type=\"b\", value=AppendString(c.value, \"\"));");
    let claims = [claim("a", "x"), claim("a", "y")];
    assert!(matches!(fault_of(decide(&text, &claims)), Fault::NotOneValue { count: 2, .. }));
    assert!(decide(&text, &claims[..1]).is_ok());
}

#[test]
fn no_value_for_one_is_an_error() {
    let text = issuing("=> issue(type=\"b\", value=NegateBool(JsonToClaimValue(\"null\")));");
    assert!(matches!(fault_of(decide(&text, &[])), Fault::NotOneValue { count: 0, .. }));
}

#[test]
fn kinds_that_differ_never_match() {
    for test in ["value==\"1\"", "value!=\"1\"", "value==true", "value!=true"] {
        assert_eq!(authorize(&format!("[type==\"a\", {test}] => permit();"), &[claim("a", 1)]), Err(Refusal::NoPermit));
    }
}

#[test]
fn only_integers_have_an_order() {
    assert_eq!(codes(&authorizing("[type==\"a\", value>\"1\"] => permit();")), ["no-order"]);
    let joined = "c:[type==\"a\"] && [type==\"b\", value>=c.value] => permit();";
    assert_eq!(authorize(joined, &[claim("a", "1"), claim("b", "2")]), Err(Refusal::NoPermit));
    assert!(authorize(joined, &[claim("a", 1), claim("b", 2)]).is_ok());
}

#[test]
fn types_are_exact_and_keywords_are_not() {
    assert_eq!(authorize("[type==\"SVN\"] => permit();", &[claim("svn", 1)]), Err(Refusal::NoPermit));
    assert_eq!(authorize("[type==\"a\", value==\"X\"] => permit();", &[claim("a", "x")]), Err(Refusal::NoPermit));
    assert_eq!(codes(&authorizing("[Type==\"a\"] => permit();")), ["member-unknown"]);
    assert_eq!(codes(&authorizing("c:[type==\"a\"] => add(claim=C);")), ["identifier-unknown"]);
    let text = "Version=1.2;AuthorizationRules{[type==\"a\",value==NEGATEBOOL(FALSE)]=>Permit();};";
    assert!(decide(text, &[claim("a", true)]).is_ok());
}

#[test]
fn a_deny_anywhere_wins() {
    for rules in ["=> permit(); => deny();", "=> deny(); => permit();"] {
        assert!(matches!(authorize(rules, &[]), Err(Refusal::Denied { .. })));
    }
}

#[test]
fn an_error_while_issuing_refuses() {
    let text = issuing("=> issue(type=\"a\", value=NegateBool(1));");
    assert!(matches!(decide(&text, &[]), Err(Refusal::Evaluation(_))));
}

#[test]
fn the_wrong_equals_is_refused() {
    assert_eq!(codes(&authorizing("[type=\"a\"] => permit();")), ["single-equals"]);
    assert_eq!(codes(&authorizing("=> add(type==\"a\", value=1);")), ["double-equals"]);
}

#[test]
fn a_missing_semicolon_is_refused_after_rules_alone() {
    assert_eq!(codes("version=1.0;authorizationrules{=>permit();}issuancerules{}"), [""; 0]);
    assert_eq!(codes(&authorizing("=> permit()")), ["semicolon-missing"]);
    assert_eq!(codes("version=1.0 authorizationrules{=>permit();};"), ["semicolon-missing"]);
}

#[test]
fn jmes_path_keeps_the_quotes_of_a_text() {
    let value = "JmesPath(\"{\\\"foo\\\": \\\"bar\\\"}\", \"foo\")";
    assert_eq!(issue(&format!("=> issue(type=\"a\", value={value});"), &[]), [named("a", "\"bar\"")]);
    // So that a text of digits stays a text.
    let back = "=> issue(type=\"a\", value=JsonToClaimValue(JmesPath(\"[\\\"1\\\"]\", \"[0]\")));";
    assert_eq!(issue(back, &[]), [named("a", "1")]);
}

#[test]
fn a_bare_word_becomes_a_text() {
    let rule = "c:[type==\"a\"] => issue(type=\"b\", value=JsonToClaimValue(c.value));";
    for word in ["abc", "_x", "a-b.c1"] {
        assert_eq!(issue(rule, &[claim("a", word)]), [named("b", word)]);
    }
    for (word, value) in [("true", Value::Boolean(true)), ("1", Value::Integer(1))] {
        assert_eq!(issue(rule, &[claim("a", word)]), [("b".to_owned(), value)]);
    }
    for text in ["a b", "1a", "-a", ".a", "é"] {
        assert!(matches!(fault_of(decide(&issuing(rule), &[claim("a", text)])), Fault::Json { .. }), "{text}");
    }
}

#[test]
fn null_in_an_array_makes_no_value() {
    let rule = "=> issue(type=\"a\", value=JsonToClaimValue(\"[1, null, 2]\"));";
    assert_eq!(issue(rule, &[]), [named("a", 1), named("a", 2)]);
}

#[test]
fn numbers_that_no_claim_can_have_are_errors() {
    for number in ["1.5", "1.0", "1e3", "9223372036854775808"] {
        let text = issuing(&format!("=> issue(type=\"a\", value=JsonToClaimValue(\"{number}\"));"));
        assert!(matches!(fault_of(decide(&text, &[])), Fault::NoClaimValue { .. }), "{number}");
    }
}

#[test]
fn json_with_a_member_twice_is_an_error() {
    let text = issuing("c:[type==\"a\"] => issue(type=\"b\", value=JmesPath(c.value, \"x\"));");
    assert!(matches!(fault_of(decide(&text, &[claim("a", r#"{"x":1,"x":2}"#)])), Fault::Json { .. }));
}

#[test]
fn the_empty_set_is_a_subset_and_contains_no_only_value() {
    let rules = "=> issue(type=\"a\", value=IsSubsetOf(JsonToClaimValue(\"[]\"), 1));
        => issue(type=\"b\", value=ContainsOnlyValue(JsonToClaimValue(\"[]\"), 1));
        => issue(type=\"c\", value=IsSubsetOf(1, JsonToClaimValue(\"[]\")));";
    assert_eq!(issue(rules, &[]), [named("a", true), named("b", false), named("c", false)]);
}

#[test]
fn a_negated_condition_has_no_claims() {
    assert_eq!(codes(&authorizing("!c:[type==\"a\"] => permit();")), [""; 0]);
    assert_eq!(codes(&authorizing("!c:[type==\"a\"] => add(claim=c);")), ["identifier-negated"]);
}

#[test]
fn a_join_does_not_narrow_the_set_before() {
    let rule = "a:[type==\"a\"] && [type==\"b\", value==a.value] => issue(claim=a);";
    let claims = [claim("a", 1), claim("a", 2), claim("b", 2)];
    assert_eq!(issue(rule, &claims), [named("a", 1), named("a", 2)]);
}

#[test]
fn an_identifier_is_used_after_its_condition() {
    let forward = "[type==\"a\", value==c.value] && c:[type==\"b\"] => permit();";
    assert_eq!(codes(&authorizing(forward)), ["identifier-unknown"]);
}

#[test]
fn rules_do_not_speak_as_the_service() {
    let plain = "=> add(type=\"a\", value=1, issuer=\"AttestationService\");";
    assert_eq!(codes(&authorizing(plain)), ["argument-value"]);
    let text = issuing("c:[type==\"a\"] => issue(claim=c); => issue(type=\"b\", value=1);");
    let custom = Claim { issuer: Issuer::CustomClaim, ..claim("a", 1) };
    let issued = decide(&text, &[custom]).unwrap().issued;
    let issuers: Vec<_> = issued.iter().map(|claim| claim.issuer).collect();
    assert_eq!(issuers, [Issuer::CustomClaim, Issuer::AttestationPolicy]);
}

#[test]
fn what_is_derived_from_events_may_be_issued() {
    let vocabulary = Vocabulary { read_only: &["events"], ..FREE.clone() };
    let claims = [claim("events", "{\"x\": true}")];
    let derived = "c:[type==\"events\"] => issue(type=\"x\", value=JsonToClaimValue(JmesPath(c.value, \"x\")));";
    assert!(parse(&issuing(derived)).decide(&claims, &vocabulary).is_ok());
    let copied = parse(&issuing("c:[type==\"events\"] => issue(claim=c);"));
    assert!(matches!(fault_of(copied.decide(&claims, &vocabulary)), Fault::ReadOnly { .. }));
}

#[test]
fn a_property_that_nothing_heeds_is_refused() {
    let text = issuing("=> issueproperty(type=\"other\", value=1);");
    assert!(parse(&text).lint(&FREE).errors().is_err());
    assert!(matches!(fault_of(decide(&text, &[])), Fault::UnknownProperty { .. }));
    let text = issuing("=> issueproperty(type=\"minutes\", value=61);");
    assert!(matches!(fault_of(decide(&text, &[])), Fault::PropertyValue { .. }));
    for value in ["0", "-1", "9223372036854775807", "\"5\"", "true"] {
        let text = issuing(&format!("=> issueproperty(type=\"minutes\", value={value});"));
        let said = fault_of(decide(&text, &[])).to_string();
        let expected = format!("sets the property `minutes` to {value}; it must be an integer from 1 to 60");
        assert_eq!(said, expected);
    }
    // One of another section is none of this.
    let text = issuing("=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"15\");");
    assert!(matches!(fault_of(decide(&text, &[])), Fault::UnknownProperty { .. }));
}

#[test]
fn a_property_is_seen_by_later_rules() {
    let rules = "=> issueproperty(type=\"minutes\", value=5); [type==\"minutes\"] => issue(type=\"seen\", value=true);";
    assert_eq!(issue(rules, &[]), [named("seen", true)]);
}

#[test]
fn configuration_sees_no_evidence() {
    let text = |condition: &str| {
        format!(
            "version=1.2;configurationrules{{{condition}=>issueproperty(type=\"x-ms-sgx-tcbidentifier\",value=\"9\");}};"
        )
    };
    let number = |condition: &str| {
        let properties = parse(&text(condition)).configure(&FREE).unwrap();
        properties.value("x-ms-sgx-tcbidentifier").cloned()
    };
    assert_eq!(number("[type==\"svn\"]"), Some(Value::String("azuredefault".into())));
    assert_eq!(number("![type==\"svn\"]"), Some(Value::String("9".into())));
    let set = "=>issueproperty(type=\"x-ms-sgx-tcbidentifier\",value=\"8\");[type==\"x-ms-sgx-tcbidentifier\"]";
    assert_eq!(number(set), Some(Value::String("9".into())), "what a rule before has set is there");
}

#[test]
fn two_escapes_are_known() {
    assert_eq!(issue("=> issue(type=\"a\", value=\"\\\"\\\\\");", &[]), [named("a", "\"\\")]);
    for escape in ["\\n", "\\t", "\\/", "\\u0041"] {
        assert_eq!(codes(&authorizing(&format!("[type==\"{escape}\"] => permit();"))), ["unknown-escape"], "{escape}");
    }
}

#[test]
fn owned_names_cannot_be_issued() {
    let vocabulary = owning(&["iss"], &[]);
    let text = issuing("=> issue(type=AppendString(\"i\", \"SS\"), value=1);");
    let fault = fault_of(parse(&text).decide(&[], &vocabulary));
    assert_eq!(fault, Fault::OwnedName { name: "iSS".into() });
}

#[test]
fn the_last_rule_that_sets_a_property_holds() {
    let rules =
        "=> issueproperty(type=\"minutes\", value=5); [type==\"a\"] => issueproperty(type=\"minutes\", value=30);";
    let minutes = |claims: &[Claim]| decide(&issuing(rules), claims).unwrap().properties.value("minutes").cloned();
    assert_eq!(minutes(&[]), Some(Value::Integer(5)));
    assert_eq!(minutes(&[claim("a", 1)]), Some(Value::Integer(30)));
    let both = issuing("c:[type==\"a\"] => issueproperty(type=\"minutes\", value=c.value);");
    assert!(matches!(fault_of(decide(&both, &[claim("a", 1), claim("a", 2)])), Fault::NotOneValue { count: 2, .. }));
}

#[test]
fn older_names_of_owned_claims_are_withheld() {
    let owned = OwnedNames::new(&[], &["aas-"]).withholding(&["aas-ehd"]);
    let vocabulary = Vocabulary { owned, ..Vocabulary::empty() };
    let text = issuing("=> issue(type=\"aas-ehd\", value=1); [type==\"aas-ehd\"] => issue(type=\"seen\", value=true);");
    let issued = parse(&text).decide(&[], &vocabulary).unwrap().issued;
    assert_eq!(issued.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["seen"]);
}

#[test]
fn members_of_objects_come_by_name() {
    let text = |query: &str| {
        let rule = format!("c:[type==\"a\"] => issue(type=\"b\", value=JmesPath(c.value, \"{query}\"));");
        decide(&issuing(&rule), &[claim("a", "{\"z\":1,\"a\":2}")]).unwrap().issued[0].value.clone()
    };
    assert_eq!(text("@"), Value::String("{\"a\":2,\"z\":1}".into()));
    assert_eq!(text("*|[0]"), Value::String("2".into()));
}

#[test]
fn minus_zero_is_zero() {
    let rule = "c:[type==\"a\"] => issue(type=\"b\", value=JsonToClaimValue(c.value));";
    for zero in ["-0", "0", "-0.0"] {
        let permit = decide(&issuing(rule), &[claim("a", zero)]).unwrap();
        assert_eq!(permit.issued[0].value, Value::Integer(0), "{zero}");
    }
}

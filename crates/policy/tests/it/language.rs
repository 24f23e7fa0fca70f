//! Versions 1.0 and 1.1: what a policy means.

use policy::{Domain, Fault, Issuer, OwnedNames, Policy, Refusal, Section, Value, Version, Vocabulary};

use crate::{FREE, authorize, claim, decide, enclave, fault_of, issue, issuing, named, owning, parse, position};

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
    assert!(matches!(authorize("\n  => deny();", &[]), Err(Refusal::Denied { at }) if at == position(2, 3)));
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
        => issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"15\");
        [type==\"x\"] => issueproperty(type=\"never\", value=1);
    }; authorizationrules { => permit(); };";
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.version(), Version::V1_1);
    let properties = policy.configure(&FREE).unwrap();
    assert_eq!(properties.value("x-ms-sgx-tcbidentifier"), Some(&Value::String("15".into())));
    assert_eq!(properties.iter().count(), 1);
}

#[test]
fn a_property_that_no_rule_sets_has_its_default() {
    let policy = parse("version=1.0;authorizationrules{=>permit();};");
    let configured = policy.configure(&FREE).unwrap();
    assert_eq!(configured.iter().count(), 1);
    assert_eq!(configured.value("x-ms-sgx-tcbidentifier"), Some(&Value::String("azuredefault".into())));
    let properties = policy.decide(&[], &FREE).unwrap().properties;
    assert_eq!(properties.value("minutes"), Some(&Value::Integer(10)));
    // One without a default is there only where a rule sets it.
    assert_eq!((properties.value("seconds"), properties.iter().count()), (None, 1));
    let set = decide(&issuing("=> issueproperty(type=\"seconds\", value=7);"), &[]).unwrap().properties;
    assert_eq!(set.value("seconds"), Some(&Value::Integer(7)));
}

#[test]
fn a_property_has_a_domain() {
    let word = Domain::WordOrNumber("azuredefault");
    for text in ["azuredefault", "0", "15", "4294967295"] {
        assert!(word.has(&Value::String(text.into())), "{text}");
    }
    for text in ["", "AzureDefault", "+5", "-5", "4294967296", "99999999999", "1.0", "x"] {
        assert!(!word.has(&Value::String(text.into())), "{text}");
    }
    assert!(!word.has(&Value::Integer(15)));
    let range = Domain::Integer(1, 3);
    assert_eq!([0, 1, 3, 4].map(|number| range.has(&Value::Integer(number))), [false, true, true, false]);
    assert!(Domain::Boolean.has(&Value::Boolean(false)) && !Domain::Boolean.has(&Value::Integer(0)));
}

#[test]
fn rules_are_listed_in_the_order_of_evaluation() {
    let text = "version=1.1;issuancerules{=>issue(type=\"a\",value=1);};configurationrules{};authorizationrules{=>permit();\n=>deny();};";
    let rules: Vec<_> = parse(text).rule_spans().map(|(section, span)| (section, span.of(text))).collect();
    let expected = [
        (Section::Authorization, "=>permit()"),
        (Section::Authorization, "=>deny()"),
        (Section::Issuance, "=>issue(type=\"a\",value=1)"),
    ];
    assert_eq!(rules, expected);
}

#[test]
fn issuance_can_set_properties_which_later_rules_see_and_the_token_does_not() {
    let text = "version=1.0;authorizationrules{=>permit();};
        issuancerules{=>issueproperty(type=\"minutes\",value=5);[type==\"minutes\"]=>issue(type=\"seen\",value=true);};";
    let permit = decide(text, &[]).unwrap();
    assert_eq!(permit.issued.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["seen"]);
    assert_eq!(permit.properties.value("minutes"), Some(&Value::Integer(5)));
}

#[test]
fn issuer_and_value_type_can_be_given_and_have_to_fit() {
    let issued = issue("=> issue(type=\"a\", value=1, valueType=\"Integer\", issuer=\"CustomClaim\");", &[]);
    assert_eq!(issued, [named("a", 1)]);
    let text =
        "version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type=\"a\",value=1,valueType=\"String\");};";
    assert!(matches!(fault_of(decide(text, &[])), Fault::WrongType { .. }));
}

#[test]
fn a_rule_cannot_speak_as_the_service() {
    let text = "version=1.0;authorizationrules{=> add(type=\"a\", value=1, issuer=\"AttestationService\");};";
    assert!(Policy::parse(text).is_err());
    let rules = "c:[type==\"x-ms-sgx-svn\"] => add(type=\"a\", value=1, issuer=c.issuer);";
    assert!(matches!(fault_of(authorize(rules, &enclave())), Fault::WrongType { .. }));
}

#[test]
fn the_first_argument_is_the_type_also_without_its_name() {
    assert_eq!(issue("=> issue(\"a\", value=true);", &[]), [named("a", true)]);
    let claims = [claim("x", "made")];
    assert_eq!(issue("c:[type==\"x\"] => issue(c.value, value=1);", &claims), [named("made", 1)]);
    assert_eq!(issue("=> issue(AppendString(\"a\", \"b\"), value=1);", &[]), [named("ab", 1)]);
    let second = "version=1.0;authorizationrules{=> add(value=1, \"a\");};";
    assert!(Policy::parse(second).is_err());
}

#[test]
fn several_values_where_one_is_needed_are_an_error() {
    let text =
        "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"a\"] => issue(type=c.value, value=1);};";
    let claims = [claim("a", "x"), claim("a", "y")];
    assert!(matches!(fault_of(decide(text, &claims)), Fault::NotOneValue { count: 2, .. }));
    assert!(decide(text, &claims[..1]).is_ok());
    let numbered = [claim("a", 7)];
    assert!(matches!(fault_of(decide(text, &numbered)), Fault::WrongType { .. }));
}

#[test]
fn an_owned_name_is_refused_when_its_rule_is_read_and_when_a_copy_would_issue_it() {
    let owned = owning(&["iss"], &["x-ms-sgx-"]);
    let errors = |text: &str| {
        let errors = parse(text).lint(&owned).errors().err();
        errors.map(|errors| errors.iter().map(|error| (error.code, error.at)).collect::<Vec<_>>()).unwrap_or_default()
    };
    let plain = "version=1.0;authorizationrules{=>permit();};issuancerules{\n=> issue(type=\"ISS\", value=\"me\");};";
    assert_eq!(errors(plain), [("owned-name", position(2, 4))]);
    let copy = issuing("c:[type==\"x-ms-sgx-svn\"] => issue(claim=c);");
    assert_eq!(errors(&copy).len(), 1);
    let hidden = issuing("c:[value==3] => issue(claim=c);");
    assert_eq!(errors(&hidden), []);
    for text in [hidden, copy] {
        let fault = fault_of(parse(&text).decide(&enclave(), &owned));
        assert_eq!(fault, Fault::OwnedName { name: "x-ms-sgx-svn".into() });
    }
    // Adding is no issuing: the token does not show it.
    let add = "version=1.0;authorizationrules{=>add(type=\"iss\",value=1);=>permit();};";
    assert!(parse(add).decide(&[], &owned).is_ok());
}

#[test]
fn a_withheld_name_is_issued_without_a_fault_and_no_permit_has_it() {
    let owned = OwnedNames::new(&["iss"], &["aas-"]).withholding(&["aas-ehd"]);
    let vocabulary = Vocabulary { owned, ..Vocabulary::empty() };
    for rule in [
        "=> issue(type=\"aas-ehd\", value=\"mine\");",
        "=> issue(type=\"AAS-Ehd\", value=\"mine\");",
        "=> issue(type=AppendString(\"aas-\", \"ehd\"), value=\"mine\");",
        "=> add(type=\"aas-ehd\", value=\"mine\"); c:[value==\"mine\"] => issue(claim=c);",
        "c:[type==\"held\"] => issue(type=c.value, value=\"mine\");",
    ] {
        let rules = format!("{rule} c:[value==\"mine\"] => issue(type=\"copy\", value=\"seen\");");
        let explanation = parse(&issuing(&rules)).explain(&[claim("held", "aas-ehd")], &vocabulary);
        let permit = explanation.outcome.as_ref().unwrap_or_else(|refusal| panic!("{rule}: {refusal}"));
        // Later rules see it, as they see what is added.
        assert_eq!(permit.issued.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["copy"], "{rule}");
        let withheld: Vec<_> = explanation.withheld.iter().map(|number| &explanation.claims[*number]).collect();
        assert_eq!(withheld.len(), 1, "{rule}");
        assert!(withheld[0].name.eq_ignore_ascii_case("aas-ehd"), "{rule}");
        assert!(explanation.text(&parse(&issuing(&rules))).contains("withheld from the token: "), "{rule}");
    }
    // Its neighbours are refused as ever.
    let text = issuing("=> issue(type=AppendString(\"aas-ehd\", \"x\"), value=1);");
    assert_eq!(fault_of(parse(&text).decide(&[], &vocabulary)), Fault::OwnedName { name: "aas-ehdx".into() });
}

#[test]
fn a_claim_that_is_there_to_be_read_is_not_copied_into_the_token() {
    let vocabulary = Vocabulary { read_only: &["events"], ..Vocabulary::empty() };
    let claims = [claim("events", "{}")];
    let copy = issuing("c:[type==\"events\"] => issue(claim=c);");
    assert_eq!(fault_of(parse(&copy).decide(&claims, &vocabulary)), Fault::ReadOnly { name: "events".into() });
    let linted = parse(&copy).lint(&vocabulary);
    assert!(linted.iter().any(|found| found.code == "read-only-claim"), "{linted}");
    // Under another name, and from another issuer, it is.
    let renamed = issuing("c:[type==\"events\"] => issue(type=\"output\", value=c.value);");
    assert!(parse(&renamed).decide(&claims, &vocabulary).is_ok());
    let own = issuing(
        "=> add(type=\"events\", value=1); c:[type==\"events\", issuer==\"AttestationPolicy\"] => issue(claim=c);",
    );
    assert!(parse(&own).decide(&[], &vocabulary).is_ok());
    assert_eq!(parse(&own).lint(&vocabulary).errors(), Ok(()));
}

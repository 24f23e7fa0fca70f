//! What is hardly meant.

use std::sync::LazyLock;

use policy::{
    Domain, Form, KnownClaim, KnownProperty, OwnedNames, Section, Severity, Value, ValueType, Vocabulary, lint,
};

static KNOWN: LazyLock<Vocabulary> = LazyLock::new(|| {
    let claim = |name, value_type, form| KnownClaim { name, value_type, form };
    Vocabulary {
        evidence: Some("Test"),
        claims: vec![
            claim("svn", ValueType::Integer, Form::Any),
            claim("debug", ValueType::Boolean, Form::Any),
            claim("name", ValueType::String, Form::Any),
            claim("signer", ValueType::String, Form::Hex(4)),
            claim("status", ValueType::String, Form::Words(&["Good", "Bad"])),
            claim("$svn", ValueType::Integer, Form::Any),
            claim("events", ValueType::String, Form::Any),
        ],
        renamed: &[("$svn", "svn"), ("is-svn", "svn")],
        has_custom_claims: false,
        read_only: &["events"],
        properties: vec![
            KnownProperty {
                name: "mask",
                section: Section::Configuration,
                domain: Domain::Integer(0, 255),
                default: Some(Value::Integer(7)),
            },
            KnownProperty {
                name: "omit",
                section: Section::Issuance,
                domain: Domain::Boolean,
                default: Some(Value::Boolean(false)),
            },
            KnownProperty {
                name: "minutes",
                section: Section::Issuance,
                domain: Domain::Integer(1, 60),
                default: None,
            },
        ],
        owned: OwnedNames::new(&["iss"], &[]).withholding(&["old"]),
    }
});

/// Code, line and column of everything found in authorization rules, besides a permit.
fn found(rules: &str) -> Vec<(&'static str, usize, usize)> {
    let text = format!("version=1.2;\nauthorizationrules{{\n{rules}\n[type==\"svn\"] => permit();}};");
    let found = lint(&text, &KNOWN);
    found.iter().map(|found| (found.code, found.at.line, found.at.column)).collect()
}

fn assert_help(rules: &str, code: &str, help: &str) {
    let text = format!("version=1.2;\nauthorizationrules{{\n{rules}\n[type==\"svn\"] => permit();}};");
    let all = lint(&text, &KNOWN);
    let found = all.iter().find(|found| found.code == code).unwrap_or_else(|| panic!("{rules}: {all}"));
    assert!(found.help.contains(help), "{rules}: {found}");
}

#[test]
fn contradictions_never_match() {
    for tests in [
        "value==1, value==2",
        "value==1, value!=1",
        "value!=1, value==1",
        "value>5, value<3",
        "value<3, value>=3",
        "value<=2, value>2",
        "value==1, value>1",
        "value>=3, value==\"a\"",
        "value==true, value==1",
        "value!=\"a\", value<3",
        "value==1, valueType==\"String\"",
        "valueType==\"Boolean\", value==\"a\"",
        "issuer==\"CustomClaim\", issuer==\"AttestationPolicy\"",
        "issuer==\"CustomClaim\", issuer!=\"CustomClaim\"",
        "valueType==\"Boolean\", valueType==\"String\"",
        "type==\"other\"",
        "value<-9223372036854775807, value<-9223372036854775808, value!=0, value>0",
    ] {
        assert_eq!(found(&format!("[type==\"svn\", {tests}] => deny();"))[0].0, "never-matches", "{tests}");
    }
}

#[test]
fn contradictions_are_found_whatever_the_claim() {
    for tests in ["value>=3, value==\"a\"", "value==true, value!=1", "value!=\"a\", value<3", "value==1, value==2"] {
        assert_eq!(
            found(&format!("[{tests}] => deny();")),
            [("never-matches", 3, tests.find(", ").unwrap() + 4)],
            "{tests}"
        );
    }
    // Kinds exclude each other even where neither is asked to be equal.
    assert_eq!(found("[value!=1, value!=\"a\"] => deny();").len(), 1);
}

#[test]
fn what_can_match_is_left_alone() {
    for tests in [
        "value>2, value<4",
        "value>=3, value<=3",
        "value!=1, value!=2",
        "value!=1, value>0",
        "value==1, valueType==\"Integer\"",
        "value==1, valueType!=\"String\"",
        "value==1, value>=1",
        "type!=\"other\"",
    ] {
        assert_eq!(found(&format!("[type==\"svn\", {tests}] => deny();")), [], "{tests}");
    }
}

#[test]
fn claims_are_compared_with_what_they_can_be() {
    assert_help("[type==\"svn\", value==\"3\"] => deny();", "never-matches", "write 3 without quotes");
    assert_help("[type==\"debug\", value==\"true\"] => deny();", "never-matches", "write true without quotes");
    assert_help("[type==\"svn\", value==\"three\"] => deny();", "never-matches", "and String never equals it");
    assert_help("[type==\"debug\", value==\"yes\"] => deny();", "never-matches", "and String never equals it");
    assert_help("[type==\"name\", value==3] => deny();", "never-matches", "write \"3\"");
    assert_help(
        "[type==\"signer\", value==3] => deny();",
        "never-matches",
        "has the type String, and Integer never equals it",
    );
    assert_help("[type==\"signer\", value==\"ABCD\"] => deny();", "never-matches", "4 digits of lowercase hex");
    assert_help("[type==\"signer\", value==\"abc\"] => deny();", "never-matches", "4 digits");
    assert_help("[type==\"status\", value==\"good\"] => deny();", "never-matches", "one of \"Good\", \"Bad\"");
    assert_help(
        "[type==\"debug\", value==JmesPath(\"1\", \"@\")] => deny();",
        "never-matches",
        "has the type Boolean, and String never equals it",
    );
    assert_help("c:[type==\"svn\"] && [type==\"name\", value>c.value] => deny();", "never-matches", "has no order");
    for fine in [
        "[type==\"signer\", value==\"ab0f\"] => deny();",
        "[type==\"signer\", value!=\"other\"] => deny();",
        "[type==\"status\", value==\"Bad\"] => deny();",
        "[type==\"svn\", value==JsonToClaimValue(\"1\")] => deny();",
        "[type==\"svn\", value>=JsonToClaimValue(\"1\")] => deny();",
        "[type==\"debug\", value==NegateBool(true)] => deny();",
        "[type==\"name\", issuer==\"AttestationService\", valueType==\"String\"] => deny();",
        "c:[type==\"svn\"] && [type==\"svn\", value>c.value] => deny();",
        // A rule makes one of another kind.
        "=> add(type=\"svn\", value=\"3\"); [type==\"svn\", value==\"3\"] => deny();",
    ] {
        assert_eq!(found(fine), [], "{fine}");
    }
}

#[test]
fn a_negated_condition_that_never_matches_always_holds() {
    let text = "version=1.2;authorizationrules{![type==\"svn\", value==\"3\"] => permit();};";
    assert!(lint(text, &KNOWN).to_string().contains("condition that always holds"));
    let text = "version=1.2;authorizationrules{![type==\"nothing\"] => permit();};";
    assert!(lint(text, &KNOWN).to_string().contains("the condition always holds"));
}

#[test]
fn claims_that_nothing_has_are_told() {
    assert_help("[type==\"sv\"] => deny();", "claim-unknown", "did you mean \"svn\"?");
    assert_help("[type==\"is-svn\"] => deny();", "claim-unknown", "its name is \"svn\"");
    assert_help("[type==\"entirely-different\"] => deny();", "claim-unknown", "make it with add");
    let later = "[type==\"later\"] => deny(); => add(type=\"later\", value=1);";
    assert_help(later, "claim-unknown", "put it before");
    let issuer = "[type==\"svn\", issuer==\"AttestationPolicy\"] => deny();";
    assert_help(issuer, "claim-unknown", "leave the issuer out");
    // The rule itself makes it: that helps none of its conditions.
    let itself = "![type==\"itself\"] => add(type=\"itself\", value=1);";
    assert_help(itself, "claim-unknown", "ask for a claim that there is");
    let other = "[type==\"wanted\"] => deny(); => add(type=\"other\", value=1);";
    assert_help(other, "claim-unknown", "ask for a claim that there is");
    assert_eq!(found("[type==\"sv\"] => deny();"), [("claim-unknown", 3, 2)]);
    assert_eq!(found("[value==1, type==\"sv\"] => deny();"), [("claim-unknown", 3, 12)]);
}

#[test]
fn claims_that_rules_or_clients_make_are_known() {
    for fine in [
        "=> add(type=\"made\", value=1); [type==\"made\", issuer==\"AttestationPolicy\"] => deny();",
        "c:[type==\"svn\"] => add(type=c.value, value=1); [type==\"anything\"] => deny();",
        "c:[type==\"svn\"] => add(claim=c); [type==\"svn\"] => deny();",
    ] {
        assert_eq!(found(fine), [], "{fine}");
    }
    let custom = Vocabulary { has_custom_claims: true, ..KNOWN.clone() };
    let text = |issuer: &str| format!("version=1.0;authorizationrules{{[type==\"os\"{issuer}]=>permit();}};");
    assert!(lint(&text(""), &custom).is_empty());
    assert!(lint(&text(", issuer==\"CustomClaim\""), &custom).is_empty());
    assert!(!lint(&text(", issuer==\"AttestationService\""), &custom).is_empty());
}

#[test]
fn the_evidence_is_named_where_it_is_known() {
    let text = "version=1.0;authorizationrules{[type==\"x\"]=>permit();};";
    assert!(lint(text, &KNOWN).to_string().contains("claim that Test evidence never has"));
    let every = Vocabulary { evidence: None, ..KNOWN.clone() };
    assert!(lint(text, &every).to_string().contains("claim that no kind of evidence has"));
}

#[test]
fn older_names_come_with_those_of_today() {
    assert_help("[type==\"$svn\", value==1] => deny();", "deprecated-name", "write \"svn\"");
}

#[test]
fn identifiers_that_nothing_uses_are_told() {
    assert_help("c:[type==\"svn\"] => deny();", "identifier-unused", "remove `c:`");
    for fine in [
        "c:[type==\"svn\"] && [type==\"svn\", value==c.value] => deny();",
        "c:[type==\"svn\"] => add(claim=c);",
        "c:[type==\"svn\"] => add(type=\"a\", value=c.value);",
        "c:[type==\"name\"] => add(type=c.value, value=1);",
        "c:[type==\"name\"] => add(type=\"a\", value=AppendString(\"x\", AppendString(c.value, \"y\")));",
        "c:[type==\"name\"] => add(type=\"a\", value=1, issuer=c.value);",
    ] {
        assert_eq!(found(fine), [], "{fine}");
    }
}

#[test]
fn rules_that_permit_nothing_or_make_no_difference_are_told() {
    let codes = |text: &str| lint(text, &KNOWN).iter().map(|found| found.code).collect::<Vec<_>>();
    assert_eq!(codes("version=1.0;"), ["no-permit"]);
    assert_eq!(codes("version=1.0;authorizationrules{};"), ["no-permit"]);
    assert_eq!(codes("version=1.0;authorizationrules{=>deny();};"), ["no-permit", "denies-everything"]);
    let shadowed = "version=1.0;authorizationrules{[type==\"svn\"]=>permit();=>permit();};";
    assert_eq!(codes(shadowed), ["permit-without-effect"]);
    assert_eq!(codes("version=1.0;authorizationrules{=>permit();};"), [""; 0]);
}

#[test]
fn configuration_knows_no_claims() {
    let text = "version=1.1;configurationrules{[type==\"svn\"]=>issueproperty(type=\"mask\",value=1);};authorizationrules{=>permit();};";
    assert!(lint(text, &KNOWN).to_string().contains("configuration comes before evidence"));
    // What a rule before has set is there.
    let after = |condition: &str| {
        format!(
            "version=1.1;configurationrules{{=>issueproperty(type=\"mask\",value=1);{condition}=>issueproperty(type=\"mask\",\
             value=2);}};authorizationrules{{=>permit();}};"
        )
    };
    for condition in ["[type==\"mask\"]", "[value==1]"] {
        assert!(lint(&after(condition), &KNOWN).is_empty(), "{}", lint(&after(condition), &KNOWN));
    }
    assert!(lint(&after("[type==\"other\"]"), &KNOWN).to_string().contains("what rules before this one set"));
    // Nor is what it sets a claim of what comes after; what authorization adds is one of issuance.
    let set = "version=1.1;configurationrules{=>issueproperty(type=\"mask\",value=1);};authorizationrules{[type==\"mask\"]=>permit();};";
    assert_eq!(lint(set, &KNOWN).iter().map(|found| found.code).collect::<Vec<_>>(), ["claim-unknown"]);
    let added = "version=1.1;authorizationrules{=>permit();=>add(type=\"made\",value=1);};issuancerules{[type==\"made\"]=>issue(type=\"x\",value=1);};";
    assert!(lint(added, &KNOWN).is_empty());
}

#[test]
fn names_that_are_owned_and_properties_that_nothing_heeds_are_errors() {
    let of = |configuration: &str, issuance: &str| {
        let text = format!(
            "version=1.1;configurationrules{{{configuration}}};authorizationrules{{=>permit();}};issuancerules{{{issuance}}};"
        );
        let found = lint(&text, &KNOWN);
        let first = found
            .iter()
            .find(|found| found.severity == Severity::Error)
            .map(|found| (found.severity, found.code, found.help.clone()));
        first.unwrap_or((Severity::Warning, "", String::new()))
    };
    let property = |name: &str, value: &str| format!("=>issueproperty(type=\"{name}\",value={value});");
    let table = [
        (of("", "=>issue(type=\"iss\",value=1);"), "owned-name", "of your own"),
        (of("", "c:[type==\"iss\"]=>issue(type=c.type,value=1);"), "owned-name", "of your own"),
        (of("", "c:[type==\"events\"]=>issue(claim=c);"), "read-only-claim", "JmesPath"),
        (of(&property("mask", "256"), ""), "property-value", "an integer from 0 to 255; where no rule sets it, 7"),
        (of(&property("mask", "true"), ""), "property-value", "an integer"),
        (of(&property("maks", "1"), ""), "property-unknown", "did you mean \"mask\"?"),
        (of(&property("something", "1"), ""), "property-unknown", "configurationrules has: mask"),
        (of(&property("omit", "true"), ""), "property-elsewhere", "belongs to issuancerules"),
        (of("", &property("mask", "1")), "property-elsewhere", "belongs to configurationrules"),
        (of("", &property("minutes", "0")), "property-value", "minutes is an integer from 1 to 60"),
        (of("", &property("minutes", "-1")), "property-value", "from 1 to 60"),
        (of("", &property("minutes", "61")), "property-value", "from 1 to 60"),
        (of("", &property("minutes", "\"30\"")), "property-value", "from 1 to 60"),
    ];
    for ((severity, code, help), expected, words) in table {
        assert_eq!((severity, code), (Severity::Error, expected));
        assert!(help.contains(words), "{code}: {help}");
    }
    assert_eq!(of(&property("mask", "255"), &property("omit", "true")).1, "");
}

#[test]
fn a_claim_that_is_withheld_from_the_token_is_a_warning() {
    let text =
        |rule: &str| format!("version=1.2;authorizationrules{{[type==\"svn\"]=>permit();}};issuancerules{{{rule}}};");
    for rule in
        ["=>issue(type=\"old\",value=1);", "c:[type==\"old\"]=>issue(claim=c);", "=>issue(type=\"OLD\",value=1);"]
    {
        let found = lint(&text(rule), &KNOWN);
        let found: Vec<_> = found.iter().map(|found| (found.severity, found.code)).collect();
        assert!(found.contains(&(Severity::Warning, "issued-without-effect")), "{rule}: {found:?}");
        assert!(found.iter().all(|(severity, _)| *severity == Severity::Warning), "{rule}: {found:?}");
    }
    assert!(lint(&text("=>add(type=\"old\",value=1);=>issue(type=\"older\",value=1);"), &KNOWN).is_empty());
}

#[test]
fn a_property_that_a_later_rule_sets_in_any_case_is_a_warning() {
    let of = |rules: &str| {
        let text = format!("version=1.1;authorizationrules{{[type==\"svn\"]=>permit();}};issuancerules{{\n{rules}}};");
        let found = lint(&text, &KNOWN);
        found.iter().map(|found| (found.code, found.at.line, found.help.clone())).collect::<Vec<_>>()
    };
    let set =
        |condition: &str, minutes: i64| format!("{condition}=>issueproperty(type=\"minutes\",value={minutes});\n");
    let debug = "[type==\"debug\",value==true]";
    let found = of(&[set("", 5), set(debug, 6), set("", 7)].concat());
    assert_eq!(
        found.iter().map(|(code, line, _)| (*code, *line)).collect::<Vec<_>>(),
        [("property-overwritten", 2), ("property-overwritten", 3)]
    );
    assert!(found[0].2.contains("line 4 sets it in any case"), "{found:?}");
    assert_eq!(of(&[set("", 5), set(debug, 1)].concat()), []);
    assert_eq!(of(&[set(debug, 5), "=>issueproperty(type=\"omit\",value=true);".to_owned()].concat()), []);
}

#[test]
fn queries_are_looked_at() {
    let rule = "c:[type==\"events\"] => add(type=\"a\", value=JmesPath(c.value, \"[?ok == true]\"));";
    assert_eq!(found(rule), [("query-doubtful", 3, 70)]);
    assert_help(rule, "query-doubtful", "`true` in backticks");
    let nested = "[type==\"name\", value==AppendString(JmesPath(\"1\", \"length(@) == '1'\"), \"\")] => deny();";
    assert_help(nested, "query-doubtful", "`1`");
}

#[test]
fn mistakes_of_the_text_are_told_in_their_stead() {
    let found = lint("version=1.0;authorizationrules{[type=\"a\"]=>permit();};", &KNOWN);
    assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["single-equals"]);
    assert_eq!((found.count(Severity::Error), found.count(Severity::Warning)), (1, 0));
}

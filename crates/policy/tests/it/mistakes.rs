//! Mistakes in a policy's text: each has its place, its words and its help.

use policy::{Diagnostics, Policy};
use proptest::prelude::*;

fn errors(text: &str) -> Diagnostics {
    Policy::parse(text).expect_err(text)
}

fn in_authorization(rule: &str) -> String {
    format!("version=1.0;\nauthorizationrules{{\n{rule}\n}};")
}

#[test]
fn every_mistake_has_its_place_and_its_help() {
    let table = [
        ("[type=\"a\"] => permit();", 3, 6, "single-equals", "write == in a condition"),
        ("[type==\"a\", value=>1] => permit();", 3, 18, "wrong-operator", "write >="),
        ("[type==\"a\"] = permit();", 3, 13, "symbol-missing", "=> leads to the action"),
        ("=> add(type==\"a\", value=1);", 3, 12, "double-equals", "write = for an argument"),
        ("[type==\"a\"] => permit()\n=> permit();", 3, 24, "semicolon-missing", "close the rule with ;"),
        ("[type==“a”] => permit();", 3, 8, "curly-quote", "straight double quotes"),
        ("[type==\"a”] => permit();", 3, 8, "curly-quote", "straight double quotes"),
        ("[type=='a'] => permit();", 3, 8, "unknown-character", "straight double quotes"),
        ("[type==\"a\"] || [type==\"b\"] => permit();", 3, 13, "or-unknown", "one rule for each case"),
        ("=> permit;", 3, 10, "symbol-missing", "permit()"),
        ("=> allow();", 3, 4, "action-unknown", "authorizationrules has: permit, deny, add"),
        ("=> permt();", 3, 4, "action-unknown", "did you mean permit?"),
        ("=> ;", 3, 4, "action-missing", "such as permit();"),
        ("=> issue(type=\"a\", value=1);", 3, 4, "action-elsewhere", "issue belongs to issuancerules"),
        ("c:[type==\"a\"] => add(type=\"b\", value=d.value);", 3, 38, "identifier-unknown", "this rule names `c`"),
        ("=> add(type=\"b\", value=d.value);", 3, 24, "identifier-unknown", "d:[type=="),
        ("[type==\"a\", value==c.value] && c:[type==\"b\"] => permit();", 3, 20, "identifier-unknown", "before this"),
        ("c:[type==\"a\"] && c:[type==\"b\"] => permit();", 3, 18, "identifier-repeated", "choose another"),
        ("![type==\"a\"] => permit();", 3, 1, "needs-version", "write version=1.2;"),
        ("[type==\"a\", value==AppendString(\"a\",\"b\")] => permit();", 3, 20, "needs-version", "write version=1.2;"),
        ("[type==\"a\", value<\"3\"] => permit();", 3, 13, "no-order", "a number stands without quotes"),
        ("[type==\"a\", value<true] => permit();", 3, 13, "no-order", "integers"),
        ("[type==3] => permit();", 3, 2, "never-matches", "a type is a text in quotes"),
        ("e:[type==\"a\"] && [type>=e.type] => permit();", 3, 19, "no-order", "integers"),
        ("e:[type==\"a\"] && [value>=e.type] => permit();", 3, 19, "no-order", "integers"),
        ("[type==\"a\", valueType==\"Int\"] => deny();", 3, 13, "never-matches", "one of \"String\""),
        ("[type==\"a\", issuer==\"Service\"] => deny();", 3, 13, "never-matches", "AttestationService"),
        ("[] => permit();", 3, 1, "condition-empty", "test the type"),
        ("[name==\"a\"] => permit();", 3, 2, "member-unknown", "valueType"),
        ("[typ==\"a\"] => permit();", 3, 2, "member-unknown", "did you mean type?"),
        ("[==\"a\"] => permit();", 3, 2, "member-missing", "valueType"),
        ("[type==] => permit();", 3, 8, "value-missing", "c.value"),
        ("[type \"a\"] => permit();", 3, 7, "operator-missing", "one of =="),
        ("[type==<name>] => permit();", 3, 8, "placeholder", "your own value"),
        ("[type==\"a\", value==<product-id>] => permit();", 3, 20, "placeholder", "your own value"),
        ("[type==\"a\" value==1] => permit();", 3, 12, "symbol-missing", "commas"),
        ("[type==\"a\"] permit();", 3, 13, "symbol-missing", "=> leads to the action"),
        ("c[type==\"a\"] => permit();", 3, 2, "symbol-missing", "c:[type=="),
        ("=> add(type=\"a\");", 3, 8, "argument-missing", "type=\"...\", value=..."),
        ("=> add(type \"a\");", 3, 13, "symbol-missing", "type=\"...\", value=..."),
        ("=> add(type=\"a\", type=\"b\", value=1);", 3, 18, "argument-repeated", "once"),
        ("=> add(type=\"\", value=1);", 3, 13, "argument-value", "a name in quotes"),
        ("=> add(type=\"a\", value=1, valueType=\"Float\");", 3, 37, "argument-value", "Boolean"),
        ("=> add(type=\"a\", value=1, issuer=\"me\");", 3, 34, "argument-value", "CustomClaim"),
        (
            "=> add(type=\"a\", value=1, issuer=\"AttestationService\");",
            3,
            34,
            "argument-value",
            "speak as the service",
        ),
        ("=> add(claim=\"c\");", 3, 14, "identifier-missing", "claim=c"),
        ("[type==\"a\\n\"] => permit();", 3, 10, "unknown-escape", "\\\\ for a backslash"),
        ("[type==\"a] => permit();", 3, 8, "unclosed-text", "same line"),
        ("[type==\"a\", value==99999999999999999999] => permit();", 3, 20, "integer-too-large", "9223372036854775807"),
        ("[type==\"a\"] & [type==\"b\"] => permit();", 3, 13, "unknown-character", "&&"),
        ("[type==\"a\"] => permit(); # why", 3, 26, "unknown-character", "begins with //"),
        ("[type==$svn] => permit();", 3, 8, "unknown-character", "write it in quotes"),
    ];
    for (rule, line, column, code, help) in table {
        let text = in_authorization(rule);
        let errors = errors(&text);
        let first = errors.iter().next().unwrap();
        assert_eq!((first.at.line, first.at.column, first.code), (line, column, code), "{rule}\n{errors}");
        assert!(first.help.contains(help), "{rule}\n{errors}");
    }
}

#[test]
fn functions_have_their_own_mistakes() {
    let table = [
        ("NegateBol(true)", 34, "function-unknown", "did you mean NegateBool?"),
        ("ToLower(\"A\")", 34, "function-unknown", "the functions are JmesPath"),
        ("ContainsOnlyValue(100)", 34, "argument-count", "ContainsOnlyValue(set, value)"),
        ("NegateBool(true, false)", 34, "argument-count", "NegateBool(boolean)"),
        ("AppendString(\"a\" \"b\")", 51, "symbol-missing", "separated by commas"),
        ("JmesPath(\"1\", \"a[\")", 51, "query-syntax", "such as [0]"),
        ("JmesPath(\"1\", \"\\\"a\\\" == 20\")", 58, "query-syntax", "`20`"),
        ("JmesPath(\"1\", \"lenght(@)\")", 49, "query-syntax", "did you mean length?"),
    ];
    for (value, column, code, help) in table {
        let text = format!("version=1.2;authorizationrules{{\n=>add(type=\"aaaaaaaaaa\", value=  {value});}};");
        let errors = errors(&text);
        let first = errors.iter().next().unwrap();
        assert_eq!((first.at.line, first.at.column, first.code), (2, column, code), "{value}\n{errors}");
        assert!(first.help.contains(help), "{value}\n{errors}");
        assert_eq!(errors.iter().count(), 1, "{errors}");
    }
    let counted = |value: &str| {
        errors(&format!("version=1.2;authorizationrules{{=>add(type=\"a\",value={value});}};")).to_string()
    };
    assert!(counted("IsSubsetOf(1)").contains("function takes 2 arguments and gets 1"));
    assert!(counted("NegateBool()").contains("function takes 1 argument and gets 0"));
}

#[test]
fn a_section_of_another_name_hides_none_after_it() {
    let codes = |text: &str| errors(text).iter().map(|error| error.code).collect::<Vec<_>>();
    let after = codes("version=1.0;rules{=>permit();} authorizationrules{=>allow();};");
    assert_eq!(after, ["section-unknown", "action-unknown"]);
    let stray = codes("version=1.0; => ; authorizationrules{=>allow();};");
    assert_eq!(stray, ["section-missing", "action-unknown"]);
}

#[test]
fn a_negated_condition_has_no_claims_to_take_members_of() {
    let errors = errors("version=1.2;authorizationrules{!c:[type==\"a\"] => add(claim=c);};");
    assert_eq!(
        errors.iter().map(|error| (error.code, error.at.column)).collect::<Vec<_>>(),
        [("identifier-negated", 60)]
    );
}

#[test]
fn what_was_plainly_meant_is_read_on() {
    let rule = "c:[type=\"a\", issuer==“AttestationService”, value==<x>] & [typ==\"b\"] => permit()";
    let codes: Vec<_> = errors(&in_authorization(rule)).iter().map(|error| error.code).collect();
    assert_eq!(codes, ["single-equals", "curly-quote", "placeholder", "unknown-character", "member-unknown"]);
    let rule = "c:[type=\"a\"] => add(type==\"b\", value=NegateBol(c.value)) => permit()";
    let codes: Vec<_> = errors(&in_authorization(rule)).iter().map(|error| error.code).collect();
    assert_eq!(
        codes,
        [
            "single-equals",
            "double-equals",
            "needs-version",
            "function-unknown",
            "semicolon-missing",
            "semicolon-missing"
        ]
    );
}

#[test]
fn nul_stands_nowhere() {
    for text in
        ["version=1.0;//\0\nauthorizationrules{};", "version=1.0;authorizationrules{[type==\"\0\"]=>permit();};"]
    {
        let errors = Policy::parse(text).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["nul-character"], "{text:?}");
    }
}

#[test]
fn a_policy_without_its_version_is_read_all_the_same() {
    for text in ["authorizationrules{=>permit();};", "authorizationrules{=>permit();=>deny();};issuancerules{};"] {
        let errors = Policy::parse(text).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["version-missing"], "{text}");
    }
}

#[test]
fn versions_and_sections_have_their_own_mistakes() {
    let table = [
        ("", 1, 1, "policy-empty", "the smallest one is"),
        (" \n ", 1, 1, "policy-empty", "the smallest one is"),
        ("authorizationrules{};", 1, 1, "version-missing", "version=1.0;"),
        ("version 1.0;", 1, 9, "symbol-missing", "version=1.0;"),
        ("version=x;", 1, 9, "number-missing", "version=1.0;"),
        ("version=1.00;authorizationrules{};", 1, 11, "number-missing", "version=1.0;"),
        ("version=1.-0;authorizationrules{};", 1, 11, "number-missing", "version=1.0;"),
        ("version=1.0;authorizationrules{=>permit();;};", 1, 43, "semicolon-extra", "remove it"),
        ("version=1.3;authorizationrules{};", 1, 9, "version-unknown", "1.2 (functions and `!`)"),
        ("version=2.0;", 1, 9, "version-unknown", "the versions are"),
        ("version=1.0 authorizationrules{};", 1, 13, "semicolon-missing", "version=1.0;"),
        ("version=1.0;configurationrules{};", 1, 13, "needs-version", "version=1.1;"),
        (
            "version=1.0;rules{=>permit();};authorizationrules{=>permit();};",
            1,
            13,
            "section-unknown",
            "authorizationrules",
        ),
        ("version=1.0;authorisationrules{=>permit();};", 1, 13, "section-unknown", "did you mean authorizationrules?"),
        ("version=1.0;{=>permit();};", 1, 13, "section-missing", "authorizationrules"),
        ("version=1.0;authorizationrules{};authorizationrules{};", 1, 34, "section-repeated", "into one section"),
        ("version=1.0;authorizationrules{=>permit();", 1, 43, "section-unclosed", "};"),
        ("version=1.0;authorizationrules(=>permit(););", 1, 31, "symbol-missing", "between { and }"),
        ("version=1.0;issuancerules{=>permit();};", 1, 29, "action-elsewhere", "belongs to authorizationrules"),
        ("version=1.1;configurationrules{=>add(type=\"a\",value=1);};", 1, 34, "action-elsewhere", "issueproperty"),
        ("eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6IiJ9.", 1, 1, "policy-is-jws", "policy decode"),
    ];
    for (text, line, column, code, help) in table {
        let errors = errors(text);
        let first = errors.iter().next().unwrap();
        assert_eq!((first.at.line, first.at.column, first.code), (line, column, code), "{text}\n{errors}");
        assert!(first.help.contains(help), "{text}\n{errors}");
    }
    let long = format!("version=1.0;{}", " ".repeat(policy::limits::MAX_TEXT));
    assert!(errors(&long).to_string().contains("too long"));
    let exact = format!("version=1.0;{}", " ".repeat(policy::limits::MAX_TEXT - 12));
    assert!(Policy::parse(&exact).is_ok());
}

#[test]
fn a_missing_semicolon_after_the_version_hides_and_invents_nothing() {
    let errors = errors("version=1.0 authorizationrules{=>permit();};issuancerules{};");
    assert_eq!(errors.iter().count(), 1, "{errors}");
}

#[test]
fn an_error_repeats_nothing_that_a_terminal_would_obey() {
    let errors = errors("version=1.0;\u{1b}[31m\u{202e}authorizationrules{};");
    assert!(!errors.to_string().contains(['\u{1b}', '\u{202e}']), "{errors}");
}

#[test]
fn all_mistakes_are_reported_in_the_order_of_the_text() {
    let text = in_authorization("[type=\"a\"] => permit();\n=> allow();\n=> permit();\n=> permit;");
    let lines: Vec<usize> = errors(&text).iter().map(|error| error.at.line).collect();
    assert_eq!(lines, [3, 4, 6]);
}

#[test]
fn mistakes_and_rules_and_conditions_are_bounded() {
    assert_eq!(errors(&in_authorization(&"=> x();".repeat(500))).iter().count(), policy::limits::MAX_DIAGNOSTICS);
    let rules = in_authorization(&"=> permit();".repeat(policy::limits::MAX_RULES + 3));
    assert_eq!(errors(&rules).iter().map(|error| error.code).collect::<Vec<_>>(), ["too-many-rules"]);
    assert!(Policy::parse(&in_authorization(&"=> permit();".repeat(policy::limits::MAX_RULES))).is_ok());
    let conditions = vec!["[type==\"a\"]"; policy::limits::MAX_CONDITIONS + 1].join("&&");
    assert!(
        errors(&in_authorization(&format!("{conditions} => permit();"))).to_string().contains("too many conditions")
    );
    assert!(Policy::parse(&format!("version=1.0;authorizationrules{{{}", "(".repeat(20_000))).is_err());
}

#[test]
fn white_space_comments_case_and_missing_semicolons_of_sections_are_free() {
    let text =
        "// a policy\n\u{feff}version = 1.0 ; AuthorizationRules\r\n{ // none\n => PERMIT ( ) ; }\nIssuancerules { }";
    assert!(Policy::parse(text).is_ok());
}

#[test]
fn documented_policies_of_these_versions_parse() {
    for name in ["author-sign-policy.02", "author-sign-policy.04", "claim-sets.02", "policy-examples.02"] {
        let Some(path) = test_support::recorded(&format!("policies/{name}.txt")) else { return };
        let text = std::fs::read_to_string(path).unwrap();
        assert!(Policy::parse(&text).is_ok(), "{name}: {}", Policy::parse(&text).unwrap_err());
    }
}

#[test]
fn a_documented_policy_with_a_curly_quote_is_told_so() {
    let Some(path) = test_support::recorded("policies/custom-tcb-baseline-enforcement.01.txt") else { return };
    let errors = errors(&std::fs::read_to_string(path).unwrap());
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["curly-quote"]);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,400}") {
        let _ = Policy::parse(&text);
    }

    #[test]
    fn a_mutated_policy_never_panics_and_its_evaluation_ends(
        at in 0usize..400, replacement in "[\\[\\]{}();,:.=!<>&|\"a-z0-9 ]{0,6}", length in 0usize..12,
    ) {
        let text = "version=1.1; configurationrules { => issueproperty(type=\"p\", value=\"v\"); };
            authorizationrules { c:[type==\"a\", value>=1] && [type==\"b\", value==c.value] => add(claim=c); => permit(); };
            issuancerules { c:[type==\"a\"] => issue(type=\"x\", value=c.value, valueType=\"Integer\"); };";
        let characters: Vec<char> = text.chars().collect();
        let at = at.min(characters.len());
        let end = (at + length).min(characters.len());
        let mutated: String =
            characters[..at].iter().copied().chain(replacement.chars()).chain(characters[end..].iter().copied()).collect();
        if let Ok(policy) = Policy::parse(&mutated) {
            let claims = [1, 2].map(|value| policy::Claim {
                name: "a".into(), value: policy::Value::Integer(value), issuer: policy::Issuer::AttestationService,
            });
            let _ = policy.configure(&policy::Vocabulary::empty());
            let _ = policy.decide(&claims, &policy::Vocabulary::empty());
        }
    }
}

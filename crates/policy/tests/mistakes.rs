//! Mistakes in a policy's text: each has its place, its words and its help.

use policy::{ParseErrors, Policy};
use proptest::prelude::*;

fn errors(text: &str) -> ParseErrors {
    Policy::parse(text).expect_err(text)
}

/// Line, column and what the message or its help must contain.
fn assert_wrong(text: &str, line: usize, column: usize, words: &str) {
    let errors = errors(text);
    let first = errors.iter().next().unwrap();
    assert_eq!((first.line, first.column), (line, column), "{text}\n{errors}");
    assert!(errors.to_string().contains(words), "{text}\n{errors}");
}

fn in_authorization(rule: &str) -> String {
    format!("version=1.0;\nauthorizationrules{{\n{rule}\n}};")
}

#[test]
fn every_mistake_has_its_place_and_its_help() {
    let table = [
        ("[type=\"a\"] => permit();", 3, 6, "write == in a condition"),
        ("=> add(type==\"a\", value=1);", 3, 12, "write = for an argument"),
        ("[type==\"a\"] => permit()\n=> permit();", 4, 1, "`;` is needed after a rule"),
        ("[type==“a”] => permit();", 3, 8, "straight double quotes"),
        ("[type==\"a\"] || [type==\"b\"] => permit();", 3, 13, "one rule for each case"),
        ("=> permit;", 3, 10, "permit()"),
        ("=> allow();", 3, 4, "unknown action"),
        ("=> issue(type=\"a\", value=1);", 3, 4, "does not have"),
        ("c:[type==\"a\"] => add(type=\"b\", value=d.value);", 3, 38, "names no condition"),
        ("[type==\"a\", value==c.value] && c:[type==\"b\"] => permit();", 3, 20, "names no condition"),
        ("c:[type==\"a\"] && c:[type==\"b\"] => permit();", 3, 18, "names a condition already"),
        ("![type==\"a\"] => permit();", 3, 1, "1.2"),
        ("[type==\"a\", value==AppendString(\"a\",\"b\")] => permit();", 3, 20, "1.2"),
        ("[type==\"a\", value<\"3\"] => permit();", 3, 18, "integers"),
        ("[type==3] => permit();", 3, 6, "can never match"),
        ("e:[type==\"a\"] && [type>=e.type] => permit();", 3, 23, "integers"),
        ("[type==\"a\", valueType==\"Int\"] => deny();", 3, 22, "one of \"String\""),
        ("[type==\"a\", issuer==\"Service\"] => deny();", 3, 19, "AttestationService"),
        ("[] => permit();", 3, 1, "without a test"),
        ("[name==\"a\"] => permit();", 3, 2, "valueType"),
        ("[type==] => permit();", 3, 8, "a value is needed"),
        ("[type==\"a\" value==1] => permit();", 3, 12, "commas"),
        ("[type==\"a\"] permit();", 3, 13, "=>"),
        ("=> add(type=\"a\");", 3, 8, "needs type and value"),
        ("=> add(type=\"a\", type=\"b\", value=1);", 3, 18, "given already"),
        ("=> add(type=\"\", value=1);", 3, 13, "impossible value"),
        ("=> add(type=\"a\", value=1, valueType=\"Float\");", 3, 37, "Boolean"),
        ("=> add(type=\"a\", value=1, issuer=\"me\");", 3, 34, "CustomClaim"),
        ("=> add(claim=\"c\");", 3, 14, "identifier"),
        ("[type==\"a\\n\"] => permit();", 3, 8, "backslash"),
        ("[type==\"a] => permit();", 3, 8, "closing quote"),
        ("[type==\"a\", value==99999999999999999999] => permit();", 3, 20, "64 bits"),
        ("[type==\"a\"] & [type==\"b\"] => permit();", 3, 13, "&&"),
    ];
    for (rule, line, column, words) in table {
        assert_wrong(&in_authorization(rule), line, column, words);
    }
}

#[test]
fn versions_and_sections_have_their_own_mistakes() {
    let table = [
        ("", 1, 1, "empty"),
        ("authorizationrules{};", 1, 1, "version=1.0;"),
        ("version=1.2;authorizationrules{};", 1, 9, "not supported yet"),
        ("version=2.0;", 1, 9, "does not exist"),
        ("version=1.0 authorizationrules{};", 1, 13, "closed by ;"),
        ("version=1.0;configurationrules{};", 1, 13, "version=1.1;"),
        ("version=1.0;rules{=>permit();};authorizationrules{=>permit();};", 1, 13, "unknown section"),
        ("version=1.0;authorizationrules{};authorizationrules{};", 1, 34, "there already"),
        ("version=1.0;authorizationrules{=>permit();", 1, 43, "not closed"),
        ("version=1.0;authorizationrules(=>permit(););", 1, 31, "between { and }"),
        ("version=1.0;issuancerules{=>permit();};", 1, 29, "issueproperty"),
        ("version=1.1;configurationrules{=>add(type=\"a\",value=1);};", 1, 34, "issueproperty"),
        ("eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6IiJ9.", 1, 1, "AttestationPolicy"),
    ];
    for (text, line, column, words) in table {
        assert_wrong(text, line, column, words);
    }
    let long = format!("version=1.0;{}", " ".repeat(policy::limits::MAX_TEXT));
    assert_wrong(&long, 1, 1, "too long");
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
    let lines: Vec<usize> = errors(&text).iter().map(|error| error.line).collect();
    assert_eq!(lines, [3, 4, 6]);
}

#[test]
fn mistakes_and_rules_and_conditions_are_bounded() {
    assert_eq!(errors(&in_authorization(&"=> x();".repeat(500))).iter().count(), policy::limits::MAX_ERRORS);
    let rules = in_authorization(&"=> permit();".repeat(policy::limits::MAX_RULES + 1));
    assert!(errors(&rules).to_string().contains("too many rules"));
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
        let Some(path) = test_data::recorded(&format!("policies/{name}.txt")) else { return };
        let text = std::fs::read_to_string(path).unwrap();
        assert!(Policy::parse(&text).is_ok(), "{name}: {}", Policy::parse(&text).unwrap_err());
    }
}

#[test]
fn a_documented_policy_with_a_curly_quote_is_told_so() {
    let Some(path) = test_data::recorded("policies/custom-tcb-baseline-enforcement.01.txt") else { return };
    let errors = errors(&std::fs::read_to_string(path).unwrap());
    assert!(errors.to_string().contains("curly quotes do not close it"), "{errors}");
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
            let _ = policy.configure();
            let _ = policy.decide(&claims, &policy::OwnedNames::new(&[], &[]));
        }
    }
}

//! The one layout of a policy.

use policy::{Policy, format};
use proptest::prelude::*;

fn assert_format(text: &str, expected: &str) {
    let formatted = format(text).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(formatted, expected);
    assert_eq!(format(&formatted).unwrap(), formatted, "the second time");
}

#[test]
fn rules_stand_on_lines_and_sections_apart() {
    assert_format(
        "version = 1.0 ;AuthorizationRules{=>PERMIT( );}issuancerules\n{c : [ type == \"a\" , value >= 2 ]=>issue( \"b\",value = c.value );\n\n\n=>issue(type=\"x\",value=-1,valueType=\"Integer\");};",
        "version=1.0;

authorizationrules {
    => permit();
};

issuancerules {
    c:[type==\"a\", value>=2] => issue(type=\"b\", value=c.value);

    => issue(type=\"x\", value=-1, valueType=\"Integer\");
};
",
    );
}

#[test]
fn long_rules_stand_on_several_lines() {
    assert_format(
        "version=1.2;authorizationrules{[type==\"x-ms-sgx-is-debuggable\",value==false]&&![type==\"x-ms-sgx-mrsigner\",value==\"mrsigner1\"]=>permit();};",
        "version=1.2;

authorizationrules {
    [type==\"x-ms-sgx-is-debuggable\", value==false] &&
    ![type==\"x-ms-sgx-mrsigner\", value==\"mrsigner1\"]
        => permit();
};
",
    );
}

#[test]
fn comments_stay_where_they_were() {
    assert_format(
        "// first\n\n// second\nversion=1.2; // of the language\n// of the section\nauthorizationrules { // inside\n  // of the rule\n  [type==\"a\"] && // why\n // [type==\"b\"] &&\n [type==\"c\", // within\n value==1] => permit(); // after\n\n\n  // last\n}; // end\n// very last",
        "// first

// second
version=1.2; // of the language

// of the section
authorizationrules { // inside
    // of the rule
    [type==\"a\"] && // why
    // [type==\"b\"] &&
    // within
    [type==\"c\", value==1]
        => permit(); // after

    // last
}; // end
// very last
",
    );
}

#[test]
fn a_comment_in_the_first_piece_goes_before_the_rule() {
    assert_format(
        "version=1.0;authorizationrules{\n[type==\"a\", // why\n value==1] => permit();\n=> // because\n permit();\n[type==\"a\"] // so\n=> deny();};",
        "version=1.0;

authorizationrules {
    // why
    [type==\"a\", value==1] => permit();
    // because
    => permit();
    [type==\"a\"] // so
        => deny();
};
",
    );
}

#[test]
fn texts_keep_their_escapes() {
    let text = "version=1.2;\n\nauthorizationrules {\n    [type==\"a\\\\b\\\"c\"] => add(type=\"x\", value=JmesPath(\"[1]\", \"[?a == '\\\\\\\\x']\"));\n};\n";
    assert_format(text, text);
}

#[test]
fn only_a_policy_is_laid_out() {
    assert!(format("version=1.0; authorizationrules { [type=\"a\"] => permit(); };").is_err());
}

#[test]
fn every_documented_policy_that_can_be_read_is_laid_out_and_means_the_same() {
    let Some(directory) = test_support::recorded("policies") else { return };
    let mut formatted_ones = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let Ok(formatted) = format(&text) else { continue };
        formatted_ones += 1;
        assert_eq!(format(&formatted).unwrap(), formatted);
        assert!(comments(&text).eq(comments(&formatted)), "{formatted}");
        assert_eq!(squeezed(&text), squeezed(&formatted));
    }
    assert!(formatted_ones > 15, "{formatted_ones}");
}

fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.split_once("//")).map(|(_, comment)| comment.trim())
}

/// Without white space; an independent check, however rough, that nothing was lost.
fn squeezed(text: &str) -> String {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    squeezed.to_ascii_lowercase().replace("issue(\"", "issue(type=\"")
}

proptest! {
    #[test]
    fn laid_out_text_is_laid_out_already(
        rules in proptest::collection::vec(("( |\n|\n\n|// x\n|\n\n// y\n\n)", 0_usize..4, "( |\n|// z\n)"), 0..6),
        end in "(\n| // e\n|\n\n// f\n)",
    ) {
        let mut text = "version=1.2;authorizationrules{".to_owned();
        for (before, kind, within) in &rules {
            text += before;
            text += &[
                format!("=>{within}permit(){within};"),
                format!("[type{within}==\"a\"]{within}=>deny();"),
                format!("c:[type==\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]{within}&&{within}![type==\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",value==c.value]=>add(claim=c);"),
                format!("{within}=>add(type=\"x\",{within}value=true);"),
            ][*kind];
        }
        text += &end;
        text += "};";
        let formatted = format(&text).unwrap();
        prop_assert_eq!(format(&formatted).unwrap(), formatted.clone(), "{}", text);
        let claims = [];
        let vocabulary = policy::Vocabulary::empty();
        let decide = |text: &str| {
            let outcome = Policy::parse(text).unwrap().decide(&claims, &vocabulary);
            outcome.map_err(|refusal| refusal.to_string().split(':').next_back().map(str::to_owned))
        };
        prop_assert_eq!(decide(&text), decide(&formatted));
        prop_assert_eq!(text.matches("//").count(), formatted.matches("//").count());
    }
}

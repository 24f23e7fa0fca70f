//! What a stranger's policy cannot do. Work is counted in steps, never in time.

use policy::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_NESTING, MAX_TEXT};
use policy::{Claim, EvaluationError, Fault, Fuel, Policy, Refusal};
use proptest::prelude::*;

use crate::{FREE, authorize, claim, fault_of, issuing, owning, parse};

#[test]
fn doubling_rules_end_in_an_error() {
    let rules = "c:[type==\"a\"] => add(claim=c);".repeat(40);
    assert_eq!(fault_of(authorize(&rules, &[claim("a", 1)])), Fault::TooManyClaims);
    let rules = "c:[type==\"a\"] => add(type=\"a\", value=c.value);".repeat(40);
    assert_eq!(fault_of(authorize(&rules, &[claim("a", 1)])), Fault::TooManyClaims);
}

#[test]
fn doubling_texts_end_in_an_error() {
    let step = |number: usize| {
        let next = number + 1;
        format!("c:[type==\"a{number}\"] => add(type=\"a{next}\", value=AppendString(c.value, c.value));")
    };
    let rules: String = (0..40).map(step).collect();
    assert_eq!(fault_of(authorize(&rules, &[claim("a0", "x")])), Fault::TooManyBytes);
}

#[test]
fn twenty_thousand_parentheses_are_a_mistake_and_no_overflow() {
    for text in ["(".repeat(20_000), "AppendString(".repeat(4_000), "NegateBool(".repeat(5_000)] {
        let policy = issuing(&format!("=> issue(type=\"a\", value={text}"));
        assert!(Policy::parse(&policy).is_err());
    }
    let nested = |depth: usize| {
        let value = format!("{}true{}", "NegateBool(".repeat(depth), ")".repeat(depth));
        issuing(&format!("=> issue(type=\"a\", value={value});"))
    };
    assert!(Policy::parse(&nested(MAX_NESTING)).is_ok());
    let errors = Policy::parse(&nested(MAX_NESTING + 1)).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["too-deep"]);
}

#[test]
fn a_query_of_131_bytes_ends_in_an_error() {
    let query = vec!["[@,@]"; 21].join("|") + " | @ ";
    let query = format!("{query:<131}");
    assert_eq!(query.len(), 131);
    let rules = format!("=> add(type=\"a\", value=JmesPath(\"1\", \"{query}\"));");
    let fault = fault_of(authorize(&rules, &[]));
    assert!(matches!(fault, Fault::Query(policy::QueryFailure::TooLarge) | Fault::OutOfFuel), "{fault}");
}

/// A list of `n` squared times the document, made in few steps: what a function then does to each has to be counted.
fn repeated(n: usize) -> String {
    let row = vec!["@"; n].join(",");
    format!("[{row}]|[{row}]|[]")
}

#[test]
fn what_a_function_does_to_each_of_many_is_counted() {
    let numbers = format!("[{}]", vec!["1"; 10_000].join(","));
    let texts = format!("[{}]", vec!["\"\""; 10_000].join(","));
    let names: Vec<String> = (0..4_000).map(|number| format!("\"{number}\":1")).collect();
    let object = format!("{{{}}}", names.join(","));
    let long = format!("\"{}\"", "1".repeat(200_000));
    for (document, query) in [
        (&numbers, "map(&sum(@),@)"),
        (&numbers, "map(&avg(@),@)"),
        (&texts, "map(&join('',@),@)"),
        (&long, "map(&to_number(@),@)"),
        (&long, "map(&length(@),@)"),
        (&long, "map(&starts_with(@,@),@)"),
        (&long, "map(&ends_with(@,@),@)"),
        (&object, "[?@==@]"),
    ] {
        let query = format!("{}|{query}|length(@)", repeated(120));
        let rule = format!("c:[type==\"a\"] => add(type=\"b\", value=JmesPath(c.value, \"{query}\"));");
        let fault = fault_of(authorize(&rule, &[claim("a", document.as_str())]));
        assert!(matches!(fault, Fault::OutOfFuel | Fault::Query(_)), "{query:.80} {fault:?}");
    }
}

#[test]
fn names_are_shared_and_texts_that_a_query_makes_are_bounded() {
    let document = format!("{{\"{}\":0}}", "k".repeat(200_000));
    let rule = |query: &str| {
        format!("c:[type==\"a\"] => add(type=\"b\", value=JmesPath(c.value, \"{}|{query}|length(@)\"));", repeated(100))
    };
    // Ten thousand times the same name, of which there is one in memory.
    let evaluated = authorize(&rule("map(&keys(@),@)"), &[claim("a", document.as_str())]);
    assert!(matches!(evaluated, Err(Refusal::NoPermit)), "{evaluated:?}");
    let fault = fault_of(authorize(&rule("map(&join('',keys(@)),@)"), &[claim("a", document.as_str())]));
    assert!(matches!(fault, Fault::Query(policy::QueryFailure::TooLarge)), "{fault:?}");
    let fault = fault_of(authorize(&rule("map(&to_string(@),@)"), &[claim("a", document.as_str())]));
    assert_eq!(fault, Fault::OutOfFuel);
}

#[test]
fn tests_of_a_condition_are_bounded() {
    let policy = |count: usize| {
        let tests = vec!["value!=1"; count].join(",");
        format!("version=1.0;authorizationrules{{[{tests}] => permit();}};")
    };
    assert!(Policy::parse(&policy(policy::limits::MAX_TESTS)).is_ok());
    let errors = Policy::parse(&policy(policy::limits::MAX_TESTS + 1)).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["too-many-tests"]);
}

#[test]
fn bytes_of_claims_are_bounded() {
    let big = "x".repeat(3000);
    let rules = "c:[type==\"a\"] => add(type=\"b\", value=c.value);".repeat(500);
    assert_eq!(fault_of(authorize(&rules, &[claim("a", big.as_str())])), Fault::TooManyBytes);
}

#[test]
fn bounds_are_reached_before_they_are_passed() {
    let half = "x".repeat(MAX_CLAIM_BYTES / 2);
    let appended = "c:[type==\"a\"] && [value==AppendString(c.value, c.value), type==\"b\"] => permit();";
    assert_eq!(authorize(appended, &[claim("a", half.as_str())]), Err(Refusal::NoPermit));
    assert_eq!(fault_of(authorize(appended, &[claim("a", (half + "x").as_str())])), Fault::TooManyBytes);
    // A number is 8 bytes, however short its text.
    let numbers = |count: usize| [claim("a", format!("[{}]", vec!["1"; count].join(",")).as_str())];
    let read = "c:[type==\"a\"] => add(type=\"b\", value=ContainsOnlyValue(JsonToClaimValue(c.value), 1)); \
                [type==\"b\", value==true] => permit();";
    assert!(authorize(read, &numbers(MAX_CLAIM_BYTES / 8)).is_ok());
    assert_eq!(fault_of(authorize(read, &numbers(MAX_CLAIM_BYTES / 8 + 1))), Fault::TooManyBytes);
    let whole = claim("a", "x".repeat(MAX_CLAIM_BYTES - 1).as_str());
    assert!(authorize("=> permit();", std::slice::from_ref(&whole)).is_ok());
    assert_eq!(fault_of(authorize("=> permit();", &[whole, claim("b", "")])), Fault::TooManyBytes);
}

#[test]
fn the_claims_of_the_evidence_are_bounded_too() {
    let claims = vec![claim("a", 1); MAX_CLAIMS + 1];
    let refusal = authorize("=> permit();", &claims).unwrap_err();
    assert_eq!(refusal, Refusal::Evaluation(EvaluationError { at: None, fault: Fault::TooManyClaims }));
    assert_eq!(parse(&issuing("")).explain(&claims, &FREE).outcome, Err(refusal));
    assert!(authorize("=> permit();", &claims[1..]).is_ok());
}

#[test]
fn joins_run_on_fuel() {
    let claims: Vec<Claim> = (0..900).map(|number| claim("a", number)).collect();
    let rules = "a:[type==\"a\"] && b:[type==\"a\", value<a.value] && [value==-1] => permit();".repeat(20);
    assert_eq!(fault_of(authorize(&rules, &claims)), Fault::OutOfFuel);
}

#[test]
fn subsets_run_on_fuel() {
    let claims: Vec<Claim> = (0..900).map(|number| claim("a", number)).collect();
    let rules = "a:[type==\"a\"] => add(type=\"b\", value=IsSubsetOf(a.value, a.value));".repeat(5);
    assert_eq!(fault_of(authorize(&rules, &claims)), Fault::OutOfFuel);
}

#[test]
fn long_texts_cost_their_length() {
    let long = "x".repeat(16 << 10);
    let claims: Vec<Claim> = (0..15).map(|number| claim("a", format!("{long}{number}").as_str())).collect();
    let joins = "a:[type==\"a\"] && [type==\"a\", value!=a.value] && [type==\"none\"] => permit();".repeat(600);
    assert_eq!(fault_of(authorize(&joins, &claims)), Fault::OutOfFuel);
    let one = [claim("a", "x".repeat(100 << 10).as_str())];
    let copies = "c:[type==\"a\"] && [value==AppendString(c.value, \"\"), type==\"b\"] => deny();".repeat(700);
    assert_eq!(fault_of(authorize(&copies, &one)), Fault::OutOfFuel);
    let documents = [claim("a", format!("\"{}\"", "x".repeat(100 << 10)).as_str())];
    let reads = "c:[type==\"a\"] && [value==JmesPath(c.value, \"b\"), type==\"b\"] => deny();";
    assert_eq!(fault_of(authorize(&reads.repeat(200), &documents)), Fault::OutOfFuel);
    assert_eq!(authorize(&reads.repeat(20), &documents), Err(Refusal::NoPermit));
}

#[test]
fn queries_made_while_evaluating_cost_their_length() {
    let claims = [claim("q", "@ ".repeat(4_000).as_str()), claim("j", "1")];
    let rules = "q:[type==\"q\"] && j:[type==\"j\"] => add(type=\"b\", value=JmesPath(j.value, q.value));".repeat(5);
    let fault = fault_of(authorize(&rules, &claims));
    assert!(matches!(fault, Fault::QuerySyntax { .. }), "{fault}");
    let claims = [claim("q", format!("@{}", " ".repeat(16_000)).as_str()), claim("j", "1")];
    let rules = "q:[type==\"q\"] && j:[type==\"j\"] && [value==JmesPath(j.value, q.value)] => deny();".repeat(70);
    assert_eq!(fault_of(authorize(&rules, &claims)), Fault::OutOfFuel);
}

/// Any policy that can be written with a few names, as text.
fn any_policy() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("events")];
    let literal = prop_oneof![Just("1"), Just("\"x\""), Just("true"), Just("\"{\\\"k\\\":[1,2]}\""), Just("\"k[]\"")];
    let operand = prop_oneof![literal.prop_map(str::to_owned), Just("c.value".to_owned()), Just("c.type".to_owned())];
    let operand = operand.prop_recursive(3, 8, 2, |inner| {
        let one = prop_oneof![Just("NegateBool"), Just("JsonToClaimValue")];
        let two = prop_oneof![Just("JmesPath"), Just("AppendString"), Just("IsSubsetOf"), Just("ContainsOnlyValue")];
        prop_oneof![
            (one, inner.clone()).prop_map(|(function, argument)| format!("{function}({argument})")),
            (two, inner.clone(), inner).prop_map(|(function, a, b)| format!("{function}({a}, {b})")),
        ]
    });
    let rule = (name.clone(), name, operand.clone(), operand, any::<bool>(), 0_usize..4).prop_map(
        |(asked, made, compared, value, is_negated, action)| {
            let not = if is_negated { "!" } else { "" };
            let action = ["permit()", "deny()", "add(claim=c)", ""][action];
            let action =
                if action.is_empty() { format!("add(type=\"{made}\", value={value})") } else { action.to_owned() };
            format!("c:[type==\"{asked}\"] && {not}[type==\"{made}\", value=={compared}] => {action};")
        },
    );
    proptest::collection::vec(rule, 0..12)
        .prop_map(|rules| format!("version=1.2; authorizationrules {{ => permit(); {} }};", rules.join("\n")))
}

proptest! {
    #[test]
    fn any_policy_on_any_claims_ends_and_is_explained_as_it_is_decided(
        text in any_policy(), values in proptest::collection::vec(("[ab]", 0_i64..3), 0..6),
    ) {
        prop_assert!(text.len() < MAX_TEXT);
        // A literal in the place of a query may be none.
        let Ok(policy) = Policy::parse(&text) else { return Ok(()) };
        let claims: Vec<Claim> = values.iter().map(|(name, value)| claim(name, *value)).collect();
        let explanation = policy.explain(&claims, &FREE);
        prop_assert_eq!(&explanation.outcome, &policy.decide(&claims, &FREE));
        prop_assert!(explanation.text(&policy).contains(['p', 'd', 'r']));
        let _ = policy.lint(&FREE);
    }
}

/// The steps that a rule takes over one claim `a`.
fn steps(rule: &str, value: &str) -> u32 {
    let policy = parse(&format!("version=1.2; authorizationrules {{ => permit(); {rule} }};"));
    let mut fuel = Fuel::full();
    let _ = policy.decide_within(&[claim("a", value)], &FREE, &mut fuel);
    fuel.spent()
}

/// The steps of a query, over a document.
fn query_steps(query: &str, document: &str) -> u32 {
    steps(&format!("c:[type==\"a\"] => add(type=\"b\", value=JmesPath(c.value, \"{query}|'x'\"));"), document)
}

#[test]
fn json_costs_each_of_its_values_and_not_its_bytes_alone() {
    for element in ["1", "[]", "\"\"", "{}", "{\"a\":1}"] {
        let document = format!("[{}]", vec![element; 5_000].join(","));
        assert!(query_steps("@", &document) > 5_000 * 5, "{element}");
    }
}

#[test]
fn folding_searching_and_turning_texts_round_costs_their_bytes() {
    let text = format!("\"{}\"", "x".repeat(50_000));
    let read = query_steps("@", &text);
    for (query, per_byte) in [
        ("equals_ignore_case(@,@)", 1.0),
        ("contains(@,'xy')", 0.5),
        ("reverse(@)", 0.5),
        ("to_number(@)", 0.2),
        ("to_string([@])", 0.5),
    ] {
        let taken = f64::from(query_steps(query, &text) - read) / 50_000.0;
        assert!(taken >= per_byte, "{query} takes {taken} steps a byte");
    }
}

#[test]
fn members_are_looked_up_and_merged_for_what_their_number_costs() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!("\"m{number}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    let of = |query: &str, count: usize| query_steps(query, &object(count)) - query_steps("@", &object(count));
    assert!(of("m1", 4_000) > of("m1", 2));
    assert!(of("merge(@,@)", 2_000) > 2_000 * 20);
}

#[test]
fn a_test_against_an_empty_set_costs_a_step_for_each_claim() {
    let claims: Vec<Claim> = (0..900).map(|number| claim("a", number)).collect();
    let rule = "![value==JsonToClaimValue(\"[]\")] => add(type=\"b\", value=1);";
    let policy = parse(&format!("version=1.2; authorizationrules {{ => permit(); {rule} }};"));
    let mut fuel = Fuel::full();
    assert!(policy.decide_within(&claims, &FREE, &mut fuel).is_ok());
    assert!(fuel.spent() > 2 * 900, "{}", fuel.spent());
}

#[test]
fn claims_that_are_made_and_issued_cost_their_bytes() {
    let long = "x".repeat(50_000);
    let copied = steps("c:[type==\"a\"] => add(claim=c);", &long);
    assert!(copied > 50_000 / 64);
    let policy = parse(&issuing("c:[type==\"a\"] => issue(type=\"b\", value=c.value);"));
    let mut fuel = Fuel::full();
    assert!(policy.decide_within(&[claim("a", long.as_str())], &FREE, &mut fuel).is_ok());
    // A token is made of it.
    assert!(fuel.spent() > 50_000);
}

#[test]
fn a_decision_on_little_fuel_is_the_same_or_none() {
    let claims: Vec<Claim> = (0..22).map(|number| claim("a", number)).collect();
    let policy =
        |rules: usize| parse(&issuing(&"c:[type==\"a\", value==3] => issue(type=\"b\", value=c.value);".repeat(rules)));
    let few = policy(2);
    assert_eq!(few.decide_within(&claims, &FREE, &mut Fuel::inline()), few.decide(&claims, &FREE));
    let many = policy(200);
    let refusal = many.decide_within(&claims, &FREE, &mut Fuel::inline()).unwrap_err();
    assert!(refusal.is_out_of_fuel());
    assert!(many.decide(&claims, &FREE).is_ok());
}

#[test]
fn configuration_and_decision_share_their_fuel() {
    let policy =
        parse("version=1.1; configurationrules { => issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"17\"); };");
    let mut fuel = Fuel::full();
    assert!(policy.configure_within(&FREE, &mut fuel).is_ok());
    let configured = fuel.spent();
    assert!(configured > 0);
    let _ = policy.decide_within(&[], &FREE, &mut fuel);
    assert!(fuel.spent() >= configured);
}

#[test]
fn a_check_finds_the_errors_of_a_lint_and_stops_when_it_has_enough() {
    let vocabulary = owning(&["iss"], &[]);
    let text = issuing(&"[type==\"unknown\"] => issue(type=\"iss\", value=1);".repeat(100));
    let policy = parse(&text);
    let errors = policy.check(&vocabulary).unwrap_err();
    assert_eq!(errors.count(policy::Severity::Error), policy::limits::MAX_DIAGNOSTICS);
    assert_eq!(Err(errors), policy.lint(&vocabulary).errors());
    let fine = issuing("[type==\"unknown\"] => issue(type=\"a\", value=1);");
    assert_eq!(parse(&fine).check(&vocabulary), Ok(()));
}

#[test]
fn places_are_right_where_all_rules_are_on_one_line_or_on_many() {
    for (separator, line, column) in [("", 1, 1 + 31 + 1_000 * 12), ("\n", 1_002, 1)] {
        let head = "version=1.2;authorizationrules{";
        let rules = format!("=>permit();{separator}").repeat(1_000);
        let rules = if separator.is_empty() { rules.replace(';', "; ") } else { format!("\n{rules}") };
        let text = format!("{head}{rules}=>add(type=\"a\",value=NegateBool(1));}};");
        let refusal = parse(&text).decide(&[], &FREE).unwrap_err();
        let Refusal::Evaluation(error) = refusal else { panic!("{refusal}") };
        assert_eq!(error.at, Some(crate::position(line, column)));
    }
}

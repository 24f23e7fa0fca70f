//! The functions of version 1.2, and `!`.

use policy::{Fault, Issuer, Value, ValueType};

use crate::{authorize, claim, decide, fault_of, issue, issuing, named};

/// The values that a rule with this value issues, over claims of the type `c`.
fn values(value: &str, claims: &[Value]) -> Vec<Value> {
    let claims: Vec<_> = claims.iter().map(|value| policy::Claim { value: value.clone(), ..claim("c", 0) }).collect();
    let condition = if value.contains("c.value") { "c:[type==\"c\"]" } else { "" };
    issue(&format!("{condition} => issue(type=\"r\", value={value});"), &claims).into_iter().map(|(_, v)| v).collect()
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn fault(value: &str, given: &str) -> Fault {
    fault_of(decide(&issuing(&format!("c:[type==\"c\"] => issue(type=\"r\", value={value});")), &[claim("c", given)]))
}

#[test]
fn jmes_path_gives_json_text() {
    let table = [
        (r#"JmesPath("{\"foo\": \"bar\"}", "foo")"#, "\"bar\""),
        (r#"JmesPath("{\"foo\": [1, 2.5]}", "foo")"#, "[1,2.5]"),
        (r#"JmesPath("{\"foo\": 1}", "bar")"#, "null"),
        (r#"JmesPath("[{\"a\": \"X\"}]", "[?equals_ignore_case(a, 'x')] | length(@)")"#, "1"),
    ];
    for (value, expected) in table {
        assert_eq!(values(value, &[]), [text(expected)], "{value}");
    }
}

#[test]
fn a_query_can_come_from_a_claim() {
    let claims = [claim("j", r#"{"a": {"b": 7}}"#), claim("q", "a.b")];
    let rule = "j:[type==\"j\"] && q:[type==\"q\"] => issue(type=\"r\", value=JmesPath(j.value, q.value));";
    assert_eq!(issue(rule, &claims), [named("r", "7")]);
}

#[test]
fn jmes_path_needs_json_and_a_query() {
    assert!(matches!(fault("JmesPath(c.value, \"a\")", "{"), Fault::Json { what: "JmesPath's JSON", .. }));
    assert!(matches!(fault("JmesPath(c.value, \"a\")", ""), Fault::WrongType { .. }));
    assert!(matches!(fault("JmesPath(\"1\", c.value)", "a["), Fault::QuerySyntax { .. }));
    assert!(matches!(fault("JmesPath(\"1\", c.value)", ""), Fault::WrongType { .. }));
    assert!(matches!(fault("JmesPath(c.value, \"abs(@)\")", "\"x\""), Fault::Query(_)));
    assert!(matches!(
        fault("JmesPath(NegateBool(true), c.value)", "@"),
        Fault::WrongType { found: ValueType::Boolean, .. }
    ));
    // A member twice means two things to two readers.
    assert!(matches!(fault("JmesPath(c.value, \"a\")", r#"{"a":1,"a":2}"#), Fault::Json { .. }));
}

#[test]
fn json_becomes_claims_with_their_types() {
    let table: [(&str, &[Value]); 10] = [
        ("100", &[Value::Integer(100)]),
        ("-1", &[Value::Integer(-1)]),
        ("true", &[Value::Boolean(true)]),
        ("\"abc\"", &[Value::String(String::new())]),
        ("abc", &[Value::String(String::new())]),
        ("null", &[]),
        ("[]", &[]),
        ("[null]", &[]),
        ("[1, \"a\", true, null, 1]", &[]),
        ("\"1\"", &[]),
    ];
    let expected: [Vec<Value>; 10] = [
        table[0].1.to_vec(),
        table[1].1.to_vec(),
        table[2].1.to_vec(),
        vec![text("abc")],
        vec![text("abc")],
        vec![],
        vec![],
        vec![],
        vec![Value::Integer(1), text("a"), Value::Boolean(true), Value::Integer(1)],
        vec![text("1")],
    ];
    for ((json, _), expected) in table.iter().zip(expected) {
        assert_eq!(values("JsonToClaimValue(c.value)", &[text(json)]), expected, "{json}");
    }
}

#[test]
fn json_that_is_no_claim_is_an_error() {
    for json in ["{}", "[[1]]", "[{}]", "1.5", "1.0", "9223372036854775808"] {
        let fault = fault("JsonToClaimValue(c.value)", json);
        assert!(matches!(fault, Fault::NoClaimValue { .. }), "{json}: {fault}");
    }
    for json in ["", "{", "a b", "1 2", "[1", "tru e"] {
        assert!(matches!(fault("JsonToClaimValue(c.value)", json), Fault::Json { .. }), "{json}");
    }
}

#[test]
fn a_set_is_a_subset_of_one_that_has_all_its_values() {
    let claims = |subset: &[Value], superset: &[Value]| {
        let of = |name: &str, values: &[Value]| {
            values.iter().map(|value| policy::Claim { value: value.clone(), ..claim(name, 0) }).collect::<Vec<_>>()
        };
        [of("a", subset), of("b", superset)].concat()
    };
    let rule = "a:[type==\"a\"] && b:[type==\"b\"] => issue(type=\"r\", value=IsSubsetOf(a.value, b.value));";
    let (one, two, word) = (Value::Integer(1), Value::Integer(2), text("1"));
    let table = [
        (vec![one.clone()], vec![two.clone(), one.clone()], true),
        (vec![one.clone(), one.clone()], vec![one.clone()], true),
        (vec![one.clone(), two.clone()], vec![one.clone()], false),
        (vec![word], vec![one.clone(), two], false),
    ];
    for (subset, superset, expected) in table {
        assert_eq!(issue(rule, &claims(&subset, &superset)), [named("r", expected)], "{subset:?} {superset:?}");
    }
    assert_eq!(values("IsSubsetOf(JsonToClaimValue(\"[]\"), 1)", &[]), [Value::Boolean(true)]);
}

#[test]
fn texts_are_appended() {
    assert_eq!(values("AppendString(\"a\", \"b\")", &[]), [text("ab")]);
    assert_eq!(values("AppendString(\"\", \"\")", &[]), [text("")]);
    assert_eq!(values("AppendString(AppendString(\"a\", c.value), \"z\")", &[text("5")]), [text("a5z")]);
    assert!(matches!(fault("AppendString(c.value, 1)", "a"), Fault::WrongType { found: ValueType::Integer, .. }));
}

#[test]
fn booleans_are_negated() {
    assert_eq!(values("NegateBool(true)", &[]), [Value::Boolean(false)]);
    assert_eq!(values("NegateBool(NegateBool(c.value))", &[Value::Boolean(true)]), [Value::Boolean(true)]);
    assert!(matches!(fault("NegateBool(c.value)", "true"), Fault::WrongType { found: ValueType::String, .. }));
}

#[test]
fn a_set_contains_only_a_value_where_it_has_something_and_nothing_else() {
    let (one, two) = (Value::Integer(1), Value::Integer(2));
    assert_eq!(values("ContainsOnlyValue(c.value, 1)", &[one.clone(), one.clone()]), [Value::Boolean(true)]);
    assert_eq!(values("ContainsOnlyValue(c.value, 1)", &[one, two]), [Value::Boolean(false)]);
    assert_eq!(values("ContainsOnlyValue(c.value, 1)", &[text("1")]), [Value::Boolean(false)]);
    assert_eq!(values("ContainsOnlyValue(JsonToClaimValue(\"[]\"), 1)", &[]), [Value::Boolean(false)]);
    assert!(matches!(fault("ContainsOnlyValue(1, JsonToClaimValue(c.value))", "[1,2]"), Fault::NotOneValue { .. }));
}

#[test]
fn functions_of_one_value_refuse_several_and_none() {
    let claims = [claim("c", "a"), claim("c", "b")];
    for value in ["AppendString(c.value, \"\")", "JsonToClaimValue(c.value)", "JmesPath(c.value, \"@\")"] {
        let text = issuing(&format!("c:[type==\"c\"] => issue(type=\"r\", value={value});"));
        assert!(matches!(fault_of(decide(&text, &claims)), Fault::NotOneValue { count: 2, .. }), "{value}");
    }
    assert!(matches!(
        fault("AppendString(JsonToClaimValue(c.value), \"\")", "null"),
        Fault::NotOneValue { count: 0, .. }
    ));
}

#[test]
fn no_value_makes_no_claim_and_no_property() {
    assert_eq!(issue("=> issue(type=\"r\", value=JsonToClaimValue(\"null\"));", &[]), []);
    let text = issuing("=> issueproperty(type=\"minutes\", value=JsonToClaimValue(\"null\"));");
    assert!(matches!(fault_of(decide(&text, &[])), Fault::NotOneValue { count: 0, .. }));
}

#[test]
fn a_function_can_be_an_operand_of_a_condition() {
    let claims = [claim("pcrs", r#"{"a": 5}"#), claim("expected", "5"), claim("other", "6")];
    let rule =
        |name: &str| format!("p:[type==\"pcrs\"] && [type==\"{name}\", value==JmesPath(p.value, \"a\")] => permit();");
    assert!(authorize(&rule("expected"), &claims).is_ok());
    assert!(authorize(&rule("other"), &claims).is_err());
    // A set on the right hand: any of its values counts.
    let any = "[type==\"n\", value==JsonToClaimValue(\"[1,2]\")] => permit();";
    assert!(authorize(any, &[claim("n", 2)]).is_ok());
    assert!(authorize(any, &[claim("n", 3)]).is_err());
}

#[test]
fn a_type_a_value_type_and_an_issuer_can_be_made_by_functions() {
    let rule = "=> issue(type=AppendString(\"a\", \"b\"), value=1, valueType=AppendString(\"Inte\", \"ger\"), \
                issuer=AppendString(\"Custom\", \"Claim\"));";
    let permit = decide(&issuing(rule), &[]).unwrap();
    assert_eq!((permit.issued[0].name.as_str(), permit.issued[0].issuer), ("ab", Issuer::CustomClaim));
    let odd = "=> issue(type=\"a\", value=1, valueType=AppendString(\"Inte\", \"gre\"));";
    assert!(matches!(fault_of(decide(&issuing(odd), &[])), Fault::WrongType { what: "valueType", .. }));
}

#[test]
fn a_negated_condition_holds_where_no_claim_matches() {
    assert!(authorize("![type==\"a\"] => permit();", &[claim("b", 1)]).is_ok());
    assert!(authorize("![type==\"a\"] => permit();", &[claim("a", 1)]).is_err());
    assert!(authorize("![type==\"a\", value==2] => permit();", &[claim("a", 1)]).is_ok());
    assert!(authorize("! [type==\"a\"] && ![type==\"c\"] => permit();", &[claim("b", 1)]).is_ok());
    // Joined with another: no claim that matches any of its values.
    let joined = "c:[type==\"a\"] && ![type==\"b\", value==c.value] => permit();";
    assert!(authorize(joined, &[claim("a", 1), claim("b", 2)]).is_ok());
    assert!(authorize(joined, &[claim("a", 1), claim("b", 1)]).is_err());
    // It sees what rules before it made.
    let default = "=> add(type=\"a\", value=true); ![type==\"a\"] => add(type=\"a\", value=false);
        [type==\"a\", value==true] => permit(); [type==\"a\", value==false] => deny();";
    assert!(authorize(default, &[]).is_ok());
}

use std::fs;

use proptest::prelude::*;

use super::{Json, Query, QueryFailure};
use crate::fuel::Fuel;

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn search(query: &str, document: &str) -> Result<Json, String> {
    let query = Query::parse(query).map_err(|error| error.message)?;
    query.evaluate(&json(document), &mut Fuel::full()).map_err(|failure| failure.to_string())
}

/// Equal as JMESPath says: `1` is `1.0`.
fn is_equal(left: &Json, right: &Json) -> bool {
    let both = Query::parse("[0] == [1]").unwrap();
    let pair = Json::array(vec![left.clone(), right.clone()]);
    both.evaluate(&pair, &mut Fuel::full()).unwrap() == Json::Boolean(true)
}

#[test]
fn the_public_compliance_cases_pass() {
    let Some(directory) = test_support::recorded("jmespath") else { return };
    let mut cases = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let suites: Vec<serde_json::Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for suite in &suites {
            let given = suite["given"].to_string();
            for case in suite["cases"].as_array().unwrap() {
                cases += 1;
                let expression = case["expression"].as_str().unwrap();
                let found = search(expression, &given);
                let context = format!("{} `{expression}` gives {found:?}", path.display());
                match case.get("result") {
                    Some(result) => {
                        assert!(is_equal(&found.expect(&context), &json(&result.to_string())), "{context}");
                    }
                    None if case.get("error").is_some() => assert!(found.is_err(), "{context}"),
                    // A benchmark: it has to be evaluated, whatever it gives.
                    None => assert!(found.is_ok(), "{context}"),
                }
            }
        }
    }
    assert_eq!(cases, 908);
}

#[test]
fn texts_are_compared_without_regard_to_case() {
    let document = r#"{"a": "\\WINDOWS\\x.SYS", "b": "Äß"}"#;
    assert_eq!(search(r"equals_ignore_case(a, '\windows\X.sys')", document), Ok(Json::Boolean(true)));
    assert_eq!(search("equals_ignore_case(b, 'äß')", document), Ok(Json::Boolean(true)));
    assert_eq!(search("equals_ignore_case(a, 'x.sys')", document), Ok(Json::Boolean(false)));
    assert!(search("equals_ignore_case(a, `1`)", document).is_err());
}

#[test]
fn whole_numbers_stay_whole() {
    let table = [
        ("sum(@)", "[9007199254740993, 1]", "9007199254740994"),
        ("sum(@)", "[0.5, 0.5]", "1"),
        ("abs(@)", "-9223372036854775808", "9223372036854775808"),
        ("abs(@)", "18446744073709551615", "18446744073709551615"),
        ("ceil(@)", "18446744073709551615", "18446744073709551615"),
        ("floor(@)", "-1.5", "-2"),
        ("avg(@)", "[1, 2]", "1.5"),
        ("max(@)", "[18446744073709551615, 1]", "18446744073709551615"),
    ];
    for (query, document, expected) in table {
        let text = search(query, document).unwrap().write(100, &mut Fuel::full()).unwrap();
        assert_eq!(text, expected, "{query} {document}");
    }
    assert_eq!(search("@ == `1.0`", "1"), Ok(Json::Boolean(true)));
    assert_eq!(search("@ == `9007199254740993`", "9007199254740992"), Ok(Json::Boolean(false)));
    assert!(search("sum(@)", "[1e308, 1e308]").unwrap_err().contains("JSON does not have"));
}

#[test]
fn a_result_is_written_compactly_with_members_by_name() {
    let document = r#"{"b": [1, 2.5, null], "a": {"x": "\"é\n"}}"#;
    let text = search("@", document).unwrap().write(100, &mut Fuel::full()).unwrap();
    assert_eq!(text, r#"{"a":{"x":"\"é\n"},"b":[1,2.5,null]}"#);
    assert_eq!(search("@", document).unwrap().write(10, &mut Fuel::full()), Err(QueryFailure::TooLarge));
}

#[test]
fn a_document_is_bounded_and_has_no_member_twice() {
    assert!(Json::parse(r#"{"a": 1, "a": 2}"#).unwrap_err().to_string().contains("twice"));
    assert!(Json::parse(&format!("[{}0]", "0,".repeat(crate::limits::MAX_JSON_NODES))).is_err());
    assert!(Json::parse(&"[".repeat(200)).is_err());
    assert!(Json::parse("1 2").is_err());
}

/// How many steps a query takes, and how it ends.
fn steps(query: &str, document: &str) -> (u32, Result<String, QueryFailure>) {
    let mut fuel = Fuel::full();
    let result = Query::parse(query).unwrap().evaluate(&json(document), &mut fuel);
    let result = result.and_then(|json| json.write(crate::limits::MAX_CLAIM_BYTES, &mut fuel));
    (fuel.spent(), result)
}

#[test]
fn doubling_queries_end_in_an_error_within_the_fuel() {
    let doubling = vec!["[@,@]"; 18].join("|");
    assert!(doubling.len() < 131);
    let flat = vec!["[@,@][]"; 26].join("|");
    let compared = format!("{doubling} | @ == @");
    let text = vec!["to_string([@,@])"; 26].join("|");
    for bomb in [doubling.as_str(), &flat, &text] {
        let (spent, result) = steps(bomb, "1");
        assert!(matches!(result, Err(QueryFailure::TooLarge | QueryFailure::OutOfFuel(_))), "{bomb} {result:?}");
        assert!(spent <= crate::limits::MAX_STEPS);
    }
    let (_, result) = steps(&compared, "1");
    assert_eq!(result, Ok("true".to_owned()));
    let deep = format!("{} | @ == @", vec!["[@,@]"; 26].join("|"));
    assert!(matches!(steps(&deep, "1").1, Err(QueryFailure::OutOfFuel(_))));
}

#[test]
fn nesting_is_bounded_however_it_is_written() {
    let bound = crate::limits::MAX_QUERY_HEIGHT;
    for nested in [
        "(".repeat(16_000),
        "!".repeat(16_000),
        vec!["a"; 8_000].join("."),
        vec!["a"; 8_000].join("|"),
        vec!["a"; 5_000].join("||"),
        format!("a{}", "[0]".repeat(5_000)),
        format!("a{}", "[]".repeat(5_000)),
        format!("a{}", "[*]".repeat(5_000)),
        "{a:".repeat(5_000),
        "abs(".repeat(4_000),
    ] {
        let error = Query::parse(&nested).unwrap_err();
        assert!(error.message.contains("too deeply"), "{} {}", &nested[..10], error.message);
    }
    assert!(Query::parse(&vec!["a"; bound - 2].join(".")).is_ok());
    assert!(Query::parse(&"x".repeat(crate::limits::MAX_QUERY + 1)).unwrap_err().message.contains("too long"));
}

#[test]
fn mistakes_have_their_place_and_their_help() {
    let table = [
        ("PcrIndex == 20", 12, "`20`"),
        ("a = b", 2, "=="),
        ("a[", 2, "such as"),
        ("a[?b", 4, "close the filter"),
        ("lenght(a)", 0, "did you mean length"),
        ("tolower(a)", 0, "the functions are"),
        ("length(a, b)", 0, "length(string_array_or_object)"),
        ("`abc`", 0, "single quotes"),
        ("'abc", 0, "close the text"),
        ("a.`1`", 2, "such as a.b"),
        ("a b", 2, "joined by dots"),
        ("a)", 1, "closes nothing"),
        ("[::0]", 3, "a slice is"),
        ("a[*]b", 4, "[*].name"),
        ("\"length\"(a)", 0, "without quotes"),
        ("a.{b}", 4, "name: expression"),
        ("ä", 0, "quotes"),
        ("-", 0, "such as 0"),
    ];
    for (query, at, help) in table {
        let error = Query::parse(query).unwrap_err();
        assert_eq!(error.at, at, "{query}: {error:?}");
        assert!(error.help.contains(help), "{query}: {error:?}");
    }
}

#[test]
fn what_is_hardly_meant_is_said() {
    let warnings = |query: &str| {
        let query = Query::parse(query).unwrap();
        query.warnings().iter().map(|warning| (warning.at, warning.help.clone())).collect::<Vec<_>>()
    };
    assert_eq!(warnings("[?a == true]"), [(7, "write `true` in backticks".to_owned())]);
    assert_eq!(warnings("@ != null")[0].0, 5);
    assert_eq!(warnings("length(@) == '1'"), [(13, "write the number in backticks: `1`".to_owned())]);
    for fine in ["[?a == `true`]", "true", "length(@) == `1`", "a == '1'", "type(@) == 'number'"] {
        assert_eq!(warnings(fine), [], "{fine}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_any_query_ends(query in "[a-c0-9@&|!=<>*\\[\\]{}().,:?`'\" -]{0,40}") {
        if let Ok(query) = Query::parse(&query) {
            let document = json(r#"{"a": [1, {"b": "c"}, [2, "x"]], "b": {"c": null}, "c": "text"}"#);
            let _ = query.evaluate(&document, &mut Fuel::full());
        }
    }

    #[test]
    fn slices_pick_what_walking_the_list_picks(
        length in 0_i64..6, start in proptest::option::of(-8_i64..8), stop in proptest::option::of(-8_i64..8),
        step in prop_oneof![-3_i64..0, 1_i64..4],
    ) {
        let shown = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        let query = format!("[{}:{}:{step}]", shown(start), shown(stop));
        let document = format!("{:?}", (0..length).collect::<Vec<_>>());
        // As the specification says it: bounds moved into the list, then steps until the stop.
        let inside = |bound: i64| {
            let bound = if bound < 0 { bound + length } else { bound };
            if step > 0 { bound.clamp(0, length) } else { bound.clamp(-1, length - 1) }
        };
        let (first, last) = if step > 0 { (0, length) } else { (length - 1, -1) };
        let mut at = start.map_or(first, inside);
        let end = stop.map_or(last, inside);
        let mut expected = Vec::new();
        while (step > 0 && at < end) || (step < 0 && at > end) {
            expected.push(at);
            at += step;
        }
        let found = search(&query, &document).unwrap();
        prop_assert_eq!(found, json(&format!("{expected:?}")));
    }
}

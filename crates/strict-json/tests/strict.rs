//! What is refused, and that hostile depth is only an error.

use serde_json::Value;
use serde_json::value::RawValue;
use strict_json::{Error, MAX_DEPTH, MAX_REPORTED_NAME, check, from_slice};

fn duplicate(text: &str) -> String {
    match check(text.as_bytes(), 16) {
        Err(Error::Duplicate { name }) => name,
        other => panic!("{text}: {other:?}"),
    }
}

fn is_syntax_error(bytes: &[u8]) -> bool {
    matches!(check(bytes, 16), Err(Error::Syntax { .. }))
}

#[test]
fn accepts_every_kind_of_value() {
    let text = br#" {"a": [null, true, -1, 1, 1.5e3, "x\n\u00e9"], "b": {"a": {"a": {}}}, "": []} "#;
    check(text, 4).unwrap();
    assert_eq!(from_slice::<Value>(text, 4).unwrap()["a"][5], "x\n\u{e9}");
}

#[test]
fn refuses_duplicate_members_anywhere() {
    assert_eq!(duplicate(r#"{"a":1,"a":1}"#), "a");
    assert_eq!(duplicate(r#"[0,{"x":{"b":[],"c":0,"b":{}}}]"#), "b");
    assert_eq!(duplicate(r#"{"":1,"":1}"#), "");
}

#[test]
fn refuses_names_that_are_equal_after_escapes() {
    assert_eq!(duplicate(r#"{"a":1,"\u0061":2}"#), "a");
    assert_eq!(duplicate(r#"{"\ud83d\ude00":1,"😀":2}"#), "😀");
    assert_eq!(duplicate(r#"{"/":1,"\/":2}"#), "/");
}

#[test]
fn refuses_duplicates_among_many_names_wherever_they_stand() {
    for (first, second) in [(0, 1), (0, 40), (3, 17), (15, 16), (20, 40)] {
        let name = |at: usize| if at == second { format!("n{first}") } else { format!("n{at}") };
        let members: Vec<String> = (0..41).map(|at| format!("\"{}\":0", name(at))).collect();
        assert_eq!(duplicate(&format!("{{{}}}", members.join(","))), format!("n{first}"));
    }
}

#[test]
fn compares_names_exactly() {
    check(br#"{"a":1,"A":2,"a ":3,"\u00e9":4,"e\u0301":5}"#, 1).unwrap();
}

#[test]
fn same_name_in_different_objects_is_fine() {
    check(br#"[{"a":{"a":1}},{"a":2}]"#, 3).unwrap();
}

#[test]
fn reports_only_the_beginning_of_a_long_name() {
    let name = "n".repeat(10_000);
    assert_eq!(duplicate(&format!(r#"{{"{name}":1,"{name}":2}}"#)).len(), MAX_REPORTED_NAME);
}

#[test]
fn refuses_nesting_deeper_than_allowed() {
    check(b"1", 0).unwrap();
    check(b"[[]]", 2).unwrap();
    assert!(matches!(check(b"[]", 0), Err(Error::TooDeep { max_depth: 0 })));
    assert!(matches!(check(b"[{\"a\":[]}]", 2), Err(Error::TooDeep { max_depth: 2 })));
}

#[test]
fn hostile_depth_is_a_plain_error() {
    for depth in [MAX_DEPTH + 1, 10_000, 10_000_000] {
        for opening in ["[", "{\"a\":"] {
            let text = opening.repeat(depth);
            for max_depth in [16, MAX_DEPTH, usize::MAX] {
                assert!(matches!(check(text.as_bytes(), max_depth), Err(Error::TooDeep { .. })));
                assert!(matches!(from_slice::<&RawValue>(text.as_bytes(), max_depth), Err(Error::TooDeep { .. })));
            }
        }
    }
}

#[test]
fn reads_as_deep_as_the_maximum() {
    let text = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    from_slice::<Value>(text.as_bytes(), usize::MAX).unwrap();
}

#[test]
fn refuses_what_is_no_json() {
    for text in
        ["", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "nul", "01", "+1", "NaN", "\"\u{1}\"", "{1:2}", "// x\n1"]
    {
        assert!(is_syntax_error(text.as_bytes()), "{text}");
    }
}

#[test]
fn refuses_invalid_utf8_and_byte_order_mark() {
    for bytes in [b"\"\xff\"".as_slice(), b"{\"\xc3\":1}", b"\"\\ud800\"", b"\xef\xbb\xbf{}"] {
        assert!(is_syntax_error(bytes), "{bytes:?}");
    }
}

#[test]
fn refuses_trailing_bytes() {
    for text in ["{}{}", "{} x", "1 2", "[]\0", "{},"] {
        assert!(is_syntax_error(text.as_bytes()), "{text}");
    }
}

#[test]
fn says_where_the_syntax_is_wrong() {
    match check(b"{\n  \"a\": ?}", 4) {
        Err(Error::Syntax { line: 2, column: 8, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_content_is_another_error() {
    assert!(matches!(from_slice::<u8>(b"300", 4), Err(Error::Content(_))));
}

#[test]
fn values_may_borrow_from_the_text() {
    #[derive(serde::Deserialize)]
    struct Signed<'a> {
        #[serde(borrow)]
        body: &'a RawValue,
        signature: &'a str,
    }
    let signed: Signed<'_> = from_slice(br#"{"body": {"a":  1}, "signature": "00"}"#, 4).unwrap();
    assert_eq!((signed.body.get(), signed.signature), (r#"{"a":  1}"#, "00"));
}

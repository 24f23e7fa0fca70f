//! What is refused as a compact JWS.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::KeyPair;
use jose::jws::{Jws, JwsError, MAX_LENGTH, sign, unsecured};
use serde_json::json;

fn refusal(text: &str) -> JwsError {
    Jws::decode(text).unwrap_err()
}

fn with_header(header: &str) -> String {
    format!("{}.e30.", URL_SAFE_NO_PAD.encode(header))
}

#[test]
fn reads_back_what_was_written() {
    let header = json!({"alg": "ES256", "jku": "https://a/certs", "kid": "k", "other": 1});
    let signed = sign(&KeyPair::generate_p256().unwrap(), &header, b"payload").unwrap();
    let read = Jws::decode(&signed).unwrap();
    assert_eq!((read.header.alg.as_str(), read.header.kid.as_deref()), ("ES256", Some("k")));
    assert_eq!(read.header.jku.as_deref(), Some("https://a/certs"));
    assert_eq!((read.payload.as_slice(), read.signature.len()), (b"payload".as_slice(), 64));
    assert_eq!(read.signing_input, signed.rsplit_once('.').unwrap().0);
}

#[test]
fn reads_unsecured_and_empty_payload() {
    let text = unsecured(r#"{"alg":"none"}"#, b"");
    let read = Jws::decode(&text).unwrap();
    assert_eq!((text.as_str(), read.header.alg.as_str()), ("eyJhbGciOiJub25lIn0..", "none"));
    assert!(read.payload.is_empty() && read.signature.is_empty());
}

#[test]
fn refuses_other_than_three_segments() {
    for text in ["", ".", "e30", "e30.e30", "e30.e30..", "e30.e30.e30.e30", "...."] {
        assert!(matches!(refusal(text), JwsError::Segments), "{text}");
    }
}

#[test]
fn refuses_everything_but_strict_base64url() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for bad in ["e30=", "e3+0", "e3/0", "e 30", "e30\n", "e31", "e", "é"] {
        for (text, name) in [
            (format!("{bad}.e30."), "header"),
            (format!("{header}.{bad}."), "payload"),
            (format!("{header}.e30.{bad}"), "signature"),
        ] {
            assert!(matches!(refusal(&text), JwsError::Base64 { segment, .. } if segment == name), "{text}");
        }
    }
}

#[test]
fn refuses_too_long_text() {
    assert!(matches!(refusal(&"a".repeat(MAX_LENGTH + 1)), JwsError::TooLong { .. }));
}

#[test]
fn refuses_header_that_is_no_strict_json_object() {
    for header in ["", "[]", "1", r#"{"alg":"none","alg":"RS256"}"#, r#"{"alg":"none"} x"#, &"[".repeat(100_000)] {
        assert!(matches!(refusal(&with_header(header)), JwsError::Header(_)));
    }
}

#[test]
fn refuses_parameters_of_the_wrong_type() {
    for header in [json!({}), json!({"alg": 1}), json!({"alg": "none", "kid": 5}), json!({"alg": "none", "jku": []})] {
        assert!(matches!(refusal(&with_header(&header.to_string())), JwsError::Parameters(_)), "{header}");
    }
}

#[test]
fn refuses_crit_and_b64_whatever_they_say() {
    for value in [json!(null), json!([]), json!(["exp"]), json!(true), json!(false)] {
        for name in ["crit", "b64"] {
            let header = json!({"alg": "none", name: value}).to_string();
            assert!(matches!(refusal(&with_header(&header)), JwsError::Extension { name: refused } if refused == name));
        }
    }
}

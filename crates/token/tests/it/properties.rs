//! Arbitrary texts are refused without a panic.

use jose::Jwks;
use jose::jws::Jws;
use proptest::prelude::{any, prop_assert, proptest};
use token::{Binding, Expectations};

use crate::fixture::{NOW, at, token, verifier};

fn is_refused(token: &str) -> bool {
    verifier().verify(token, at(NOW), &Expectations::new(Binding::WithoutFreshness)).is_err()
}

proptest! {
    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        prop_assert!(is_refused(&text));
    }

    #[test]
    fn arbitrary_segments_are_refused(text in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        prop_assert!(is_refused(&text));
    }

    #[test]
    fn arbitrary_headers_are_read_or_refused(header in "\\{\"alg\":\"(none|RS256)\"(,\"(kid|typ|crit)\":[\"a-z0-9{}\\[\\]]{0,8})?\\}") {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let text = format!("{}..", URL_SAFE_NO_PAD.encode(header));
        let _ = Jws::decode(&text);
        prop_assert!(is_refused(&text));
    }

    #[test]
    fn one_changed_character_is_refused(position in any::<proptest::sample::Index>(), new in "[A-Za-z0-9_.-]") {
        let mut token = token();
        let position = position.index(token.len());
        let range = position..position + 1;
        if token[range.clone()] != new {
            token.replace_range(range, &new);
            prop_assert!(is_refused(&token));
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_key_set(bytes in any::<Vec<u8>>()) {
        prop_assert!(Jwks::parse(&bytes).is_err());
    }
}

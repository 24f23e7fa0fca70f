//! Attestation tokens have a list of algorithms of their own.

use jose::Algorithm;
use serde_json::json;
use token::{Binding, Expectations, TokenError};

use crate::fixture::{NOW, at, verifier, with_parameter};

/// Everything in the table, and what must never be in it.
fn names() -> Vec<&'static str> {
    let others = ["none", "HS256", "HS384", "HS512", "PS384", "PS512", "EdDSA", "ES256K"];
    Algorithm::ALL.iter().map(|algorithm| algorithm.name()).chain(others).collect()
}

#[test]
fn attestation_tokens_allow_rs256_and_es256() {
    for name in names() {
        let token = with_parameter("alg", Some(json!(name)));
        let result = verifier().verify(&token, at(NOW), &Expectations::new(Binding::WithoutFreshness));
        let is_refused = matches!(result, Err(TokenError::Algorithm { .. } | TokenError::DraftPolicy));
        assert_eq!(!is_refused, ["RS256", "ES256"].contains(&name), "{name}");
    }
}

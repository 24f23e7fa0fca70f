//! Tokens and policies each have a list of algorithms of their own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::Algorithm;
use serde_json::json;
use token::policy_jws::{PolicyJws, PolicyJwsError};
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

#[test]
fn signed_policies_allow_seven() {
    let allowed = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"];
    for name in names() {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": name}).to_string());
        let error = PolicyJws::read(&format!("{header}..AA")).unwrap_err();
        assert_eq!(matches!(error, PolicyJwsError::NoCertificate), allowed.contains(&name), "{name}: {error}");
    }
}

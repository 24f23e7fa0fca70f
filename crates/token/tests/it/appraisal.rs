//! What a relying party demands of an enclave, and whether a token was revoked.

use problem::Problem;
use serde_json::{Value, json};
use token::{Binding, EnclaveExpectations, Expectations, RevocationError, RevokedTokens, TokenError};

use crate::fixture::{ISS, NOW, at, key, token, verifier, with_claim};

fn refusal(token: &str, enclave: EnclaveExpectations) -> Option<&'static str> {
    let expectations = Expectations::new(Binding::WithoutFreshness).enclave(enclave);
    match verifier().verify(token, at(NOW), &expectations) {
        Ok(_) => None,
        Err(TokenError::Enclave { claim }) => Some(claim),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_enclave_that_meets_every_demand_is_accepted() {
    let all = EnclaveExpectations::any()
        .mr_enclave([0x11; 32])
        .mr_signer([0x22; 32])
        .product_id(7)
        .minimum_svn(3)
        .tcb_statuses(["UpToDate", "SWHardeningNeeded"]);
    let token = with_claim("x-veritee-tcb-status", Some(json!("SWHardeningNeeded")));
    assert_eq!(refusal(&token, all), None);
    assert_eq!(refusal(&token, EnclaveExpectations::any().minimum_svn(2)), None);
}

#[test]
fn each_demand_that_is_not_met_is_named() {
    let any = EnclaveExpectations::any;
    let token = token();
    assert_eq!(refusal(&token, any().mr_enclave([0x12; 32])), Some("x-ms-sgx-mrenclave"));
    assert_eq!(refusal(&token, any().mr_signer([0x23; 32])), Some("x-ms-sgx-mrsigner"));
    assert_eq!(refusal(&token, any().product_id(8)), Some("x-ms-sgx-product-id"));
    assert_eq!(refusal(&token, any().minimum_svn(4)), Some("x-ms-sgx-svn"));
    assert_eq!(refusal(&token, any().tcb_statuses(["UpToDate"])), Some("x-veritee-tcb-status"), "it is absent");
}

#[test]
fn an_enclave_for_debugging_is_refused_unless_it_is_allowed() {
    for (value, refused) in [
        (Some(json!(false)), None),
        (Some(json!(true)), Some("x-ms-sgx-is-debuggable")),
        (Some(json!("false")), Some("x-ms-sgx-is-debuggable")),
        (None::<Value>, Some("x-ms-sgx-is-debuggable")),
    ] {
        let token = with_claim("x-ms-sgx-is-debuggable", value.clone());
        assert_eq!(refusal(&token, EnclaveExpectations::any()), refused, "{value:?}");
        assert_eq!(refusal(&token, EnclaveExpectations::any().allow_debug()), None, "{value:?}");
    }
}

#[test]
fn a_revoked_token_is_refused() {
    let token = token();
    let payload = jose::jws::Jws::decode(&token).unwrap().payload;
    let jti = serde_json::from_slice::<Value>(&payload).unwrap()["jti"].as_str().unwrap().to_owned();
    let verify = |token: &str, list: RevokedTokens| {
        let expectations = Expectations::new(Binding::WithoutFreshness).not_revoked(list);
        verifier().verify(token, at(NOW), &expectations).map(drop)
    };
    verify(&token, RevokedTokens::new(ISS, at(NOW), ["another".to_owned()])).unwrap();
    let listed = RevokedTokens::new(ISS, at(NOW), [jti.clone()]);
    assert!(matches!(verify(&token, listed.clone()), Err(TokenError::Revoked { jti: found }) if found == jti));
    // One without an id could never be on the list.
    assert!(matches!(verify(&with_claim("jti", None), listed), Err(TokenError::NoTokenId)));
    let of_another = RevokedTokens::new("https://another.example", at(NOW), []);
    assert!(matches!(verify(&token, of_another), Err(TokenError::RevokedByAnother { .. })));
}

#[test]
fn a_token_of_a_withdrawn_key_is_refused_though_its_key_was_kept() {
    let verify = |list: RevokedTokens| {
        let expectations = Expectations::new(Binding::WithoutFreshness).not_revoked(list);
        verifier().verify(&token(), at(NOW), &expectations).map(drop)
    };
    let list = |issuer: &str, kid: &str| RevokedTokens::new(issuer, at(NOW), []).withdrawn_keys([kid.to_owned()]);
    verify(list(ISS, "another")).unwrap();
    let refused = verify(list(ISS, key().kid())).unwrap_err();
    assert!(matches!(&refused, TokenError::KeyWithdrawn { kid } if kid == key().kid()));
    assert_eq!(refused.code(), "token_key_withdrawn");
    // Another issuer withdraws none of ours.
    assert!(matches!(verify(list("https://another.example", key().kid())), Err(TokenError::RevokedByAnother { .. })));
}

#[test]
fn a_list_is_read_as_it_is_written() {
    let list = RevokedTokens::new(ISS, at(NOW), ["b".to_owned(), "a".to_owned()]);
    let text = serde_json::to_string(&list).unwrap();
    let without = format!("{{\"issuer\":\"{ISS}\",\"asOf\":{NOW},\"revoked\":[\"a\",\"b\"]");
    assert_eq!(text, format!("{without},\"withdrawnKeys\":[]}}"));
    assert_eq!(RevokedTokens::parse(text.as_bytes(), ISS).unwrap(), list);
    // Of a service of an earlier version.
    assert_eq!(RevokedTokens::parse(format!("{without}}}").as_bytes(), ISS).unwrap(), list);
    let list = list.withdrawn_keys(["key".to_owned()]);
    let text = serde_json::to_string(&list).unwrap();
    assert_eq!(text, format!("{without},\"withdrawnKeys\":[\"key\"]}}"));
    assert_eq!(RevokedTokens::parse(text.as_bytes(), ISS).unwrap(), list);
    assert!(matches!(RevokedTokens::parse(text.as_bytes(), "https://a"), Err(RevocationError::Issuer { .. })));
    for wrong in ["", "{}", "[]", "{\"issuer\":\"a\",\"issuer\":\"a\",\"asOf\":1,\"revoked\":[]}"] {
        assert!(matches!(RevokedTokens::parse(wrong.as_bytes(), "a"), Err(RevocationError::Json(_))), "{wrong}");
    }
}

//! Tokens that are revoked before they expire.

mod running;

use axum::body::Body;
use axum::http::header;
use running::{Answer, Running, URL, claims_of, enclave_holding, quote_body, request, running};
use serde_json::json;
use token::{Binding, Expectations, Jwks, RevokedTokens, TokenError, Verifier};

async fn token_at(service: &Running, provider: &str) -> String {
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    service.post(&format!("{provider}/attest/SgxEnclave"), body).await.token()
}

async fn revoke(service: &Running, provider: &str, bearer: Option<&str>, form: &str) -> Answer {
    service.ask_as(bearer, "POST", &format!("{provider}/revoke"), form.to_owned()).await
}

async fn revoked(service: &Running, provider: &str) -> Vec<String> {
    let list = service.get(&format!("{provider}/revoked")).await;
    assert_eq!((list.status.as_u16(), list.headers[header::CACHE_CONTROL].to_str().unwrap()), (200, "no-cache"));
    let ids = list.json()["revoked"].as_array().unwrap().clone();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn jti(token: &str) -> String {
    claims_of(token)["jti"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_has_a_token_revokes_it_and_relying_parties_that_ask_refuse_it() {
    let service = running().await;
    let (token, other) = (token_at(&service, "").await, token_at(&service, "").await);
    assert_eq!(revoked(&service, "").await, [] as [String; 0]);
    let answer = revoke(&service, "", Some(&token), &format!("token={token}&token_type_hint=access_token")).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    // Again is no error.
    assert_eq!(revoke(&service, "", Some(&token), &format!("token={token}")).await.status, 200);
    assert_eq!(revoked(&service, "").await, [jti(&token)]);

    let list = RevokedTokens::parse(&service.get("/revoked").await.body, URL).unwrap();
    let verifier = Verifier::new(URL, Jwks::parse(&service.get("/certs").await.body).unwrap());
    let expectations = Expectations::new(Binding::WithoutFreshness).accept_simulated().not_revoked(list);
    let now = dcap::UnixTime::of_system_clock().seconds();
    assert!(matches!(verifier.verify(&token, now, &expectations), Err(TokenError::Revoked { .. })));
    verifier.verify(&other, now, &expectations).unwrap();
    // Revoked tokens outlive the process.
    assert_eq!(revoked(&service.reopened().await, "").await, [jti(&token)]);
}

#[tokio::test]
async fn a_contributor_revokes_by_token_or_id_and_nobody_else_does() {
    let service = running().await;
    service.create("one", json!({})).await;
    service.create("other", json!({})).await;
    let token = token_at(&service, "/p/one").await;
    let form = format!("token={token}");
    let by_id = format!("jti={}", jti(&token));
    let another = token_at(&service, "/p/one").await;
    let reader = service.access_token("r", "reader", Some("one")).await;
    let of_other = service.access_token("c of other", "contributor", Some("other")).await;
    for (bearer, status) in [
        (None, 401),
        (Some("somebody"), 401),
        (Some(another.as_str()), 401),
        (Some(reader.as_str()), 403),
        (Some(of_other.as_str()), 403),
    ] {
        for form in [&form, &by_id] {
            assert_eq!(revoke(&service, "/p/one", bearer, form).await.status.as_u16(), status, "{bearer:?} {form}");
        }
    }
    // Whoever has a token and knows another's id.
    assert_eq!(revoke(&service, "/p/one", Some(&another), &by_id).await.status, 401);
    assert_eq!(revoked(&service, "/p/one").await, [] as [String; 0]);
    let contributor = service.access_token("c", "contributor", Some("one")).await;
    assert_eq!(revoke(&service, "/p/one", Some(&contributor), &form).await.status, 200);
    let unseen = "ab".repeat(32);
    assert_eq!(
        revoke(&service, "/p/one", Some(&contributor), &format!("jti={}", unseen.to_uppercase())).await.status,
        200
    );
    let mut expected = [jti(&token), unseen];
    expected.sort();
    assert_eq!(revoked(&service, "/p/one").await, expected);
    assert_eq!(revoked(&service, "/p/other").await, [] as [String; 0]);
}

#[tokio::test]
async fn what_is_no_valid_token_of_the_provider_is_revoked_by_nobody_and_is_no_error() {
    let service = running().await;
    service.create("one", json!({})).await;
    let of_one = token_at(&service, "/p/one").await;
    let administration = service.ask("GET", "/policies/SgxEnclave", "").await.token();
    for token in ["x", "a.b.c", &of_one, &administration] {
        let form = format!("token={token}");
        // It opens no door for whoever presents it.
        assert_eq!(revoke(&service, "", Some(token), &form).await.status, 401, "{token}");
        let answer = service.ask("POST", "/revoke", form).await;
        assert_eq!(answer.status, 200, "{token}");
    }
    assert_eq!(revoked(&service, "").await, [] as [String; 0]);
    for (form, code) in
        [("", "invalid_request"), ("token=a&token=b", "invalid_request"), ("token=a&jti=b", "invalid_request")]
    {
        let answer = service.ask("POST", "/revoke", form.to_owned()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!(code)), "{form}");
    }
    let answer = service.ask("POST", "/revoke", "jti=abc").await;
    assert_eq!(answer.refusal(), (400, "InvalidParameter".into(), "token_id_malformed".into()));
    let asked = request("GET", "/revoke").body(Body::empty()).unwrap();
    assert_eq!(service.send(asked).await.status, 405);
}

/// A policy that asks for a year does not make tokens outlive what is remembered of them; one that asks for minutes makes no
/// entry outlive its token.
#[tokio::test]
async fn a_revoked_token_is_listed_until_it_expires_whatever_lifetime_its_policy_asked_for() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenLifetime": 3600}})).await;
    for (minutes, expected) in [(525_600, 3600), (2, 120)] {
        let text = format!(
            "version=1.0;authorizationrules{{=>permit();}};issuancerules{{\
             =>issueproperty(type=\"report_validity_in_minutes\",value={minutes});}};"
        );
        let jws = token::policy_jws::unsecured(&text);
        assert_eq!(service.ask("PUT", "/p/one/policies/SgxEnclave", jws).await.status, 200);
        let token = token_at(&service, "/p/one").await;
        let claims = claims_of(&token);
        let expires_at = claims["exp"].as_i64().unwrap();
        assert_eq!(expires_at - claims["iat"].as_i64().unwrap(), expected);
        assert_eq!(revoke(&service, "/p/one", Some(&token), &format!("token={token}")).await.status, 200);
        let list = RevokedTokens::parse(&service.get("/p/one/revoked").await.body, &format!("{URL}/p/one")).unwrap();
        let verifier =
            Verifier::new(format!("{URL}/p/one"), Jwks::parse(&service.get("/p/one/certs").await.body).unwrap());
        let expectations = Expectations::new(Binding::WithoutFreshness).accept_simulated().not_revoked(list);
        let last = expires_at - 1;
        assert!(matches!(verifier.verify(&token, last, &expectations), Err(TokenError::Revoked { .. })));
        assert!(matches!(verifier.verify(&token, expires_at + 600, &expectations), Err(TokenError::Expired { .. })));
    }
}

//! Tokens that are revoked before they expire.

mod running;

use axum::body::Body;
use axum::http::header;
use jose::Jwks;
use running::{ADMINISTRATOR, Answer, Running, URL, claims_of, enclave_holding, encode, quote_body, request, running};
use serde_json::{Value, json};
use store::{ProviderStore, RevokedBy, RevokedToken, Sqlite};
use token::{Binding, Expectations, RevokedTokens, TokenError, Verifier};

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
    let now = unix_time::UnixTime::of_system_clock();
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
        let jws = attestation::policy_jws::unsecured(&text);
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
        let last = unix_time::UnixTime::from_seconds(expires_at - 1);
        assert!(matches!(verifier.verify(&token, last, &expectations), Err(TokenError::Revoked { .. })));
        assert!(matches!(verifier.verify(&token, last.plus(601), &expectations), Err(TokenError::Expired { .. })));
    }
}

#[tokio::test]
async fn tokens_that_strangers_revoke_leave_room_for_contributors() {
    let service = running().await;
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let (mine, another) = (token_at(&service, "").await, token_at(&service, "").await);
    let entry = store::Entry { replica: "strangers".to_owned(), text: "{}".to_owned() };
    let now = unix_time::UnixTime::of_system_clock();
    // The quota of bearers, but for one.
    for number in 0..4_999 {
        let (provider, jti) = ("default".to_owned(), format!("{number:064x}"));
        let token = RevokedToken { provider, jti, expires_at: now.plus(600), by: RevokedBy::Bearer };
        assert!(store.revoke_token(&token, 5_000, now, &entry).await.unwrap());
    }
    assert_eq!(revoke(&service, "", Some(&mine), &format!("token={mine}")).await.status, 200);
    let form = format!("token={another}");
    let refused = revoke(&service, "", Some(&another), &form).await;
    assert_eq!(refused.refusal(), (409, "Conflict".into(), "too_many_tokens_revoked_by_bearers".into()));
    // What is revoked already is no news.
    assert_eq!(revoke(&service, "", Some(&mine), &format!("token={mine}")).await.status, 200);
    let contributor = service.access_token("c", "contributor", Some("default")).await;
    assert_eq!(revoke(&service, "", Some(&contributor), &form).await.status, 200);
    let listed = revoked(&service, "").await;
    assert_eq!((listed.len(), listed.contains(&jti(&another)), listed.contains(&jti(&mine))), (5_001, true, true));
    // Relying parties read a list of that length.
    let list = RevokedTokens::parse(&service.get("/revoked").await.body, URL).unwrap();
    assert!(list.contains(&jti(&another)));
}

#[tokio::test]
async fn nothing_is_revoked_at_a_provider_that_another_replica_deleted() {
    let service = running().await;
    service.create("one", json!({})).await;
    let token = token_at(&service, "/p/one").await;
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let entry = store::Entry { replica: "another".to_owned(), text: "{}".to_owned() };
    store.delete_provider("one", &entry).await.unwrap();
    // This replica has not read the store again yet.
    for (bearer, form) in [(token.as_str(), format!("token={token}")), (ADMINISTRATOR, format!("jti={}", jti(&token)))]
    {
        let refused = revoke(&service, "/p/one", Some(bearer), &form).await;
        assert_eq!(refused.refusal(), (404, "InternalError".into(), "provider_unknown".into()), "{form}");
    }
}

#[tokio::test]
async fn a_token_of_2018_is_refused_because_it_has_no_id() {
    let service = running().await;
    let body = json!({"Quote": encode(&service.quote(&enclave_holding(b""))), "EnclaveHeldData": ""});
    let asked = request("POST", "/attest/SgxEnclave?api-version=2018-09-01-preview")
        .header(header::AUTHORIZATION, format!("Bearer {ADMINISTRATOR}"));
    let answer = service.send(asked.body(body.to_string().into()).unwrap()).await;
    assert_eq!(answer.status, 200);
    let token = answer.json().as_str().unwrap().to_owned();
    assert_eq!(claims_of(&token).get("jti"), None);
    for bearer in [&token, ADMINISTRATOR] {
        let answer = revoke(&service, "", Some(bearer), &format!("token={token}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("unsupported_token_type")));
        assert!(answer.json()["error_description"].as_str().unwrap().contains("withdraw-key"));
    }
    assert_eq!(revoked(&service, "").await, [] as [String; 0]);
}

fn kid_of(token: &str) -> String {
    jose::jws::Jws::decode(token).unwrap().header.kid.unwrap()
}

async fn withdraw(service: &Running, provider: &str, kid: &str) -> Answer {
    let path = format!("{}/{provider}/withdrawKey", running::managed::GROUP);
    service.ask("POST", &path, json!({"keyId": kid}).to_string()).await
}

async fn published(service: &Running, provider: &str) -> Vec<String> {
    let keys = service.get(&format!("/p/{provider}/certs")).await.json()["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_withdrawn_key_is_listed_and_verifies_nothing_any_more() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    let issuer = format!("{URL}/p/one");
    let token = token_at(&service, "/p/one").await;
    let kid = kid_of(&token);
    let kept = Jwks::parse(&service.get("/p/one/certs").await.body).unwrap();

    let unknown = withdraw(&service, "one", &"ab".repeat(32)).await;
    assert_eq!(unknown.refusal(), (404, "ResourceNotFound".into(), "key_unknown".into()));
    let changed = withdraw(&service, "one", &kid).await.json();
    let veritee = &changed["properties"]["veritee"];
    assert_eq!(veritee["withdrawnKeys"][0]["keyId"], kid);
    let successor = veritee["keys"][0]["keyId"].as_str().unwrap().to_owned();
    assert_ne!(successor, kid);
    // Again is no error, and withdraws nothing else.
    assert_eq!(withdraw(&service, "one", &kid).await.json()["properties"]["veritee"]["keys"][0]["keyId"], successor);

    for service in [&service, &service.reopened().await] {
        assert_eq!(published(service, "one").await, std::slice::from_ref(&successor));
        let list = service.get("/p/one/revoked").await;
        assert_eq!(list.json()["withdrawnKeys"], json!([kid]));
        let now = unix_time::UnixTime::of_system_clock();
        let expectations = Expectations::new(Binding::WithoutFreshness).accept_simulated();
        // Who fetches the keys again, and who kept them but asks for the list.
        let keys = Jwks::parse(&service.get("/p/one/certs").await.body).unwrap();
        let refused = Verifier::new(&issuer, keys.clone()).verify(&token, now, &expectations);
        assert!(matches!(refused, Err(TokenError::UnknownKey { .. })), "{refused:?}");
        let asking = expectations.clone().not_revoked(RevokedTokens::parse(&list.body, &issuer).unwrap());
        for keys in [&kept, &keys] {
            let refused = Verifier::new(&issuer, keys.clone()).verify(&token, now, &asking);
            assert!(matches!(refused, Err(TokenError::KeyWithdrawn { .. })), "{refused:?}");
        }
        // The service does not revoke on the strength of such a token, nor does it call it an error.
        assert_eq!(revoke(service, "/p/one", Some(&token), &format!("token={token}")).await.status, 200);
        assert_eq!(revoked(service, "/p/one").await, [] as [String; 0]);
        let new = token_at(service, "/p/one").await;
        assert_eq!(kid_of(&new), successor);
        Verifier::new(&issuer, keys).verify(&new, now, &asking).unwrap();
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_is_withdrawn_without_another() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    let first = published(&service, "one").await.remove(0);
    let rotate = format!("{}/one/rotateKeys", running::managed::GROUP);
    let rotated = service.ask("POST", &rotate, "{\"leadSeconds\":60}").await.json();
    let next = rotated["properties"]["veritee"]["keys"][0]["keyId"].as_str().unwrap().to_owned();
    assert_ne!(next, first);
    assert_eq!(withdraw(&service, "one", &next).await.status, 200);
    assert_eq!(published(&service, "one").await, [first]);
    let path = format!("{}/one/withdrawKey", running::managed::GROUP);
    for body in ["", "{}", "{\"keyId\":1}", "{\"keyId\":\"a\",\"more\":1}"] {
        let refused = service.ask("POST", &path, body.to_owned()).await.refusal();
        assert_eq!((refused.0, refused.2.as_str()), (400, "body_malformed"), "{body}");
    }
}

#[tokio::test]
async fn withdrawn_keys_are_bounded() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    for _ in 0..64 {
        let kid = published(&service, "one").await.remove(0);
        assert_eq!(withdraw(&service, "one", &kid).await.status, 200);
    }
    let kid = published(&service, "one").await.remove(0);
    let refused = withdraw(&service, "one", &kid).await.refusal();
    assert_eq!((refused.0, refused.2.as_str()), (400, "too_many_withdrawn_keys"));
    let list: Value = service.get("/p/one/revoked").await.json();
    assert_eq!(list["withdrawnKeys"].as_array().unwrap().len(), 64);
}

//! Bearer tokens of OpenID Connect issuers: who is let in, who is not, and what becomes of the keys.

mod running;

use problem::Problem;
use std::time::{Duration, Instant};

use attestation::policy_jws;
use attestation::{IssuerFault, IssuerSettings, Role, RuleFault, TrustedIssuers};
use aws_lc_rs::hmac;
use running::issuer::{Conduct, Issuer, rule};
use running::managed::MINIMAL;
use running::{Answer, Running, URL, enclave_holding, encode, quote_body, running_trusting};
use serde_json::{Value, json};

const READ: (&str, &str) = ("GET", "/policies/SgxEnclave");

/// A service where whoever has `reader` among its `roles` reads at every provider.
async fn service_of(issuer: &Issuer) -> Running {
    running_trusting(vec![issuer.settings([rule("roles", "reader", Role::Reader, None)])]).await
}

async fn read(service: &Running, token: &str) -> Answer {
    service.ask_from_anywhere(Some(token), READ.0, READ.1, "").await
}

fn reader() -> Value {
    json!({"roles": ["reader"]})
}

/// A token with one claim changed, or left out where it is `null`.
fn with(issuer: &Issuer, claim: &str, value: Value) -> String {
    let mut claims = reader();
    claims[claim] = value;
    issuer.token(claims)
}

#[tokio::test]
async fn every_token_that_is_not_good_is_refused_and_says_why() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    assert_eq!(read(&service, &issuer.token(reader())).await.status, 200);

    let now = unix_time::UnixTime::of_system_clock().seconds();
    let claims = issuer.claims(reader()).to_string();
    let good = json!({"alg": "ES256", "typ": "at+jwt", "kid": "first"});
    let header = |member: &str, value: Value| {
        let mut header = good.clone();
        header[member] = value;
        header.to_string()
    };
    let unsigned =
        |alg: &str| format!("{}.{}.", encode(header("alg", json!(alg)).as_bytes()), encode(claims.as_bytes()));
    let with_public_key_as_secret = {
        let input = unsigned("HS256").trim_end_matches('.').to_owned();
        let secret = hmac::Key::new(hmac::HMAC_SHA256, issuer.jwk().to_string().as_bytes());
        format!("{input}.{}", encode(hmac::sign(&secret, input.as_bytes()).as_ref()))
    };
    for (token, why) in [
        ("guess".to_owned(), "not a signed JWT"),
        (with(&issuer, "iss", json!("https://login.example")), "issuer is not trusted"),
        (with(&issuer, "iss", json!(format!("{}/", issuer.url))), "issuer is not trusted"),
        (with(&issuer, "iss", Value::Null), "issuer is not trusted"),
        (with(&issuer, "aud", json!("https://other.example")), "not for the audience"),
        (with(&issuer, "aud", Value::Null), "not for the audience"),
        (issuer.sign(&header("alg", json!("RS256")), &claims), "signed with `RS256`"),
        (unsigned("none"), "signed with `none`"),
        (with_public_key_as_secret, "signed with `HS256`"),
        (issuer.sign(&header("typ", json!("logout+jwt")), &claims), "type is `logout+jwt`"),
        (issuer.sign(&header("kid", json!("second")), &claims), "does not publish"),
        (issuer.sign(&header("crit", json!(["exp"])), &claims), "`crit`"),
        (issuer.sign(&good.to_string().replacen('{', r#"{"alg":"ES256","#, 1), &claims), "strict JSON"),
        (issuer.sign(&good.to_string(), &claims.replacen('{', r#"{"sub":"bob","#, 1)), "strict JSON"),
        (with(&issuer, "exp", json!(now - 61)), "it expired at"),
        (with(&issuer, "exp", Value::Null), "`exp` is missing"),
        (with(&issuer, "exp", json!(now + 100_000)), "lifetime exceeds"),
        (with(&issuer, "nbf", json!(now + 120)), "not valid before"),
        (with(&issuer, "iat", json!(now + 120)), "issued in the future"),
        (with(&issuer, "sub", Value::Null), "`sub` is missing"),
        (issuer.token(reader()) + "AA", "signature is invalid"),
    ] {
        let answer = read(&service, &token).await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{why}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.refusal(), (401, "Unauthorized".into(), "bearer_token_refused".into()), "{message}");
        assert!(message.contains("requires a valid JWT bearer token") && message.contains(why), "{why}: {message}");
    }
}

#[tokio::test]
async fn whoever_has_the_key_of_one_issuer_speaks_for_no_other() {
    let (one, other) = (Issuer::start(), Issuer::start());
    let rules = || [rule("roles", "reader", Role::Reader, None)];
    let service = running_trusting(vec![one.settings(rules()), other.settings(rules())]).await;
    for issuer in [&one, &other] {
        assert_eq!(read(&service, &issuer.token(reader())).await.status, 200);
    }
    assert_eq!(read(&service, &with(&one, "iss", json!(other.url))).await.status, 401);
}

#[tokio::test]
async fn attestation_tokens_of_the_service_let_nobody_in() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    let body = quote_body(&service.quote(&enclave_holding(b"")));
    let refused = read(&service, &service.attest(&body).await.token()).await;
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("it is an attestation token"));
    assert_eq!(refused.refusal(), (401, "Unauthorized".into(), "bearer_token_refused".into()));
}

#[tokio::test]
async fn claims_give_roles_and_several_rules_add_up() {
    let issuer = Issuer::start();
    let rules = [
        rule("realm_access.roles", "reader", Role::Reader, None),
        rule("groups", "7a9d", Role::Contributor, Some("one")),
        rule("department", "security", Role::Owner, None),
    ];
    let service = running_trusting(vec![issuer.settings(rules)]).await;
    service.create("one", json!({})).await;
    service.create("two", json!({})).await;
    let policy = policy_jws::unsecured(MINIMAL);
    // Reading and setting at each, and making clients.
    for (claims, expected) in [
        (json!({}), [403; 5]),
        (json!({"realm_access": {"roles": ["other"]}}), [403; 5]),
        (json!({"realm_access.roles": ["reader"], "roles": ["reader"]}), [403; 5]),
        (json!({"realm_access": [{"roles": "reader"}], "groups": {"7a9d": "7a9d"}, "department": true}), [403; 5]),
        (json!({"groups": ["7a9", "7A9D", "7a9d ", ["7a9d"]]}), [403; 5]),
        (json!({"realm_access": {"roles": ["other", "reader"]}}), [200, 403, 200, 403, 403]),
        (json!({"realm_access": {"roles": "reader"}}), [200, 403, 200, 403, 403]),
        (json!({"groups": ["7a9d"]}), [200, 200, 403, 403, 403]),
        (json!({"groups": ["7a9d"], "realm_access": {"roles": ["reader"]}}), [200, 200, 200, 403, 403]),
        (json!({"department": "security"}), [200; 5]),
    ] {
        let token = issuer.token(claims.clone());
        let mut found = Vec::new();
        for provider in ["one", "two"] {
            let path = format!("/p/{provider}/policies/SgxEnclave");
            found.push(service.ask_as(Some(&token), "GET", &path, "").await.status.as_u16());
            found.push(service.ask_as(Some(&token), "PUT", &path, policy.clone()).await.status.as_u16());
        }
        found.push(service.ask_as(Some(&token), "GET", "/clients", "").await.status.as_u16());
        assert_eq!(found, expected, "{claims}");
    }
}

#[tokio::test]
async fn the_history_names_issuer_and_subject() {
    let issuer = Issuer::start();
    let service = running_trusting(vec![issuer.settings([rule("roles", "owner", Role::Owner, None)])]).await;
    let token = issuer.token(json!({"sub": "al\nice|\u{0}", "roles": "owner"}));
    let put = service.ask_as(Some(&token), "PUT", "/policies/Tpm", policy_jws::unsecured(MINIMAL)).await;
    assert_eq!(put.status, 200);
    let history = service.ask("GET", "/policies/Tpm:history", "").await.json();
    assert_eq!(history["value"][0]["changedBy"], format!("{}|al\\nice|\\u{{0}}", issuer.url));
}

#[tokio::test]
async fn whoever_guesses_tokens_of_an_issuer_is_slowed_down() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    let wrong = with(&issuer, "aud", json!("other"));
    for _ in 0..30 {
        assert_eq!(service.ask_as(Some(&wrong), READ.0, READ.1, "").await.status, 401);
    }
    let slowed = service.ask_as(Some(&wrong), READ.0, READ.1, "").await;
    assert_eq!(slowed.refusal(), (429, "TooManyRequests".into(), "too_many_failures".into()));
    let good = service.ask_as(Some(&issuer.token(reader())), READ.0, READ.1, "").await;
    assert_eq!(good.status, 200, "good ones pass");
}

#[tokio::test]
async fn a_new_key_is_fetched_when_it_is_first_seen_and_strangers_cause_no_more_fetches() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    let old = issuer.token(reader());
    assert_eq!((read(&service, &old).await.status.as_u16(), issuer.fetches()), (200, 1));
    issuer.rotate("second");
    assert_eq!(read(&service, &old).await.status, 200, "nobody knows yet");
    let new = issuer.token(reader());
    assert_eq!((read(&service, &new).await.status.as_u16(), issuer.fetches()), (200, 2));
    assert_eq!(read(&service, &old).await.status, 401, "its key is published no more");
    issuer.rotate("third");
    for _ in 0..5 {
        assert_eq!(read(&service, &issuer.token(reader())).await.status, 401);
    }
    assert_eq!(issuer.fetches(), 2, "another one is not before half a minute");
    assert_eq!(read(&service, &new).await.status, 200);
}

#[tokio::test]
async fn the_first_tokens_wait_for_one_fetch() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    let token = issuer.token(reader());
    let answers = tokio::join!(read(&service, &token), read(&service, &token), read(&service, &token));
    assert_eq!([answers.0.status, answers.1.status, answers.2.status], [200; 3]);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn the_last_keys_go_on_when_the_issuer_is_gone() {
    let issuer = Issuer::start();
    let service = service_of(&issuer).await;
    assert_eq!(read(&service, &issuer.token(reader())).await.status, 200);
    issuer.conduct(Conduct::Answers("/keys", "500 Internal Server Error", String::new()));
    let unknown = issuer.sign(r#"{"alg":"ES256","kid":"unknown"}"#, &issuer.claims(reader()).to_string());
    assert_eq!(read(&service, &unknown).await.status, 401);
    assert_eq!(issuer.fetches(), 2, "it was tried");
    assert_eq!(read(&service, &issuer.token(reader())).await.status, 200);
}

#[tokio::test]
async fn without_keys_the_answer_is_that_they_cannot_be_fetched() {
    let metadata = "/.well-known/openid-configuration";
    let at = |path, status, body: &str| Conduct::Answers(path, status, body.to_owned());
    for conduct in [
        at("/keys", "302 Found\r\nlocation: /.well-known/openid-configuration", ""),
        at("/keys", "404 Not Found", ""),
        at("/keys", "200 OK", &" ".repeat((1 << 20) + 1)),
        at("/keys", "200 OK", r#"{"keys":[],"keys":[]}"#),
        at("/keys", "200 OK", "<html>"),
        at(metadata, "307 Temporary Redirect\r\nlocation: /keys", ""),
        at(metadata, "200 OK", r#"{"issuer":"https://login.example","jwks_uri":"https://login.example/keys"}"#),
    ] {
        let issuer = Issuer::start();
        issuer.conduct(conduct);
        let service = service_of(&issuer).await;
        let refused = read(&service, &issuer.token(reader())).await.refusal();
        assert_eq!(refused, (503, "InternalError".into(), "issuer_unreachable".into()));
        assert_eq!(service.get("/certs").await.status, 200, "nobody else is held up");
    }
}

#[tokio::test]
async fn an_issuer_that_says_nothing_holds_nobody_up_for_long() {
    let issuer = Issuer::start();
    issuer.conduct(Conduct::Silent);
    let service = service_of(&issuer).await;
    let begun = Instant::now();
    assert_eq!(read(&service, &issuer.token(reader())).await.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn keys_at_an_address_of_the_operators_choice_need_no_metadata() {
    let issuer = Issuer::start();
    issuer.conduct(Conduct::Answers("/.well-known/openid-configuration", "404 Not Found", String::new()));
    let mut settings = issuer.settings([rule("roles", "reader", Role::Reader, None)]);
    settings.jwks_url = Some(format!("{}/keys", issuer.url));
    let service = running_trusting(vec![settings]).await;
    assert_eq!(read(&service, &issuer.token(reader())).await.status, 200);
}

#[tokio::test]
async fn issuers_that_cannot_be_trusted_are_refused() {
    let issuer = Issuer::start();
    let good = || issuer.settings([rule("roles", "reader", Role::Reader, None)]);
    assert!(trust(vec![good()]).is_ok());
    let with = |change: fn(&mut IssuerSettings)| {
        let mut settings = good();
        change(&mut settings);
        trust(vec![settings]).unwrap_err().1
    };
    let of = |issuer: &str| trust(vec![IssuerSettings { issuer: issuer.to_owned(), ..good() }]).unwrap_err().1;
    for own in [URL, "https://127.0.0.1:8443", "https://LOCALHOST:8443/", "https://localhost:8443/p/one"] {
        assert!(matches!(of(own), IssuerFault::Own), "{own}");
    }
    for text in ["", "https://a b", "https://ä", &format!("https://a/{}", "x".repeat(512))] {
        assert!(matches!(of(text), IssuerFault::Issuer), "{text}");
    }
    for text in ["http://login.example", "http://localhost", "login.example", "https://a?b", "https://u@a"] {
        assert!(matches!(of(text), IssuerFault::Keys(_)), "{text}");
    }
    assert!(matches!(with(|one| one.audience.clear()), IssuerFault::Audience));
    assert!(matches!(with(|one| one.algorithms.clear()), IssuerFault::NoAlgorithms));
    assert!(matches!(with(|one| one.rules.clear()), IssuerFault::Rules));
    assert!(matches!(with(|one| one.jwks_url = Some("http://a".to_owned())), IssuerFault::Keys(_)));
    assert!(matches!(with(|one| one.authorities = Some(Vec::new())), IssuerFault::Keys(_)));
    assert!(matches!(trust(vec![good(), good()]).unwrap_err(), (1, IssuerFault::Twice)));
    let many = (0..17).map(|number| IssuerSettings { issuer: format!("https://a{number}"), ..good() });
    assert!(matches!(trust(many.collect()).unwrap_err(), (17, IssuerFault::TooMany)));
}

#[tokio::test]
async fn rules_that_cannot_be_are_refused() {
    let issuer = Issuer::start();
    let of = |change: fn(&mut attestation::RoleRule)| {
        let mut bad = rule("roles", "owner", Role::Owner, None);
        change(&mut bad);
        match trust(vec![issuer.settings([rule("roles", "reader", Role::Reader, None), bad])]) {
            Err((1, IssuerFault::Rule { number: 2, fault })) => fault,
            other => panic!("{other:?}"),
        }
    };
    for change in [
        (|bad| bad.claim.clear()) as fn(&mut attestation::RoleRule),
        |bad| bad.claim = vec!["a".to_owned(), String::new()],
        |bad| bad.claim = vec!["a".to_owned(); 9],
        |bad| bad.claim = vec!["a".repeat(257)],
    ] {
        assert!(matches!(of(change), RuleFault::Claim));
    }
    assert!(matches!(of(|bad| bad.value.clear()), RuleFault::Value));
    assert!(matches!(of(|bad| bad.value = "a".repeat(257)), RuleFault::Value));
    assert!(matches!(of(|bad| (bad.role, bad.providers) = (Role::Reader, Some(Vec::new()))), RuleFault::NoProviders));
    let one = |bad: &mut attestation::RoleRule| bad.providers = rule("a", "b", Role::Reader, Some("one")).providers;
    assert!(matches!(of(one), RuleFault::OwnerOfProvider));
}

/// Which issuer is refused, and why.
fn trust(issuers: Vec<IssuerSettings>) -> Result<TrustedIssuers, (usize, IssuerFault)> {
    let own = running::addresses(URL);
    TrustedIssuers::new(issuers, &own).map_err(|error| {
        assert!(!error.fault.help().is_empty());
        (error.number, error.fault)
    })
}

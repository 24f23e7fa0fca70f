//! Who may do what: every route, every role, every kind of token.

mod running;

use attestation::Role;
use attestation::policy_jws;
use axum::body::Body;
use axum::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use running::issuer::{Issuer, rule};
use running::managed::{GROUP, MINIMAL, RESET};
use running::{ADMINISTRATOR, Running, enclave_holding, quote_body, request, running, running_trusting};
use serde_json::{Value, json};

/// Whoever may ask at all, in the order of the columns below.
const CALLERS: [&str; 10] = [
    "nobody",
    "stranger",
    "attestation token",
    "no role",
    "other's contributor",
    "reader",
    "contributor",
    "reader of all",
    "contributor of all",
    "owner",
];

/// A route with its body, and for each caller the status: `.` 401, `x` 403, `+` what the route answers whoever may.
fn table() -> Vec<(&'static str, String, String, u16, &'static str)> {
    let jws = policy_jws::unsecured(MINIMAL);
    let one = format!("{GROUP}/one");
    let subscription = "/subscriptions/s1/providers/Microsoft.Attestation";
    let tee = "?tee=SgxEnclave&api-version=2018-09-01-preview";
    let client = json!({"name": "x", "role": "none", "expiresIn": 1}).to_string();
    let hash = "0".repeat(64);
    let row = |method, path: &str, body: &str, status, marks| (method, path.to_owned(), body.to_owned(), status, marks);
    vec![
        row("GET", "/p/one/policies/SgxEnclave", "", 200, "...xx+++++"),
        row("PUT", "/p/one/policies/SgxEnclave", &jws, 200, "...xxx+x++"),
        row("POST", "/p/one/policies/SgxEnclave:reset", RESET, 200, "...xxx+x++"),
        row("GET", "/p/one/policies/SgxEnclave:history", "", 200, "...xx+++++"),
        row("POST", "/p/one/policies/SgxEnclave:rollback", "{\"number\":1}", 200, "...xxx+x++"),
        row("GET", "/p/one/certificates", "", 200, "...xx+++++"),
        row("POST", "/p/one/certificates:add", &jws, 400, "...xxx+x++"),
        row("POST", "/p/one/certificates:remove", &jws, 400, "...xxx+x++"),
        row("GET", "/p/one/certs", "", 200, "++++++++++"),
        row("GET", "/p/one/.well-known/openid-configuration", "", 200, "++++++++++"),
        row("GET", "/p/one/servicehealth", "", 204, "++++++++++"),
        row("GET", "/p/one/revoked", "", 200, "++++++++++"),
        row("POST", "/p/one/revoke", "token=x", 200, "...xxx+x++"),
        row("POST", "/p/one/attest/SgxEnclave", "{}", 400, "++++++++++"),
        row("POST", "/p/one/attest/OpenEnclave", "{}", 400, "++++++++++"),
        row("POST", "/p/one/attest/TdxVm", "{}", 400, "++++++++++"),
        row("POST", "/p/one/attest/Tpm", "{}", 400, "++++++++++"),
        row("POST", "/p/closed/attest/SgxEnclave", "{}", 400, "...xxxx+++"),
        row("POST", "/p/closed/attest/TdxVm", "{}", 400, "...xxxx+++"),
        row("GET", "/p/one/tcbbaselines/SgxEnclave", "", 200, "++++++++++"),
        row("GET", "/p/closed/tcbbaselines/SgxEnclave", "", 200, "...xxxx+++"),
        row("POST", "/p/one/attest/SgxEnclave?api-version=2018-09-01-preview", "{}", 400, "...xx+++++"),
        row("POST", "/p/one/attest/Tee/OpenEnclave", "{}", 400, "...xx+++++"),
        row("GET", &format!("/p/one/operations/policy/current{tee}"), "", 200, "...xx+++++"),
        row("PUT", &format!("/p/one/operations/policy/current{tee}"), &jws, 200, "...xxx+x++"),
        row("POST", &format!("/p/one/operations/policy/current{tee}"), RESET, 200, "...xxx+x++"),
        row("DELETE", &format!("/p/one/operations/policy/current{tee}"), RESET, 200, "...xxx+x++"),
        row("POST", &format!("/p/one/operations/policy/updatepolicy{tee}"), &jws, 200, "...xxx+x++"),
        row("POST", &format!("/p/one/operations/policy/update{tee}"), &jws, 200, "...xxx+x++"),
        row("GET", "/p/one/operations/policy/certificates", "", 200, "...xx+++++"),
        row("PUT", "/p/one/operations/policy/certificates", &jws, 400, "...xxx+x++"),
        row("POST", "/p/one/operations/policy/certificates", &jws, 400, "...xxx+x++"),
        row("POST", "/oauth2/token", "", 400, "++++++++++"),
        row("POST", "/p/one/oauth2/token", "", 400, "++++++++++"),
        row("GET", "/clients", "", 200, "...xxxxxx+"),
        row("POST", "/clients", &client, 400, "...xxxxxx+"),
        row("GET", "/audit/heads", "", 200, "++++++++++"),
        row("GET", "/audit/records/replica/0", "", 200, "...xxxxxx+"),
        row("GET", &format!("/audit/inputs/{hash}"), "", 404, "...xxxxxx+"),
        row("GET", "/audit/platforms/one/0", "", 200, "...xxxxxx+"),
        row("GET", &format!("/audit/evidence/one/{hash}"), "", 404, "...xxxxxx+"),
        row("DELETE", "/clients/none", "", 204, "...xxxxxx+"),
        row("GET", "/providers/Microsoft.Attestation/operations", "", 200, "...x++++++"),
        row("GET", &format!("{subscription}/attestationProviders"), "", 200, "...x++++++"),
        row("GET", &format!("{subscription}/defaultProviders"), "", 200, "...x++++++"),
        row("GET", &format!("{subscription}/locations/local/defaultProvider"), "", 200, "...x++++++"),
        row("GET", GROUP, "", 200, "...x++++++"),
        row("GET", &one, "", 200, "...xx+++++"),
        row("GET", &format!("{one}/privateEndpointConnections"), "", 200, "...xx+++++"),
        row("GET", &format!("{one}/privateLinkResources"), "", 200, "...xx+++++"),
        row("GET", &format!("{one}/privateEndpointConnections/none"), "", 404, "...xx+++++"),
        row("PUT", &format!("{one}/privateEndpointConnections/none"), "{}", 400, "...xxxxxx+"),
        row("DELETE", &format!("{one}/privateEndpointConnections/none"), "", 204, "...xxxxxx+"),
        row("POST", &format!("{one}/rotateKeys"), "{\"leadSeconds\":1}", 400, "...xxxxxx+"),
        row("POST", &format!("{one}/withdrawKey"), "{\"keyId\":\"none\"}", 404, "...xxxxxx+"),
        row("PATCH", &one, "{}", 200, "...xxxxxx+"),
        row("PUT", &one, "{\"location\":\"local\"}", 200, "...xxxxxx+"),
        row("DELETE", &format!("{GROUP}/none"), "", 204, "...xxxxxx+"),
    ]
}

/// The roles of the last columns; the provider that each is for, if it is for one.
const ROLES: [(&str, Role, Option<&str>); 6] = [
    ("other's contributor", Role::Contributor, Some("other")),
    ("reader", Role::Reader, Some("one")),
    ("contributor", Role::Contributor, Some("one")),
    ("reader of all", Role::Reader, None),
    ("contributor of all", Role::Contributor, None),
    ("owner", Role::Owner, None),
];

/// Routes whose 401 is a sentence and no object.
fn is_of_2018(path: &str) -> bool {
    ["2018-09-01-preview", "/attest/Tee/", "/operations/"].iter().any(|sign| path.contains(sign))
}

/// Somebody with the token that belongs to a column: one of our own issuer, or one of an OpenID Connect issuer.
struct Asker {
    column: &'static str,
    kind: &'static str,
    token: Option<String>,
}

async fn askers(service: &Running, issuer: &Issuer) -> Vec<Asker> {
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let attestation = service.post("/p/one/attest/SgxEnclave", body).await.token();
    let asker = |column, kind, token| Asker { column, kind, token };
    let mut askers = vec![
        asker("nobody", "no", None),
        asker("stranger", "a guessed", Some("somebody".to_owned())),
        asker("stranger", "another issuer's", Some(Issuer::start().token(json!({"roles": ["owner"]})))),
        asker("stranger", "an issuer's expired", Some(issuer.token(json!({"roles": ["owner"], "exp": 1})))),
        asker("attestation token", "an attestation", Some(attestation)),
        asker("no role", "an issuer's", Some(issuer.token(json!({"roles": ["king"]})))),
    ];
    for (column, role, provider) in ROLES {
        let own = service.access_token(column, role.as_str(), provider).await;
        askers.push(asker(column, "our issuer's", Some(own)));
        askers.push(asker(column, "an issuer's", Some(issuer.token(json!({"roles": [column]})))));
    }
    askers
}

#[tokio::test]
async fn every_route_for_every_role_and_every_token() {
    let issuer = Issuer::start();
    let rules = ROLES.map(|(column, role, provider)| rule("roles", column, role, provider));
    let service = running_trusting(vec![issuer.settings(rules)]).await;
    for (name, veritee) in
        [("one", json!({})), ("other", json!({})), ("closed", json!({"anonymousAttestation": false}))]
    {
        service.create(name, json!({"veritee": veritee})).await;
    }
    let askers = askers(&service, &issuer).await;
    // What a later row expects to find.
    service.ask("PUT", "/p/one/policies/SgxEnclave", policy_jws::unsecured(MINIMAL)).await.token();
    for (method, path, body, allowed, marks) in table() {
        assert_eq!(marks.len(), CALLERS.len(), "{path}");
        for (caller, mark) in CALLERS.iter().zip(marks.chars()) {
            let expected = match mark {
                '.' => 401,
                'x' => 403,
                _ => allowed,
            };
            let those = || askers.iter().filter(|asker| asker.column == *caller);
            assert!(those().count() > 0, "{caller}");
            for Asker { kind, token, .. } in those() {
                let answer = service.ask_from_anywhere(token.as_deref(), method, &path, body.clone()).await;
                let shown = String::from_utf8_lossy(&answer.body).into_owned();
                assert_eq!(answer.status.as_u16(), expected, "{method} {path} by {caller} with {kind} token: {shown}");
                match expected {
                    401 if answer.json().is_string() => assert!(is_of_2018(&path), "{path}"),
                    401 => assert_eq!(answer.refusal().1, "Unauthorized"),
                    403 => assert_eq!(answer.refusal(), (403, "Forbidden".into(), "role_insufficient".into())),
                    _ => {}
                }
            }
        }
        // The administrator is an owner.
        let answer = service.ask_as(Some(ADMINISTRATOR), method, &path, body).await;
        assert_eq!(answer.status.as_u16(), allowed, "{method} {path} by the administrator");
    }
}

#[tokio::test]
async fn a_list_shows_what_the_caller_may_read() {
    let service = running().await;
    service.create("one", json!({})).await;
    service.create("two", json!({})).await;
    let names = async |token: &str| -> Vec<String> {
        let list = service.ask_as(Some(token), "GET", GROUP, "").await.json();
        list["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&service.access_token("r", "reader", Some("two")).await).await, ["two"]);
    assert_eq!(names(ADMINISTRATOR).await, ["one", "two"]);
}

#[tokio::test]
async fn a_client_gets_access_tokens_until_it_is_deleted() {
    let service = running().await;
    let body = json!({"name": "deployer", "role": "contributor", "provider": "default", "expiresIn": 3600});
    let made = service.ask("POST", "/clients", body.to_string()).await;
    assert_eq!((made.status.as_u16(), made.headers[header::CACHE_CONTROL].to_str().unwrap()), (201, "no-store"));
    let made = made.json();
    let (id, secret) = (made["clientId"].as_str().unwrap(), made["clientSecret"].as_str().unwrap());
    let again = service.ask("POST", "/clients", body.to_string()).await;
    assert_eq!(again.refusal(), (409, "Conflict".into(), "client_exists".into()));
    let listed = service.ask("GET", "/clients", "").await.json();
    assert_eq!((&listed["value"][0]["name"], &listed["value"][0]["clientSecret"]), (&json!("deployer"), &json!(null)));
    assert_eq!(listed["value"][0]["createdBy"], "administrator");

    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=anything");
    let granted = service.post("/oauth2/token", form).await;
    assert_eq!(granted.headers[header::CACHE_CONTROL], "no-store");
    let granted = granted.json();
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(900)));
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let asked = request("POST", "/oauth2/token").header(header::AUTHORIZATION, basic);
    let by_header = service.send(asked.body(Body::from("grant_type=client_credentials")).unwrap()).await.json();
    let token = by_header["access_token"].as_str().unwrap();
    assert_eq!(service.ask_as(Some(token), "GET", "/policies/Tpm", "").await.status, 200);
    let put = service.ask_as(Some(token), "PUT", "/policies/Tpm", policy_jws::unsecured(MINIMAL)).await;
    assert_eq!(put.status, 200);
    let history = service.ask("GET", "/policies/Tpm:history", "").await.json();
    assert_eq!(history["value"][0]["changedBy"], "deployer");

    assert_eq!(service.ask("DELETE", &format!("/clients/{id}"), "").await.status, 200);
    let refused = service.ask_as(Some(token), "GET", "/policies/Tpm", "").await;
    assert_eq!(refused.refusal(), (401, "Unauthorized".into(), "bearer_token_refused".into()));
}

#[tokio::test]
async fn wrong_credentials_are_refused_as_oauth_has_it() {
    let service = running().await;
    let body = json!({"name": "deployer", "role": "reader", "expiresIn": 3600}).to_string();
    let made = service.ask("POST", "/clients", body).await.json();
    let (id, secret) = (made["clientId"].as_str().unwrap(), made["clientSecret"].as_str().unwrap());
    let grant = "grant_type=client_credentials";
    for (form, status, error) in [
        (String::new(), 400, "unsupported_grant_type"),
        ("grant_type=password".to_owned(), 400, "unsupported_grant_type"),
        (format!("{grant}&{grant}"), 400, "unsupported_grant_type"),
        (grant.to_owned(), 400, "invalid_request"),
        (format!("{grant}&client_id={id}"), 400, "invalid_request"),
        (format!("{grant}&client_id={id}&client_secret=x"), 401, "invalid_client"),
        (format!("{grant}&client_id=x&client_secret={secret}"), 401, "invalid_client"),
    ] {
        let answer = service.post("/oauth2/token", form.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (status, &json!(error)), "{form}");
    }
}

#[tokio::test]
async fn clients_that_cannot_be_are_refused() {
    let service = running().await;
    let good = json!({"name": "a", "role": "reader", "provider": "default", "expiresIn": 1});
    let with = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body.to_string()
    };
    for body in [
        String::new(),
        "[]".to_owned(),
        with("name", json!("")),
        with("name", json!("a".repeat(101))),
        with("name", json!("a\nb")),
        with("name", json!("administrator")),
        with("name", json!("https://login.example|alice")),
        with("role", json!("king")),
        with("role", json!("owner")),
        with("provider", json!("none")),
        with("provider", json!("a/b")),
        with("expiresIn", json!(0)),
        with("expiresIn", json!(400_000_000)),
        with("more", json!(1)),
    ] {
        let refused = service.ask("POST", "/clients", body.clone()).await.refusal();
        assert_eq!(refused, (400, "InvalidParameter".into(), "client_malformed".into()), "{body}");
    }
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down() {
    let service = running().await;
    let ask = async |token: &str| service.ask_as(Some(token), "GET", "/policies/Tpm", "").await;
    for _ in 0..30 {
        assert_eq!(ask("guess").await.status, 401);
    }
    let slowed = ask("guess").await;
    assert!(slowed.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(slowed.refusal(), (429, "TooManyRequests".into(), "too_many_failures".into()));
    assert_eq!(ask(ADMINISTRATOR).await.status, 200, "whoever shares the address is not locked out");
    let form = "grant_type=client_credentials&client_id=a&client_secret=b";
    assert_eq!(service.post("/oauth2/token", form).await.status, 429);
    // Whoever sends no credentials guesses none.
    assert_eq!(service.get("/certs").await.status, 200);
}

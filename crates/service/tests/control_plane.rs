//! Making, changing and deleting providers, as Azure's resource manager has it.

mod running;

use std::sync::Arc;

use attestation::{Addresses, OpenError, ProviderDomain, ProviderName, Providers, PublicUrl, ServiceConfig};
use axum::http::{Request, header};
use running::managed::{GROUP, Signer, isolated};
use running::{claims_of, enclave_holding, quote_body, running, running_with};
use serde_json::{Value, json};
use store::{ProviderStore, Sqlite, Store};
use unix_time::UnixTime;

const SUBSCRIPTION: &str = "/subscriptions/s1/providers/Microsoft.Attestation";

#[tokio::test]
async fn a_provider_is_made_shown_listed_changed_and_deleted() {
    let service = running().await;
    let at = format!("{GROUP}/contoso");
    assert_eq!(
        service.ask("GET", &at, "").await.refusal(),
        (404, "ResourceNotFound".into(), "provider_unknown".into())
    );
    let made = service.create("contoso", json!({"publicNetworkAccess": "Disabled"})).await;
    assert_eq!(
        made["id"],
        "/subscriptions/s1/resourceGroups/g1/providers/Microsoft.Attestation/attestationProviders/contoso"
    );
    assert_eq!(made["type"], "Microsoft.Attestation/attestationProviders");
    assert_eq!((&made["name"], &made["location"]), (&json!("contoso"), &json!("local")));
    let properties = &made["properties"];
    assert_eq!(properties["attestUri"], "https://localhost:8443/p/contoso");
    assert_eq!((&properties["trustModel"], &properties["status"]), (&json!("AAD"), &json!("Ready")));
    assert_eq!(properties["publicNetworkAccess"], "Disabled");
    assert_eq!(properties["privateEndpointConnections"], json!([]));
    assert_eq!(properties["tpmAttestationAuthentication"], "Enabled");
    assert_eq!(properties["veritee"]["simulated"], true);
    assert_eq!(service.ask("GET", &at.to_uppercase(), "").await.json(), made);

    let patch = json!({"tags": {"a": "b"}, "properties": {"tpmAttestationAuthentication": "Disabled"}});
    let changed = service.ask("PATCH", &at, patch.to_string()).await.json();
    assert_eq!(changed["tags"], json!({"a": "b"}));
    assert_eq!(changed["properties"]["tpmAttestationAuthentication"], "Disabled");
    assert_eq!(changed["properties"]["publicNetworkAccess"], "Disabled", "what is not named stays");
    for list in [GROUP.to_owned(), format!("{SUBSCRIPTION}/attestationProviders")] {
        assert_eq!(service.ask("GET", &list, "").await.json(), json!({"value": [changed]}));
    }
    let elsewhere = GROUP.replace("/s1/", "/s2/");
    assert_eq!(service.ask("GET", &elsewhere, "").await.json(), json!({"value": []}));
    assert_eq!(service.ask("GET", &format!("{elsewhere}/contoso"), "").await.status, 404);
    assert_eq!(service.ask("GET", &format!("{at}/privateEndpointConnections"), "").await.json(), json!({"value": []}));
    assert_eq!(service.ask("GET", &format!("{at}/privateLinkResources"), "").await.json(), json!({"value": []}));

    assert_eq!(service.get("/p/contoso/certs").await.status, 200);
    assert_eq!(service.ask("DELETE", &at, "").await.status, 200);
    assert_eq!(service.ask("DELETE", &at, "").await.status, 204);
    assert_eq!(service.get("/p/contoso/certs").await.refusal(), (404, "NotFound".into(), "provider_unknown".into()));
}

#[tokio::test]
async fn a_token_of_one_provider_fails_against_another_by_key() {
    let service = running().await;
    service.create("one", json!({})).await;
    service.create("two", json!({})).await;
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let token = service.post("/p/one/attest/SgxEnclave", body).await.token();
    assert_eq!(claims_of(&token)["iss"], "https://localhost:8443/p/one");
    let keys = async |name: &str| jose::Jwks::parse(&service.get(&format!("/p/{name}/certs")).await.body).unwrap();
    let verify = |iss: &str, keys| {
        let expectations = token::Expectations::new(token::Binding::WithoutFreshness).accept_simulated();
        let now = UnixTime::of_system_clock();
        token::Verifier::new(iss, keys).verify(&token, now, &expectations)
    };
    let iss = "https://localhost:8443/p/one";
    assert!(verify(iss, keys("one").await).is_ok());
    // Even to somebody who takes the name for granted.
    assert!(matches!(verify(iss, keys("two").await), Err(token::TokenError::UnknownKey { .. })));
    let default = jose::Jwks::parse(&service.get("/certs").await.body).unwrap();
    assert!(matches!(verify(iss, default), Err(token::TokenError::UnknownKey { .. })));
}

#[tokio::test]
async fn settings_hold_for_their_provider_alone() {
    let service = running().await;
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let attest = async |name: &str| service.post(&format!("/p/{name}/attest/SgxEnclave"), body.clone()).await;
    let veritee = json!({"tokenAlgorithm": "ES256", "tokenLifetime": 60, "acceptedTcb": ["OutOfDate"]});
    let made = service.create("curve", json!({"veritee": veritee})).await;
    assert_eq!(made["properties"]["veritee"]["acceptedTcb"], json!(["UpToDate", "OutOfDate"]));
    let token = attest("curve").await.token();
    let claims = claims_of(&token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    let keys = service.get("/p/curve/certs").await.json();
    assert_eq!(keys["keys"][0]["kty"], "EC");
    let metadata = service.get("/p/curve/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["ES256"]));
    let keys = jose::Jwks::parse(keys.to_string().as_bytes()).unwrap();
    let expectations = token::Expectations::new(token::Binding::WithoutFreshness).accept_simulated();
    let now = UnixTime::of_system_clock();
    token::Verifier::new("https://localhost:8443/p/curve", keys).verify(&token, now, &expectations).unwrap();

    // The number of the simulated collateral is lower than this.
    for (name, veritee) in
        [("minimum", json!({"minimumEvaluationDataNumber": 1_000_000})), ("baseline", json!({"baseline": 1_000_000}))]
    {
        service.create(name, json!({"veritee": veritee})).await;
        assert_eq!(attest(name).await.refusal().2, "evaluation_number_too_low", "{name}");
    }
    // A policy that names a lower number goes below the baseline, and not below the minimum.
    let policy = "version=1.1; configurationrules{=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"10\");}; \
                  authorizationrules{=> permit();};";
    for (name, status) in [("minimum", 400), ("baseline", 200)] {
        let jws = attestation::policy_jws::unsecured(policy);
        service.ask("PUT", &format!("/p/{name}/policies/SgxEnclave"), jws).await.token();
        assert_eq!(attest(name).await.status, status, "{name}");
    }
    service.create("closed", json!({"veritee": {"anonymousAttestation": false}})).await;
    assert_eq!(attest("closed").await.refusal(), (401, "Unauthorized".into(), "bearer_token_missing".into()));
    let reader = service.access_token("reader", "reader", Some("closed")).await;
    service.ask_as(Some(&reader), "POST", "/p/closed/attest/SgxEnclave", body.clone()).await.token();
    let stranger = service.access_token("stranger", "owner", None).await;
    service.ask_as(Some(&stranger), "POST", "/p/closed/attest/SgxEnclave", body.clone()).await.token();
}

#[tokio::test]
async fn a_provider_without_public_network_access_is_for_private_networks() {
    let service = running().await;
    service.create("inside", json!({"publicNetworkAccess": "Disabled"})).await;
    let from = async |peer: &str, path: &str| {
        let peer = std::net::SocketAddr::new(peer.parse().unwrap(), 1);
        let asked = running::request("GET", path).extension(running::connection(peer));
        service.send(asked.body(axum::body::Body::empty()).unwrap()).await
    };
    for private in ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "::ffff:192.168.0.1"] {
        assert_eq!(from(private, "/p/inside/certs").await.status, 200, "{private}");
    }
    for public in ["192.0.2.1", "2001:db8::1"] {
        let refused = from(public, "/p/inside/certs").await.refusal();
        assert_eq!(refused, (403, "Forbidden".into(), "public_network_access_disabled".into()), "{public}");
        assert_eq!(from(public, "/certs").await.status, 200, "others stay open");
    }
}

#[tokio::test]
async fn each_location_has_one_default_provider() {
    let service = running().await;
    let defaults = format!("{SUBSCRIPTION}/defaultProviders");
    let list = service.ask("GET", &defaults, "").await.json();
    let uris = |list: &Value| -> Vec<String> {
        list["value"].as_array().unwrap().iter().map(|one| one["properties"]["attestUri"].to_string()).collect()
    };
    assert_eq!(uris(&list), ["\"https://localhost:8443\""]);
    assert_eq!(list["value"][0]["id"], "/providers/Microsoft.Attestation/attestationProviders/default");
    let body = |location: &str| {
        let veritee = json!({"default": true, "shared": true});
        json!({"location": location, "properties": {"veritee": veritee}}).to_string()
    };
    assert_eq!(service.ask("PUT", &format!("{GROUP}/sharedwus"), body("West US")).await.status, 201);
    let second = service.ask("PUT", &format!("{GROUP}/second"), body("westus")).await;
    assert_eq!(second.refusal(), (409, "Conflict".into(), "provider_exists".into()));
    assert_eq!(uris(&service.ask("GET", &defaults, "").await.json()).len(), 2);
    let at = |location: &str| format!("{SUBSCRIPTION}/locations/{location}/defaultProvider");
    assert_eq!(service.ask("GET", &at("westus"), "").await.json()["name"], "sharedwus");
    assert_eq!(service.ask("GET", &at("nowhere"), "").await.status, 404);
    let operations = service.ask("GET", "/providers/Microsoft.Attestation/operations", "").await.json();
    assert_eq!(operations["value"][0]["name"], "Microsoft.Attestation/attestationProviders/read");
}

#[tokio::test]
async fn what_makes_no_provider_is_refused_and_leaves_none() {
    let service = running().await;
    let signer = Signer::new("signer", false, None);
    let with = |properties: Value| json!({"location": "local", "properties": properties}).to_string();
    let veritee = |veritee: Value| with(json!({"veritee": veritee}));
    let many: Vec<Value> = (0..33).map(|_| Signer::new("signer", false, None).jwk()).collect();
    for (body, code) in [
        (String::new(), "body_malformed"),
        ("[]".to_owned(), "body_malformed"),
        ("{\"location\":1}".to_owned(), "body_malformed"),
        ("{\"location\":\"a\",\"location\":\"b\"}".to_owned(), "body_malformed"),
        ("{}".to_owned(), "location_malformed"),
        ("{\"location\":\"a/b\"}".to_owned(), "location_malformed"),
        (json!({"location": "a".repeat(33)}).to_string(), "location_malformed"),
        (with(json!({"publicNetworkAccess": "On"})), "body_malformed"),
        (with(json!({"policySigningCertificates": {"keys": []}})), "certificates_missing"),
        (with(json!({"policySigningCertificates": {"keys": [{"x5c": []}]}})), "certificate_malformed"),
        (with(json!({"policySigningCertificates": {"keys": [{"x5c": ["MAA="]}]}})), "certificate_malformed"),
        (with(json!({"policySigningCertificates": {"keys": many}})), "too_many_certificates"),
        (
            with(json!({"policySigningCertificates": {"keys": [signer.jwk()]}, "veritee": {"shared": true}})),
            "shared_with_certificates",
        ),
        (veritee(json!({"misspelt": 1})), "body_malformed"),
        (veritee(json!({"tokenLifetime": 59})), "token_lifetime_out_of_range"),
        (veritee(json!({"tokenAlgorithm": "none"})), "body_malformed"),
        (veritee(json!({"acceptedTcb": ["Revoked"]})), "revoked_never_accepted"),
        (veritee(json!({"acceptedTcb": ["Fine"]})), "body_malformed"),
        (veritee(json!({"rootCertificate": "nonsense"})), "root_malformed"),
        (veritee(json!({"collateral": "/nonexistent"})), "collateral_unusable"),
        (json!({"location": "a", "tags": {"a": "b".repeat(257)}}).to_string(), "tags_too_long"),
    ] {
        let refused = service.ask("PUT", &format!("{GROUP}/broken"), body.clone()).await.refusal();
        assert_eq!((refused.0, refused.2.as_str()), (400, code), "{body:.200}");
    }
    let refused = service.ask("PUT", &format!("{GROUP}/a_b"), "{\"location\":\"a\"}").await;
    assert_eq!(refused.refusal().2, "provider_name_malformed");
    assert_eq!(service.get("/p/broken/certs").await.refusal().2, "provider_unknown");
    assert_eq!(service.ask("DELETE", &format!("{GROUP}/broken"), "").await.status, 204);
}

#[tokio::test]
async fn what_is_fixed_stays() {
    let service = running().await;
    let signer = Signer::new("signer", false, None);
    service.create("iso", isolated(&[&signer])).await;
    let at = format!("{GROUP}/iso");
    let put = async |body: Value| service.ask("PUT", &at, body.to_string()).await;
    // A PUT that asks for nothing fixed changes what may be changed.
    let changed = put(json!({"location": "local", "tags": {"a": "b"}})).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["tags"]), (200, &json!({"a": "b"})));
    let other = Signer::new("other", false, None);
    let root = service.root_pem();
    for body in [
        json!({"location": "elsewhere"}),
        json!({"location": "local", "properties": isolated(&[&other])}),
        json!({"location": "local", "properties": {"veritee": {"shared": true}}}),
        json!({"location": "local", "properties": {"veritee": {"rootCertificate": root}}}),
    ] {
        assert_eq!(put(body).await.refusal(), (409, "Conflict".into(), "provider_exists".into()));
    }
    // In another group it is somebody else's.
    let elsewhere = format!("{}/iso", GROUP.replace("g1", "g2"));
    let taken = service.ask("PUT", &elsewhere, "{\"location\":\"local\"}").await;
    assert_eq!(taken.refusal(), (409, "Conflict".into(), "provider_exists".into()));
    let algorithm = json!({"properties": {"veritee": {"tokenAlgorithm": "ES256"}}});
    assert_eq!(service.ask("PATCH", &at, algorithm.to_string()).await.refusal().2, "token_algorithm_fixed");
    let default = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/veritee/providers/\
                   Microsoft.Attestation/attestationProviders/default";
    assert_eq!(service.ask("GET", default, "").await.json()["properties"]["attestUri"], running::URL);
    assert_eq!(
        service.ask("DELETE", default, "").await.refusal(),
        (409, "InvalidParameter".into(), "default_stays".into())
    );
}

/// What takes a service beyond loopback: its listener, its public URL, the domain of its providers.
const BEYOND_LOOPBACK: [fn(&mut ServiceConfig); 3] = [
    |config| config.listens_on_loopback = false,
    |config| config.addresses = running::addresses("https://localhost.evil.com:8443"),
    |config| {
        let domain = ProviderDomain::parse("attest.example").unwrap();
        config.addresses = Addresses::new(PublicUrl::parse(running::URL).unwrap(), Some(domain));
    },
];

#[tokio::test]
async fn other_roots_are_for_services_that_strangers_do_not_reach() {
    for beyond in BEYOND_LOOPBACK {
        let mut host = String::new();
        let service = running_with(|config| {
            config.root_pem = None;
            beyond(config);
            host = format!("{}:8443", config.addresses.service().host());
        })
        .await;
        let body = json!({"location": "local", "properties": {"veritee": {"rootCertificate": service.root_pem()}}});
        let asked = Request::builder().method("PUT").uri(format!("{GROUP}/other")).header(header::HOST, host);
        let asked = asked.header(header::AUTHORIZATION, format!("Bearer {}", running::ADMINISTRATOR));
        let refused = service.send(asked.body(body.to_string().into()).unwrap()).await;
        assert_eq!(refused.refusal(), (400, "InvalidParameter".into(), "other_root".into()));
    }
}

#[tokio::test]
async fn a_simulated_service_is_not_opened_beyond_loopback() {
    let simulated = running().await;
    for beyond in BEYOND_LOOPBACK {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&directory.path().join("veritee.db")).await.unwrap());
        let mut config = ServiceConfig { root_pem: Some(simulated.root_pem()), ..running::config() };
        beyond(&mut config);
        let opened = Providers::open(store.clone(), config, UnixTime::of_system_clock()).await;
        assert!(matches!(opened, Err(OpenError::BeyondLoopback)));
        assert_eq!(store.providers().await.unwrap(), [], "nothing was made");
    }
}

#[tokio::test]
async fn a_simulated_provider_of_another_replica_is_not_served_beyond_loopback() {
    let service = running_with(|config| config.root_pem = None).await;
    let properties = json!({"veritee": {"rootCertificate": service.root_pem()}});
    let body = json!({"location": "local", "properties": properties}).to_string();
    assert_eq!(service.ask("PUT", &format!("{GROUP}/simulated"), body).await.status, 201);
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let name = ProviderName::parse("simulated").unwrap();
    for listens_on_loopback in [true, false] {
        let config = ServiceConfig { listens_on_loopback, ..running::config() };
        let providers = Providers::open(Arc::new(store.clone()), config, UnixTime::of_system_clock()).await.unwrap();
        assert_eq!(providers.get(&name).is_some(), listens_on_loopback);
        assert!(providers.default_provider().is_some());
    }
}

#[tokio::test]
async fn the_service_is_not_managed_below_a_provider() {
    let service = running().await;
    service.create("one", json!({})).await;
    for path in [format!("/p/one{GROUP}/one"), "/p/one/clients".to_owned(), "/p/one/audit/heads".to_owned()] {
        assert_eq!(service.ask("GET", &path, "").await.refusal(), (404, "NotFound".into(), "route_unknown".into()));
    }
    assert_eq!(service.get("/p/default/certs").await.refusal().2, "provider_unknown", "it has one URL");
}

#[tokio::test]
async fn a_restart_and_another_process_find_what_was_made_and_changed() {
    let service = running().await;
    service.create("one", json!({})).await;
    service.create("two", json!({})).await;
    let again = service.reopened().await;
    let kid = |keys: &Value| keys["keys"][0]["kid"].clone();
    assert_eq!(kid(&again.get("/p/one/certs").await.json()), kid(&service.get("/p/one/certs").await.json()));
    // Another process over the same store follows within a second.
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let mut config = running::config();
    config.root_pem = Some(service.root_pem());
    config.collateral = Some(service.simulation.collateral_directory());
    let other = Arc::new(Providers::open(store, config, UnixTime::of_system_clock()).await.unwrap());
    let following = tokio::spawn({
        let other = Arc::clone(&other);
        async move { other.follow().await }
    });
    let name = |text: &str| ProviderName::parse(text).unwrap();
    assert!(other.get(&name("two")).is_some());
    service.ask("DELETE", &format!("{GROUP}/two"), "").await;
    service.create("three", json!({})).await;
    let begun = std::time::Instant::now();
    while other.get(&name("two")).is_some() || other.get(&name("three")).is_none() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "changes are not followed");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    following.abort();
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    let kid_of = |token: &str| {
        let header =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token.split('.').next().unwrap());
        serde_json::from_slice::<Value>(&header.unwrap()).unwrap()["kid"].clone()
    };
    let first = kid_of(&service.post("/p/one/attest/SgxEnclave", body.clone()).await.token());
    let rotate = format!("{GROUP}/one/rotateKeys");
    let rotated = service.ask("POST", &rotate, "{\"leadSeconds\":60}").await.json();
    let keys = &rotated["properties"]["veritee"]["keys"];
    assert_eq!((keys.as_array().unwrap().len(), &keys[1]["keyId"]), (2, &first));
    let published = service.get("/p/one/certs").await.json();
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    assert_eq!(published["keys"][0]["kid"], first, "the key that signs is first");
    assert_eq!(kid_of(&service.post("/p/one/attest/SgxEnclave", body).await.token()), first);
    // In a minute the other one signs, and this one's tokens still verify.
    let provider = service.attestation.providers().get(&ProviderName::parse("one").unwrap()).unwrap();
    let later = UnixTime::from_seconds(UnixTime::of_system_clock().seconds() + 61);
    assert_eq!(provider.jwks(later).keys()[0].kid(), keys[0]["keyId"]);
    assert_eq!(provider.jwks(later).keys().len(), 2);
    let much_later = UnixTime::from_seconds(later.seconds() + 28_800 + 301);
    assert_eq!(provider.jwks(much_later).keys().len(), 1);
    service.attestation.providers().look_after_keys(much_later).await;
    assert_eq!(service.get("/p/one/certs").await.json()["keys"].as_array().unwrap().len(), 1);

    for (body, code) in
        [("{\"leadSeconds\":59}", "lead_out_of_range"), ("[]", "body_malformed"), ("{\"a\":1}", "body_malformed")]
    {
        assert_eq!(service.ask("POST", &rotate, body).await.refusal().2, code);
    }
    for _ in 0..15 {
        assert_eq!(service.ask("POST", &rotate, "").await.status, 200);
    }
    assert_eq!(service.ask("POST", &rotate, "").await.refusal().2, "too_many_keys");
}

#[tokio::test]
async fn keys_are_replaced_on_schedule() {
    let service = running().await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256", "keyRotationDays": 10}})).await;
    service.create("never", json!({"veritee": {"tokenAlgorithm": "ES256", "keyRotationDays": 0}})).await;
    let count =
        async |name: &str| service.get(&format!("/p/{name}/certs")).await.json()["keys"].as_array().unwrap().len();
    let in_days = |days: i64| UnixTime::from_seconds(UnixTime::of_system_clock().seconds() + days * 86_400);
    service.attestation.providers().look_after_keys(in_days(9)).await;
    assert_eq!(count("one").await, 1);
    service.attestation.providers().look_after_keys(in_days(10)).await;
    service.attestation.providers().look_after_keys(in_days(10)).await;
    assert_eq!((count("one").await, count("never").await), (2, 1), "once, and only where it is asked for");
    let refused = json!({"properties": {"veritee": {"keyRotationDays": 367}}}).to_string();
    assert_eq!(service.ask("PATCH", &format!("{GROUP}/one"), refused).await.refusal().2, "key_rotation_out_of_range");
}

#[tokio::test]
async fn keys_do_not_lie_open_and_do_not_open_under_another_key() {
    let service = running().await;
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let state = store.provider("default").await.unwrap().unwrap();
    let sealed = &state.keys[0].sealed;
    assert!(token::SigningKey::from_pkcs8(sealed).is_err() && sealed[0] == 2);
    let mut config = running::config();
    config.root_pem = Some(service.root_pem());
    config.vault = Arc::new(attestation::Vault::new(&[8; 32]).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let refused = Providers::open(store, config, UnixTime::of_system_clock()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Default(_)), "{refused}");
}

#[tokio::test]
async fn certificates_carry_the_services_own_evidence_where_the_machine_can_quote() {
    let directory = tempfile::tempdir().unwrap();
    let now = UnixTime::of_system_clock();
    let simulation = simulator::Simulation::open_or_create(&directory.path().join("simulation"), now).unwrap();
    let platform = simulation.open_or_create_platform("default", now).unwrap();
    let service = running_with(|config| {
        config.quoter = Some(attestation::Quoter::new(move |report_data| {
            let mut enclave = enclave_holding(b"");
            enclave.report_data = *report_data;
            platform.quote_enclave(&enclave).map_err(|error| error.to_string())
        }));
    })
    .await;
    let certificate = service.get("/certs").await.json()["keys"][0]["x5c"][0].as_str().unwrap().to_owned();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, certificate).unwrap();
    let evidence = token::SignerEvidence::in_certificate(&der).unwrap();
    let quote = dcap::Quote::parse(evidence.quote()).unwrap();
    assert_eq!(quote.tee(), dcap::Tee::Sgx);
    assert!(evidence.is_about_the_key(evidence.quote()[368..432].try_into().unwrap()));
    // A machine that fails makes no keys without evidence.
    let failing = Some(attestation::Quoter::new(|_| Err("no enclave".to_owned())));
    let mut config = running::config();
    config.quoter = failing;
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("db")).await.unwrap());
    let refused = Providers::open(store, config, UnixTime::of_system_clock()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Keys(attestation::KeysError::Quote(_))), "{refused}");
}

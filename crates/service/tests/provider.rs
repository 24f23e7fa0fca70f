//! Opening providers: what they keep, and what is refused.

mod running;

use problem::Problem;
use std::sync::Arc;

use attestation::policy_jws;
use attestation::{Addresses, OpenError, Providers, PublicUrl, UnusableProvider};
use axum::body::Body;
use axum::http::{Request, header};
use cache::CacheError;
use running::{addresses, claims_of, config, enclave_holding, quote_body, running_with};
use serde_json::json;
use store::{PolicyChange, ProviderStore, Sqlite, Store};
use unix_time::UnixTime;

fn now() -> UnixTime {
    UnixTime::of_system_clock()
}

async fn store() -> (tempfile::TempDir, Arc<dyn Store>) {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("db")).await.unwrap();
    (directory, Arc::new(store))
}

#[tokio::test]
async fn keys_stay_across_a_restart_and_belong_to_one_issuer() {
    let (_directory, store) = store().await;
    let kid = |providers: &Providers| providers.default_provider().unwrap().jwks(now()).keys()[0].kid().to_owned();
    let first = kid(&Providers::open(Arc::clone(&store), config(), now()).await.unwrap());
    assert_eq!(kid(&Providers::open(Arc::clone(&store), config(), now()).await.unwrap()), first);
    let mut moved = config();
    moved.addresses = addresses("https://attest.example");
    assert_ne!(kid(&Providers::open(Arc::clone(&store), moved, now()).await.unwrap()), first);
}

#[tokio::test]
async fn a_provider_never_opens_under_another_root() {
    let service = running_with(|_| {}).await;
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap());
    let error = Providers::open(Arc::clone(&store), config(), now()).await.unwrap_err();
    assert!(matches!(error, OpenError::OtherRoot { .. }));
    assert!(error.help().contains("--simulated"));
}

#[tokio::test]
async fn a_kept_policy_that_does_not_parse_or_speaks_for_the_service_is_refused() {
    let (_directory, store) = store().await;
    Providers::open(Arc::clone(&store), config(), now()).await.unwrap();
    let owned = "version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type=\"iss\",value=1);};";
    for (number, text) in (1..).zip(["nonsense", owned]) {
        let change = PolicyChange {
            provider: "default".to_owned(),
            attestation_type: "SgxEnclave".to_owned(),
            number,
            jws: Some(policy_jws::unsecured(text)),
            text: Some(text.to_owned()),
            audience: None,
            restores: None,
            changed_at: UnixTime::EPOCH,
            changed_by: "somebody".to_owned(),
        };
        let entry = store::Entry { replica: "replica".to_owned(), text: "{}".to_owned() };
        store.change_policy(&change, None, &entry).await.unwrap();
        let error = Providers::open(Arc::clone(&store), config(), now()).await.unwrap_err();
        let OpenError::Default(error) = error else { panic!("{error}") };
        assert!(matches!(*error, UnusableProvider::Policy { attestation_type: "SgxEnclave", .. }), "{error}");
    }
}

#[tokio::test]
async fn a_root_that_is_no_certificate_and_collateral_that_is_none_are_refused() {
    let (directory, store) = store().await;
    let mut broken = config();
    broken.root_pem = Some("nonsense".to_owned());
    let refused = Providers::open(Arc::clone(&store), broken, now()).await;
    assert!(matches!(refused, Err(OpenError::Endorsements(CacheError::Root(_)))));
    let mut broken = config();
    broken.collateral = Some(directory.path().join("missing"));
    let refused = Providers::open(Arc::clone(&store), broken, now()).await;
    assert!(matches!(refused, Err(OpenError::Endorsements(CacheError::Collateral(_)))));
    assert_eq!(store.providers().await.unwrap(), [], "nothing is left behind");
}

#[tokio::test]
async fn providers_have_hosts_of_their_own_where_there_is_a_domain() {
    let domain = attestation::ProviderDomain::parse("attest.localhost").unwrap();
    let service =
        running_with(|config| config.addresses = Addresses::new(PublicUrl::parse(running::URL).unwrap(), Some(domain)))
            .await;
    let made = service.create("one", json!({})).await;
    assert_eq!(made["properties"]["attestUri"], json!("https://one.attest.localhost:8443"));
    let quote = service.quote(&enclave_holding(b""));
    let at = async |host: &str, path: &str| {
        let asked = Request::builder().method("POST").uri(path).header(header::HOST, host);
        service.send(asked.body(Body::from(quote_body(&quote).to_string())).unwrap()).await
    };
    let token = at("one.attest.localhost:8443", "/attest/SgxEnclave").await.token();
    assert_eq!(claims_of(&token)["iss"], json!("https://one.attest.localhost:8443"));
    let token = at("localhost:8443", "/attest/SgxEnclave").await.token();
    assert_eq!(claims_of(&token)["iss"], json!(running::URL));
    for (host, path, status, code) in [
        ("localhost:8443", "/p/one/attest/SgxEnclave", 421, "misdirected_request"),
        ("one.attest.localhost", "/attest/SgxEnclave", 421, "misdirected_request"),
        ("one.another.example:8443", "/attest/SgxEnclave", 421, "misdirected_request"),
        ("two.attest.localhost:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("default.attest.localhost:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("a.one.attest.localhost:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("one.attest.localhost:8443", "/clients", 404, "route_unknown"),
        ("one.attest.localhost:8443", "/p/one/attest/SgxEnclave", 404, "route_unknown"),
    ] {
        let refusal = at(host, path).await.refusal();
        assert_eq!((refusal.0, refusal.2.as_str()), (status, code), "{host} {path}");
    }
}

fn entry() -> store::Entry {
    store::Entry { replica: "replica".to_owned(), text: "{}".to_owned() }
}

#[tokio::test]
async fn a_signing_key_that_was_moved_in_the_database_does_not_sign() {
    let service = running_with(|_| {}).await;
    service.create("one", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    service.create("two", json!({"veritee": {"tokenAlgorithm": "ES256"}})).await;
    let store = Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let (one, two) = (store.provider("one").await.unwrap().unwrap(), store.provider("two").await.unwrap().unwrap());
    let moved = one.keys[0].clone();
    store.delete_provider("one", &entry()).await.unwrap();
    let issuer = two.keys[0].issuer.clone();
    let moved =
        store::SigningKey { provider: "two".to_owned(), issuer, signs_from: two.keys[0].signs_from.plus(1), ..moved };
    store.add_signing_key(&moved, two.provider.revision, &entry()).await.unwrap();
    let service = service.reopened().await;
    let body = quote_body(&service.quote(&enclave_holding(b""))).to_string();
    assert_eq!(service.get("/p/two/certs").await.refusal().2, "provider_unusable");
    assert_eq!(service.post("/p/two/attest/SgxEnclave", body).await.refusal().2, "provider_unusable");
}

#[tokio::test]
async fn a_signing_key_that_an_earlier_version_sealed_is_replaced() {
    let (_directory, store) = store().await;
    let keys = |providers: &Providers| -> Vec<String> {
        providers.default_provider().unwrap().jwks(now()).keys().iter().map(|key| key.kid().to_owned()).collect()
    };
    let bound = keys(&Providers::open(Arc::clone(&store), config(), now()).await.unwrap());
    let state = store.provider("default").await.unwrap().unwrap();
    // A writer of the database could have moved it here, and could still.
    let mut unbound = store::SigningKey { kid: "unbound".to_owned(), ..state.keys[0].clone() };
    unbound.sealed[0] = 1;
    store.add_signing_key(&unbound, state.provider.revision, &entry()).await.unwrap();
    assert_eq!(keys(&Providers::open(Arc::clone(&store), config(), now()).await.unwrap()), bound);
    // The same where it is the only one.
    let state = store.provider("default").await.unwrap().unwrap();
    assert_eq!(state.keys.len(), 1, "it is not kept");
    let only = store::SigningKey { kid: "only".to_owned(), sealed: unbound.sealed.clone(), ..state.keys[0].clone() };
    store.add_signing_key(&only, state.provider.revision, &entry()).await.unwrap();
    assert!(store.remove_signing_key("default", &bound[0], &entry()).await.unwrap());
    let replaced = keys(&Providers::open(Arc::clone(&store), config(), now()).await.unwrap());
    assert_eq!(replaced.len(), 1);
    assert!(replaced != bound && replaced != ["only"]);
}

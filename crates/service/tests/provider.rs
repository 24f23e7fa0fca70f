//! Opening providers: what they keep, and what is refused.

mod running;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use dcap::UnixTime;
use running::{addresses, claims_of, config, enclave_holding, quote_body, running_with};
use serde_json::json;
use service::{Addresses, EndorsementsError, OpenError, Providers, PublicUrl, UnusableProvider};
use store::{PolicyChange, Sqlite, Store};
use token::policy_jws;

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
            changed_at: 0,
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
    assert!(matches!(refused, Err(OpenError::Endorsements(EndorsementsError::Root))));
    let mut broken = config();
    broken.collateral = Some(directory.path().join("missing"));
    let refused = Providers::open(Arc::clone(&store), broken, now()).await;
    assert!(matches!(refused, Err(OpenError::Endorsements(EndorsementsError::Collateral(_)))));
    assert_eq!(store.providers().await.unwrap(), [], "nothing is left behind");
}

#[tokio::test]
async fn providers_have_hosts_of_their_own_where_there_is_a_domain() {
    let domain = service::ProviderDomain::parse("attest.example").unwrap();
    let service =
        running_with(|config| config.addresses = Addresses::new(PublicUrl::parse(running::URL).unwrap(), Some(domain)))
            .await;
    let made = service.create("one", json!({})).await;
    assert_eq!(made["properties"]["attestUri"], json!("https://one.attest.example:8443"));
    let quote = service.quote(&enclave_holding(b""));
    let at = async |host: &str, path: &str| {
        let asked = Request::builder().method("POST").uri(path).header(header::HOST, host);
        service.send(asked.body(Body::from(quote_body(&quote).to_string())).unwrap()).await
    };
    let token = at("one.attest.example:8443", "/attest/SgxEnclave").await.token();
    assert_eq!(claims_of(&token)["iss"], json!("https://one.attest.example:8443"));
    let token = at("localhost:8443", "/attest/SgxEnclave").await.token();
    assert_eq!(claims_of(&token)["iss"], json!(running::URL));
    for (host, path, status, code) in [
        ("localhost:8443", "/p/one/attest/SgxEnclave", 421, "misdirected_request"),
        ("one.attest.example", "/attest/SgxEnclave", 421, "misdirected_request"),
        ("one.another.example:8443", "/attest/SgxEnclave", 421, "misdirected_request"),
        ("two.attest.example:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("default.attest.example:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("a.one.attest.example:8443", "/attest/SgxEnclave", 404, "provider_unknown"),
        ("one.attest.example:8443", "/clients", 404, "route_unknown"),
        ("one.attest.example:8443", "/p/one/attest/SgxEnclave", 404, "route_unknown"),
    ] {
        let refusal = at(host, path).await.refusal();
        assert_eq!((refusal.0, refusal.2.as_str()), (status, code), "{host} {path}");
    }
}

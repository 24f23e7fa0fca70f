//! Opening a provider: what it keeps, and what it refuses.

mod running;

use std::sync::Arc;

use dcap::UnixTime;
use running::{config, running_with};
use service::{OpenError, Provider, PublicUrl};
use store::{NewPolicy, Provider as Row, SetPolicy, Sqlite, Store};
use token::policy_jws;

fn now() -> UnixTime {
    UnixTime::of_system_clock()
}

#[tokio::test]
async fn keys_stay_across_a_restart_and_belong_to_one_issuer() {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("db")).await.unwrap());
    let kid = |provider: &Provider| provider.jwks().keys()[0].kid().to_owned();
    let first = kid(&Provider::open(Arc::clone(&store), config(), now()).await.unwrap());
    assert_eq!(kid(&Provider::open(Arc::clone(&store), config(), now()).await.unwrap()), first);
    let mut moved = config();
    moved.public_url = PublicUrl::parse("https://attest.example").unwrap();
    assert_ne!(kid(&Provider::open(Arc::clone(&store), moved, now()).await.unwrap()), first);
}

#[tokio::test]
async fn a_provider_never_opens_under_another_root() {
    let service = running_with(|_| {}).await;
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap());
    let error = Provider::open(Arc::clone(&store), config(), now()).await.unwrap_err();
    assert!(matches!(error, OpenError::OtherRoot { .. }));
    assert!(error.help().contains("--simulated"));
}

#[tokio::test]
async fn a_kept_policy_that_does_not_parse_or_speaks_for_the_service_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("db")).await.unwrap());
    let row = Row {
        name: "default".to_owned(),
        public_url: running::URL.to_owned(),
        root_pem: None,
        collateral_path: None,
        created_at: 0,
    };
    store.create_provider(&row).await.unwrap();
    let owned = "version=1.0;authorizationrules{=>permit();};issuancerules{=>issue(type=\"iss\",value=1);};";
    for text in ["nonsense", owned] {
        let change = NewPolicy {
            provider: "default".to_owned(),
            attestation_type: "SgxEnclave".to_owned(),
            set: Some(SetPolicy { jws: policy_jws::unsecured(text), text: text.to_owned() }),
            changed_at: 0,
            changed_by: "somebody".to_owned(),
        };
        store.change_policy(&change).await.unwrap();
        let error = Provider::open(Arc::clone(&store), config(), now()).await.unwrap_err();
        assert!(matches!(error, OpenError::Policy { attestation_type: "SgxEnclave", .. }), "{error}");
    }
}

#[tokio::test]
async fn a_root_that_is_no_certificate_and_collateral_that_is_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&directory.path().join("db")).await.unwrap());
    let mut broken = config();
    broken.root_pem = Some("nonsense".to_owned());
    assert!(matches!(Provider::open(Arc::clone(&store), broken, now()).await, Err(OpenError::Root(_))));
    let mut broken = config();
    broken.collateral = Some(directory.path().join("missing"));
    assert!(matches!(Provider::open(Arc::clone(&store), broken, now()).await, Err(OpenError::Collateral(_))));
}

//! Isolated providers: whose policies they take, and whose not.

#[path = "isolated/comes_back.rs"]
mod comes_back;
#[path = "isolated/hand.rs"]
mod hand;
mod running;
#[path = "isolated/signed_once.rs"]
mod signed_once;

use attestation::policy_jws::{self, CertificateAction};
use running::managed::{MINIMAL, RESET, Signer, isolated};
use running::{Answer, Running, claims_of, running};
use serde_json::json;

const POLICY: &str = "/p/iso/policies/SgxEnclave";
const OTHER: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{=> issue(type=\"a\", value=1);};";

async fn with(signers: &[&Signer]) -> Running {
    let service = running().await;
    assert_eq!(service.create("iso", isolated(signers)).await["properties"]["trustModel"], "Isolated");
    service
}

async fn set(service: &Running, jws: &str) -> Answer {
    service.ask("PUT", POLICY, jws.to_owned()).await
}

/// Azure's code and ours.
async fn refusal(service: &Running, jws: &str) -> (String, String) {
    let (status, azure, ours) = set(service, jws).await.refusal();
    assert_eq!(status, 400);
    (azure, ours)
}

fn both(azure: &str, ours: &str) -> (String, String) {
    (azure.to_owned(), ours.to_owned())
}

#[tokio::test]
async fn only_signed_policies_are_taken() {
    let signer = Signer::new("signer", false, None);
    let service = with(&[&signer]).await;
    let unsecured = both("InvalidOperation", "policy_unsigned");
    assert_eq!(refusal(&service, &policy_jws::unsecured(MINIMAL)).await, unsecured);
    let reset = service.ask("POST", &format!("{POLICY}:reset"), RESET).await;
    assert_eq!(reset.refusal().2, "policy_unsigned");
    let message = reset.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("Unsigned JWS specified but enclave is configured with signing certificates."));
    let stranger = Signer::new("signer", false, None);
    let foreign = both("InvalidParameter", "signer_not_trusted");
    assert_eq!(refusal(&service, &stranger.policy(MINIMAL)).await, foreign);

    let answer = claims_of(&set(&service, &signer.policy(MINIMAL)).await.token());
    assert_eq!(answer["x-ms-policy-result"], "Updated");
    assert_eq!(answer["x-ms-policy-signer"], signer.jwk());
    let reset = service.ask("POST", &format!("{POLICY}:reset"), signer.reset()).await;
    assert_eq!(claims_of(&reset.token())["x-ms-policy-result"], "Removed");
}

#[tokio::test]
async fn a_configured_authority_vouches_for_those_it_certified() {
    let root = Signer::new("root", true, None);
    let leaf = Signer::new("leaf", false, Some(&root));
    let service = with(&[&root]).await;
    set(&service, &leaf.policy(MINIMAL)).await.token();
    let middle = Signer::new("middle", false, Some(&root));
    let below = Signer::new("leaf", false, Some(&middle));
    assert_eq!(refusal(&service, &below.policy(MINIMAL)).await.1, "signer_not_trusted");
}

#[tokio::test]
async fn a_superseded_policy_does_not_come_back_but_by_the_owners_hand() {
    let signer = Signer::new("signer", false, None);
    let service = with(&[&signer]).await;
    let (old, new, reset) = (signer.policy(MINIMAL), signer.policy(OTHER), signer.reset());
    set(&service, &old).await.token();
    set(&service, &old).await.token();
    set(&service, &new).await.token();
    let superseded = both("InvalidOperation", "policy_superseded");
    assert_eq!(refusal(&service, &old).await, superseded);
    service.ask("POST", &format!("{POLICY}:reset"), reset.clone()).await.token();
    assert_eq!(refusal(&service, &new).await, superseded);
    set(&service, &signer.policy(OTHER)).await.token();
    let replayed = service.ask("POST", &format!("{POLICY}:reset"), reset).await;
    assert_eq!(replayed.refusal().2, "policy_superseded");

    let contributor = service.access_token("deployer", "contributor", Some("iso")).await;
    let rollback = format!("{POLICY}:rollback");
    let refused = service.ask_as(Some(&contributor), "POST", &rollback, "{\"number\":1}").await;
    assert_eq!(refused.refusal(), (403, "Forbidden".into(), "role_insufficient".into()));
    let restored = service.ask("POST", &rollback, "{\"number\":1}").await.json();
    assert_eq!(
        (&restored["number"], &restored["restores"]),
        (&json!(5), &json!(1)),
        "what was in force changed nothing"
    );
    let read = claims_of(&service.ask("GET", POLICY, "").await.token());
    assert_eq!(read["x-ms-policy"], old);
    assert_eq!(service.ask("POST", &rollback, "{\"number\":9}").await.refusal().2, "policy_change_unknown");
    assert_eq!(service.ask("POST", &rollback, "9").await.refusal().2, "rollback_malformed");
}

#[tokio::test]
async fn what_is_meant_for_somebody_else_is_refused() {
    let signer = Signer::new("signer", false, None);
    let service = with(&[&signer]).await;
    service.create("other", isolated(&[&signer])).await;
    let signed = |audience: &str| signer.key().sign(Some(MINIMAL), None, Some(audience)).unwrap();
    let here = format!("{}/p/iso", running::URL);
    for audience in [&here, &format!("{here}/policies/SgxEnclave")] {
        set(&service, &signed(audience)).await.token();
    }
    let elsewhere = both("InvalidOperation", "policy_for_somebody_else");
    for audience in [running::URL.to_owned(), format!("{}/p/other", running::URL), format!("{here}/policies/Tpm")] {
        assert_eq!(refusal(&service, &signed(&audience)).await, elsewhere, "{audience}");
    }
    let history = service.ask("GET", &format!("{POLICY}:history"), "").await.json();
    assert_eq!(history["value"][1]["audience"], here);
    // Without an audience it is taken wherever its signer is, and the history says that there was none.
    set(&service, &signer.policy(OTHER)).await.token();
    let history = service.ask("GET", &format!("{POLICY}:history"), "").await.json();
    assert_eq!(history["value"][0]["audience"], json!(null));
}

#[tokio::test]
async fn signers_are_added_and_removed_by_signers_and_the_last_one_stays() {
    let (first, second) = (Signer::new("first", false, None), Signer::new("second", false, None));
    let service = with(&[&first]).await;
    let ask = async |action: CertificateAction, signed_by: &Signer, of: &Signer| {
        let jws = signed_by.key().sign_certificate(action, &of.der, None).unwrap();
        let path = format!("/p/iso/certificates:{}", action.as_str());
        service.ask("POST", &path, json!(jws).to_string()).await
    };
    let (add, remove) = (CertificateAction::Add, CertificateAction::Remove);
    let listed = async || {
        let claims = claims_of(&service.ask("GET", "/p/iso/certificates", "").await.token());
        claims["x-ms-policy-certificates"]["keys"].clone()
    };
    assert_eq!(listed().await, json!([first.jwk()]));
    assert_eq!(ask(add, &second, &second).await.refusal().2, "signer_not_trusted");
    let last = ask(remove, &first, &first).await;
    assert_eq!(last.refusal(), (400, "InvalidOperation".into(), "last_signer".into()));

    let added = claims_of(&ask(add, &first, &second).await.token());
    assert_eq!(added["x-ms-policycertificates-result"], "IsPresent");
    assert_eq!(added["x-ms-certificate-result"], "IsPresent");
    let thumbprint = added["x-ms-certificate-thumbprint"].as_str().unwrap();
    assert!(thumbprint.len() == 40 && thumbprint.to_uppercase() == thumbprint, "{thumbprint}");
    assert_eq!(listed().await.as_array().unwrap().len(), 2);
    set(&service, &second.policy(MINIMAL)).await.token();

    let removed = claims_of(&ask(remove, &second, &first).await.token());
    assert_eq!(removed["x-ms-policycertificates-result"], "IsAbsent");
    assert_eq!(listed().await, json!([second.jwk()]));
    assert_eq!(refusal(&service, &first.policy(OTHER)).await.1, "signer_not_trusted");
    // What is gone stays gone.
    assert_eq!(claims_of(&ask(remove, &second, &first).await.token())["x-ms-policycertificates-result"], "IsAbsent");
    for (body, code) in
        [("x", "policy_jws_segments"), ("{}", "policy_body_malformed"), (RESET, "certificate_jws_unsigned")]
    {
        assert_eq!(service.ask("POST", "/p/iso/certificates:add", body).await.refusal().2, code);
    }
}

#[tokio::test]
async fn nobody_changes_the_policy_of_a_shared_provider() {
    let service = running().await;
    let made = service.create("everybodys", json!({"veritee": {"shared": true}})).await;
    assert_eq!(made["properties"]["trustModel"], "Shared");
    let policy = "/p/everybodys/policies/SgxEnclave";
    let before = claims_of(&service.ask("GET", policy, "").await.token());
    let shared = (400, "InvalidOperation".to_owned(), "provider_shared".to_owned());
    assert_eq!(service.ask("PUT", policy, policy_jws::unsecured(MINIMAL)).await.refusal(), shared);
    assert_eq!(service.ask("POST", &format!("{policy}:reset"), RESET).await.refusal(), shared);
    assert_eq!(service.ask("POST", &format!("{policy}:rollback"), "{\"number\":1}").await.refusal(), shared);
    assert_eq!(claims_of(&service.ask("GET", policy, "").await.token())["x-ms-policy"], before["x-ms-policy"]);
    let certificates = claims_of(&service.ask("GET", "/p/everybodys/certificates", "").await.token());
    assert_eq!(certificates["x-ms-policy-certificates"], json!({"keys": []}));
}

//! Signed policies and signer requests are used once, however their signature is spelled.

use serde_json::{Value, json};
use store::{Entry, PolicyChange, ProviderStore, Sqlite};

use crate::hand::Hand;
use crate::running::managed::{GROUP, MINIMAL};
use crate::running::{Answer, Running, claims_of, running};
use crate::{OTHER, POLICY};

/// A service with the Isolated provider `iso` of these signers.
pub async fn with(signers: &[&Hand]) -> Running {
    let service = running().await;
    create(&service, "iso", signers).await;
    service
}

pub async fn create(service: &Running, name: &str, signers: &[&Hand]) {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    service.create(name, json!({"policySigningCertificates": {"keys": keys}})).await;
}

pub async fn set(service: &Running, jws: &str) -> Answer {
    service.ask("PUT", POLICY, jws.to_owned()).await
}

pub async fn reset(service: &Running, jws: &str) -> Answer {
    service.ask("POST", &format!("{POLICY}:reset"), jws.to_owned()).await
}

pub async fn change(service: &Running, action: &str, jws: &str) -> Answer {
    service.ask("POST", &format!("/p/iso/certificates:{action}"), json!(jws).to_string()).await
}

pub async fn signers(service: &Running) -> usize {
    let claims = claims_of(&service.ask("GET", "/p/iso/certificates", "").await.token());
    claims["x-ms-policy-certificates"]["keys"].as_array().unwrap().len()
}

pub async fn in_force(service: &Running) -> Value {
    claims_of(&service.ask("GET", POLICY, "").await.token())["x-ms-policy"].clone()
}

#[tokio::test]
async fn a_superseded_policy_does_not_come_back_in_another_spelling() {
    for signer in [Hand::rsa(), Hand::p256()] {
        let service = with(&[&signer]).await;
        // One whose signature has every spelling: s + n has as many bytes as n, and the alphabets differ.
        let wanted = if signer.is_rsa() { ["the other alphabet", "s + n"] } else { ["the other alphabet", "n - s"] };
        let has_all = |jws: &String| {
            let spellings = signer.spellings(jws);
            wanted.iter().all(|name| spellings.iter().any(|(other, _)| other == name))
        };
        let old = (0..500).map(|number| signer.policy(&format!("{MINIMAL} // {number}"))).find(has_all).unwrap();
        let new = signer.policy(OTHER);
        set(&service, &old).await.token();
        set(&service, &new).await.token();
        for (name, spelled) in signer.spellings(&old) {
            let (status, _, code) = set(&service, &spelled).await.refusal();
            let is_short = name == "r + n" && spelled.len() < old.len();
            let expected = match name {
                "n - s" => "policy_superseded",
                "DER" => "policy_jws_signature_length",
                "a zero byte in front" | "a zero byte at the end" if !signer.is_rsa() => "policy_jws_signature_length",
                "r + n" if is_short => "policy_jws_signature_length",
                "a zero byte in front" | "a zero byte at the end" | "s + n" | "r + n" => "policy_jws_signature",
                _ => "policy_jws_signature_encoding",
            };
            assert_eq!((status, code.as_str()), (400, expected), "{name}");
            assert_eq!(in_force(&service).await, new, "{name}");
        }
    }
}

/// As an earlier version kept it, which read other spellings and recorded no uses.
#[tokio::test]
async fn a_policy_that_was_kept_in_another_spelling_stays_in_force_and_is_used() {
    for spelling in ["DER", "padding"] {
        let signer = Hand::p256();
        let before = with(&[&signer]).await;
        let policy = signer.policy(MINIMAL);
        let (_, kept) = signer.spellings(&policy).into_iter().find(|(name, _)| *name == spelling).unwrap();
        let change = PolicyChange {
            provider: "iso".to_owned(),
            attestation_type: "SgxEnclave".to_owned(),
            number: 1,
            jws: Some(kept.clone()),
            text: Some(MINIMAL.to_owned()),
            audience: None,
            restores: None,
            changed_at: unix_time::UnixTime::from_seconds(7),
            changed_by: "somebody".to_owned(),
        };
        let store = Sqlite::open(&before.directory.path().join("veritee.db")).await.unwrap();
        let entry = Entry { replica: "replica".to_owned(), text: "{}".to_owned() };
        store.change_policy(&change, None, &entry).await.unwrap();
        let service = before.reopened().await;
        assert_eq!(in_force(&service).await, kept);
        assert_eq!(set(&service, &policy).await.refusal().2, "policy_in_force");
        set(&service, &signer.policy(OTHER)).await.token();
        assert_eq!(set(&service, &policy).await.refusal().2, "policy_superseded");
        assert_eq!(set(&service, &kept).await.status, 400);
        let restored = service.ask("POST", &format!("{POLICY}:rollback"), "{\"number\":1}").await.json();
        assert_eq!(restored["number"], 3);
        assert_eq!(in_force(&service).await, kept);
        assert_eq!(service.ask("DELETE", &format!("{GROUP}/iso"), "").await.status, 200);
        create(&service, "iso", &[&signer]).await;
        assert_eq!(set(&service, &policy).await.refusal().2, "signed_request_used");
    }
}

#[tokio::test]
async fn a_superseded_reset_does_not_come_back_in_another_spelling() {
    for signer in [Hand::rsa(), Hand::p256()] {
        let service = with(&[&signer]).await;
        let (old, new) = (signer.reset(), signer.policy(OTHER));
        reset(&service, &old).await.token();
        set(&service, &new).await.token();
        for (name, spelled) in signer.spellings(&old) {
            assert_eq!(reset(&service, &spelled).await.status, 400, "{name}");
            assert_eq!(in_force(&service).await, new, "{name}");
        }
        // A signature that was made again is over the same.
        assert_eq!(reset(&service, &signer.reset()).await.refusal().2, "policy_superseded");
    }
}

#[tokio::test]
async fn the_policy_in_force_is_sent_again_as_it_was_and_not_otherwise() {
    let signer = Hand::p256();
    let service = with(&[&signer]).await;
    let policy = signer.policy(MINIMAL);
    let first = claims_of(&set(&service, &policy).await.token());
    let again = claims_of(&set(&service, &policy).await.token());
    for claim in ["x-ms-policy-result", "x-ms-policy-token-hash", "x-ms-policy-signer"] {
        assert_eq!(first[claim], again[claim]);
    }
    let history = service.ask("GET", &format!("{POLICY}:history"), "").await.json();
    assert_eq!(history["value"].as_array().unwrap().len(), 1, "nothing changed");
    let refused = set(&service, &signer.policy(MINIMAL)).await.refusal();
    assert_eq!(refused, (400, "InvalidOperation".into(), "policy_in_force".into()));
    assert_eq!(in_force(&service).await, policy);
}

#[tokio::test]
async fn a_request_that_removed_a_signer_does_not_add_it() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first, &second]).await;
    let request = first.certificate(&second.der);
    assert_eq!(claims_of(&change(&service, "remove", &request).await.token())["x-ms-certificate-result"], "IsAbsent");
    for action in ["add", "remove"] {
        let used = (400, "InvalidOperation".to_owned(), "signed_request_used".to_owned());
        assert_eq!(change(&service, action, &request).await.refusal(), used, "{action}");
        assert_eq!(signers(&service).await, 1, "{action}");
    }
}

#[tokio::test]
async fn a_request_that_added_a_signer_neither_removes_nor_adds_it_again() {
    let (first, second, third) = (Hand::rsa(), Hand::p256(), Hand::p256());
    let service = with(&[&first]).await;
    let request = first.certificate(&second.der);
    change(&service, "add", &request).await.token();
    assert_eq!(change(&service, "remove", &request).await.refusal().2, "signed_request_used");
    assert_eq!(signers(&service).await, 2);
    // Another request removes it, and the old one does not bring it back.
    change(&service, "remove", &second.certificate(&second.der)).await.token();
    let replayed = change(&service, "add", &request).await;
    let message = replayed.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("to add a certificate") && message.contains("GET /certificates"), "{message}");
    assert_eq!(signers(&service).await, 1);
    // What changes nothing uses a request too.
    let request = first.certificate(&third.der);
    change(&service, "remove", &request).await.token();
    assert_eq!(change(&service, "add", &request).await.refusal().2, "signed_request_used");
    // What is refused does not.
    let request = first.certificate(&first.der);
    assert_eq!(change(&service, "remove", &request).await.refusal().2, "last_signer");
    change(&service, "add", &request).await.token();
}

#[tokio::test]
async fn a_used_request_is_known_in_every_spelling() {
    let (first, second) = (Hand::p256(), Hand::p256());
    let service = with(&[&first]).await;
    let request = first.certificate(&second.der);
    change(&service, "add", &request).await.token();
    for (name, spelled) in first.spellings(&request) {
        for action in ["add", "remove"] {
            let expected = match name {
                "n - s" => "signed_request_used",
                "DER" | "a zero byte in front" | "a zero byte at the end" => "policy_jws_signature_length",
                "r + n" if spelled.len() < request.len() => "policy_jws_signature_length",
                "r + n" => "policy_jws_signature",
                _ => "policy_jws_signature_encoding",
            };
            assert_eq!(change(&service, action, &spelled).await.refusal().2, expected, "{action} {name}");
        }
    }
    assert_eq!(change(&service, "remove", &first.certificate(&second.der)).await.refusal().2, "signed_request_used");
    assert_eq!(signers(&service).await, 2);
}

#[tokio::test]
async fn a_request_that_names_its_action_is_for_that_one_alone() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    let request = |action: &str, number: u8| {
        let jwk = second.jwk();
        first.sign(&json!({"policyCertificate": jwk, "jti": number, "x-veritee-action": action}).to_string())
    };
    for (number, (named, asked)) in (0..).zip([("remove", "add"), ("add", "remove")]) {
        let refused = change(&service, asked, &request(named, number)).await.refusal();
        assert_eq!(refused, (400, "InvalidOperation".into(), "signer_request_for_other_action".into()));
        change(&service, named, &request(named, number)).await.token();
    }
    assert_eq!(signers(&service).await, 2);
    assert_eq!(change(&service, "add", &request("Add", 7)).await.refusal().2, "certificate_jws_action");
}

#[tokio::test]
async fn deleting_and_recreating_a_provider_does_not_reset_what_was_used() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    let (policy, back) = (first.policy(MINIMAL), first.reset());
    let add = first.certificate(&second.der);
    set(&service, &policy).await.token();
    reset(&service, &back).await.token();
    change(&service, "add", &add).await.token();
    for _ in 0..2 {
        assert_eq!(service.ask("DELETE", &format!("{GROUP}/iso"), "").await.status, 200);
        create(&service, "iso", &[&first]).await;
        let used = (400, "InvalidOperation".to_owned(), "signed_request_used".to_owned());
        assert_eq!(set(&service, &policy).await.refusal(), used);
        assert_eq!(reset(&service, &back).await.refusal(), used);
        for action in ["add", "remove"] {
            assert_eq!(change(&service, action, &add).await.refusal(), used, "{action}");
        }
        assert_eq!(signers(&service).await, 1);
    }
    // It goes on with what is new.
    set(&service, &first.policy(OTHER)).await.token();
}

#[tokio::test]
async fn one_jws_is_not_both_a_policy_and_a_request() {
    use base64::Engine;
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(MINIMAL);
    for name in ["policyCertificate", "maa-policyCertificate", "aas-policyCertificate", "x-ms-policyCertificate"] {
        let both = first.sign(&json!({"AttestationPolicy": text, name: second.jwk()}).to_string());
        assert_eq!(set(&service, &both).await.refusal().2, "policy_jws_two_purposes", "{name}");
        assert_eq!(change(&service, "add", &both).await.refusal().2, "certificate_jws_policy", "{name}");
    }
    assert_eq!(set(&service, &first.certificate(&second.der)).await.refusal().2, "policy_jws_no_policy");
    assert_eq!(change(&service, "add", &first.policy(MINIMAL)).await.refusal().2, "certificate_jws_policy");
    assert_eq!(change(&service, "add", &first.reset()).await.refusal().2, "certificate_jws_payload");
}

#[tokio::test]
async fn a_request_for_one_provider_is_not_for_another() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    create(&service, "other", &[&first]).await;
    let url = format!("{}/p/other", crate::running::URL);
    for audience in [url.clone(), format!("{url}/certificates"), crate::running::URL.to_owned()] {
        let request = first.sign(&json!({"policyCertificate": second.jwk(), "aud": audience}).to_string());
        for action in ["add", "remove"] {
            let refused = change(&service, action, &request).await.refusal();
            assert_eq!(refused, (400, "InvalidOperation".into(), "policy_for_somebody_else".into()), "{audience}");
        }
    }
    // Without an audience each provider that trusts its signer takes it, once.
    let request = json!(first.certificate(&second.der)).to_string();
    for name in ["iso", "other"] {
        service.ask("POST", &format!("/p/{name}/certificates:add"), request.clone()).await.token();
        let again = service.ask("POST", &format!("/p/{name}/certificates:add"), request.clone()).await;
        assert_eq!(again.refusal().2, "signed_request_used");
    }
}

#[tokio::test]
async fn a_policy_is_used_once_for_each_attestation_type() {
    let signer = Hand::rsa();
    let service = with(&[&signer]).await;
    let (old, new) = (signer.policy(MINIMAL), signer.policy(OTHER));
    for policy_type in ["SgxEnclave", "OpenEnclave"] {
        let path = format!("/p/iso/policies/{policy_type}");
        for jws in [&old, &new] {
            service.ask("PUT", &path, jws.clone()).await.token();
        }
        assert_eq!(service.ask("PUT", &path, old.clone()).await.refusal().2, "policy_superseded");
    }
}

#[tokio::test]
async fn going_back_to_a_policy_does_not_make_it_good_again() {
    let signer = Hand::rsa();
    let service = with(&[&signer]).await;
    let (old, new) = (signer.policy(MINIMAL), signer.policy(OTHER));
    set(&service, &old).await.token();
    set(&service, &new).await.token();
    let rollback = format!("{POLICY}:rollback");
    assert_eq!(service.ask("POST", &rollback, "{\"number\":1}").await.json()["restores"], 1);
    // It is in force again, so sending it changes nothing; the one that was left behind is superseded.
    set(&service, &old).await.token();
    assert_eq!(set(&service, &new).await.refusal().2, "policy_superseded");
    service.ask("POST", &rollback, "{\"number\":2}").await.json();
    assert_eq!(set(&service, &old).await.refusal().2, "policy_superseded");
    assert_eq!(in_force(&service).await, new);
}

#[tokio::test]
async fn a_provider_that_trusts_its_administrators_takes_a_policy_again() {
    let signer = Hand::rsa();
    let service = running().await;
    for jws in [signer.policy(MINIMAL), signer.policy(OTHER), signer.policy(MINIMAL), signer.policy(MINIMAL)] {
        service.ask("PUT", "/policies/SgxEnclave", jws).await.token();
    }
}

#[tokio::test]
async fn the_audit_names_what_was_signed() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    let (policy, request) = (first.policy(MINIMAL), first.certificate(&second.der));
    set(&service, &policy).await.token();
    change(&service, "add", &request).await.token();
    let records = service.ask("GET", "/audit/records/replica/0", "").await.json();
    let written: Vec<Value> = records["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| serde_json::from_str(record["text"].as_str().unwrap()).unwrap())
        .collect();
    for (action, jws) in [("policy.change", policy), ("signer.add", request)] {
        let record = written.iter().find(|record| record["action"] == action).unwrap();
        let (input, _) = jws.rsplit_once('.').unwrap();
        let hash = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, input.as_bytes()));
        assert_eq!(record["signingInputSha256"], json!(hash), "{action}");
    }
}

//! Other ways in which a superseded policy, or a used signer request, could come back.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::hand::Hand;
use crate::running::managed::{GROUP, MINIMAL, RESET};
use crate::running::{Running, encode};
use crate::signed_once::{change, create, in_force, reset, set, signers, with};
use crate::{OTHER, POLICY};

const OF_2018: &str = "/p/iso/operations/policy/current?tee=SgxEnclave&api-version=2018-09-01-preview";

/// A provider whose policy `old` was superseded by `new`: the service, `old` and `new`.
async fn superseded(signer: &Hand) -> (Running, String, String) {
    let service = with(&[signer]).await;
    let (old, new) = (signer.policy(&format!("{MINIMAL} // ???>>>")), signer.policy(OTHER));
    set(&service, &old).await.token();
    set(&service, &new).await.token();
    (service, old, new)
}

#[tokio::test]
async fn a_superseded_policy_does_not_come_back_with_its_header_or_payload_spelled_otherwise() {
    for signer in [Hand::rsa(), Hand::p256()] {
        let (service, old, new) = superseded(&signer).await;
        let parts: Vec<&str> = old.split('.').collect();
        let [header, payload] = [parts[0], parts[1]].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let value: Value = serde_json::from_slice(&header).unwrap();
        let swapped = format!("{{\"x5c\":{},\"alg\":{}}}", value["x5c"], value["alg"]);
        let other_alg = String::from_utf8(header.clone()).unwrap().replace("S256", "S\\u0032\\u0035\\u0036");
        let headers = [
            parts[0].to_owned(),
            format!("{}=", parts[0]),
            URL_SAFE.encode(&header),
            STANDARD.encode(&header),
            STANDARD_NO_PAD.encode(&header),
            encode(swapped.as_bytes()),
            encode(other_alg.as_bytes()),
            encode(&[&header[..], b"\n"].concat()),
            encode(json!({"alg": value["alg"], "kid": "1", "x5c": value["x5c"]}).to_string().as_bytes()),
            encode(json!({"alg": value["alg"], "jwk": {"x5c": value["x5c"]}}).to_string().as_bytes()),
        ];
        let payloads = [
            parts[1].to_owned(),
            format!("{}=", parts[1]),
            URL_SAFE.encode(&payload),
            STANDARD.encode(&payload),
            STANDARD_NO_PAD.encode(&payload),
            encode(&[&payload[..], b" "].concat()),
        ];
        let mut tried = 0;
        for header in &headers {
            for payload in &payloads {
                let spelled = format!("{header}.{payload}.{}", parts[2]);
                if spelled == old {
                    continue;
                }
                let code = set(&service, &spelled).await.refusal().2;
                assert!(["policy_jws_signature", "policy_jws_base64"].contains(&code.as_str()), "{code}: {spelled}");
                assert_eq!(in_force(&service).await, new, "{spelled}");
                tried += 1;
            }
        }
        assert!(tried > 30, "{tried}");
    }
}

#[tokio::test]
async fn a_superseded_policy_does_not_come_back_in_another_body() {
    let signer = Hand::rsa();
    let (service, old, new) = superseded(&signer).await;
    let escaped: String = old.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    for body in [
        format!("\n{old} \t"),
        json!(old).to_string(),
        format!("\"{escaped}\""),
        json!({"policy": old}).to_string(),
        json!({"anything": old}).to_string(),
    ] {
        for path in [POLICY, "/p/ISO/policies/sgxenclave", "/p/iSo/policies/SGXENCLAVE", OF_2018] {
            assert_eq!(service.ask("PUT", path, body.clone()).await.refusal().2, "policy_superseded", "{path}: {body}");
            assert_eq!(in_force(&service).await, new);
        }
    }
    // White space and dots belong to no JWS.
    for spelled in [format!("{old}\n."), format!("{old}."), format!(".{old}"), old.replace('.', ".\n")] {
        assert_eq!(set(&service, &spelled).await.status, 400, "{spelled}");
        assert_eq!(set(&service, &json!(format!(" {spelled}")).to_string()).await.status, 400, "{spelled}");
    }
    for spelled in [format!("{old} "), format!(" {old}"), format!("{old}\n")] {
        assert_eq!(set(&service, &json!(spelled).to_string()).await.status, 400, "{spelled:?}");
    }
    assert_eq!(in_force(&service).await, new);
}

#[tokio::test]
async fn a_superseded_policy_does_not_come_back_through_an_answer_of_2018() {
    let signer = Hand::p256();
    let (service, old, new) = superseded(&signer).await;
    let prepare = OF_2018.replace("current", "updatepolicy");
    let prepared = service.ask("POST", &prepare, old.clone()).await.json().as_str().unwrap().to_owned();
    let wrap = |inner: &str| {
        let payload = json!({"x-veritee-policy-jws": inner}).to_string();
        format!("{}.{}.", encode(b"{\"alg\":\"none\"}"), encode(payload.as_bytes()))
    };
    for body in [prepared, wrap(&old)] {
        assert_eq!(service.ask("PUT", OF_2018, body.clone()).await.refusal().2, "policy_superseded");
        assert_eq!(in_force(&service).await, new);
    }
    for (name, spelled) in signer.spellings(&old) {
        assert_eq!(service.ask("PUT", OF_2018, wrap(&spelled)).await.status, 400, "{name}");
        assert_eq!(in_force(&service).await, new, "{name}");
    }
}

#[tokio::test]
async fn an_unsigned_policy_or_reset_does_not_change_an_isolated_provider_in_any_spelling() {
    let signer = Hand::rsa();
    let (service, old, new) = superseded(&signer).await;
    let x5c = json!([STANDARD.encode(&signer.der)]);
    let (_, payload) = old.rsplit_once('.').and_then(|(input, _)| input.split_once('.')).unwrap();
    let none = encode(b"{\"alg\":\"none\"}");
    let with_chain = encode(json!({"alg": "none", "x5c": x5c}).to_string().as_bytes());
    for (jws, expected) in [
        (RESET.to_owned(), "policy_unsigned"),
        ("eyJhbGciOiJub25lIn0.".to_owned(), "policy_unsigned"),
        (format!("{with_chain}.."), "policy_unsigned"),
        (format!("{none}.{payload}."), "policy_unsigned"),
        (format!("{with_chain}.{payload}."), "policy_unsigned"),
        (format!("{with_chain}.{payload}"), "policy_unsigned"),
        (format!("{}..", encode(b"{\"alg\":\"None\"}")), "policy_jws_algorithm"),
        (format!("{}..", encode(b"{\"alg\":\"NONE\"}")), "policy_jws_algorithm"),
        (format!("{none}..{}", old.rsplit_once('.').unwrap().1), "policy_jws_unsecured_with_signature"),
        (old.rsplit_once('.').unwrap().0.to_owned(), "policy_jws_no_signature"),
        (format!("{}.", old.rsplit_once('.').unwrap().0), "policy_jws_no_signature"),
    ] {
        for answer in [set(&service, &jws).await, reset(&service, &jws).await] {
            assert_eq!(answer.refusal().2, expected, "{jws}");
            assert_eq!(in_force(&service).await, new, "{jws}");
        }
        for method in ["PUT", "POST", "DELETE"] {
            assert_eq!(service.ask(method, OF_2018, jws.clone()).await.status, 400, "{method} {jws}");
            assert_eq!(in_force(&service).await, new, "{method} {jws}");
        }
    }
}

#[tokio::test]
async fn what_a_provider_used_is_known_whatever_the_case_of_its_name() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first]).await;
    let (policy, back, add) = (first.policy(MINIMAL), first.reset(), first.certificate(&second.der));
    set(&service, &policy).await.token();
    reset(&service, &back).await.token();
    change(&service, "add", &add).await.token();
    assert_eq!(service.ask("DELETE", &format!("{GROUP}/ISO"), "").await.status, 200);
    create(&service, "Iso", &[&first]).await;
    for name in ["iso", "ISO", "Iso"] {
        let path = format!("/p/{name}/policies/SgxEnclave");
        assert_eq!(service.ask("PUT", &path, policy.clone()).await.refusal().2, "signed_request_used", "{name}");
        let refused = service.ask("POST", &format!("{path}:reset"), back.clone()).await;
        assert_eq!(refused.refusal().2, "signed_request_used", "{name}");
        for action in ["add", "remove"] {
            let path = format!("/p/{name}/certificates:{action}");
            let refused = service.ask("POST", &path, json!(add).to_string()).await.refusal();
            assert_eq!(refused.2, "signed_request_used", "{path}");
        }
    }
    assert_eq!(signers(&service).await, 1);
}

#[tokio::test]
async fn what_was_used_stays_used_though_the_provider_trusted_its_administrators_in_between() {
    let signer = Hand::rsa();
    let (service, old, new) = superseded(&signer).await;
    assert_eq!(service.ask("DELETE", &format!("{GROUP}/iso"), "").await.status, 200);
    service.create("iso", json!({})).await;
    set(&service, &signer.policy("version=1.0; authorizationrules{}; issuancerules{};")).await.token();
    assert_eq!(service.ask("DELETE", &format!("{GROUP}/iso"), "").await.status, 200);
    create(&service, "iso", &[&signer]).await;
    for jws in [old, new] {
        assert_eq!(set(&service, &jws).await.refusal().2, "signed_request_used");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_identical_requests_at_once_one_is_used() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = std::sync::Arc::new(with(&[&first]).await);
    let ask = |method: &'static str, path: String, body: String| {
        let service = service.clone();
        tokio::spawn(async move { service.ask(method, &path, body).await })
    };
    let body = json!(first.certificate(&second.der)).to_string();
    let asked: Vec<_> = (0..16)
        .map(|number| ask("POST", format!("/p/iso/certificates:{}", ["add", "remove"][number % 2]), body.clone()))
        .collect();
    let mut used = 0;
    for asked in asked {
        let answer = asked.await.unwrap();
        if answer.status == 200 {
            used += 1;
        } else {
            assert_eq!(answer.refusal().2, "signed_request_used");
        }
    }
    assert_eq!(used, 1);

    // Two policies, each sent eight times: whichever came second stays, and neither comes back.
    let policies = [first.policy(MINIMAL), first.policy(OTHER)];
    let asked: Vec<_> = (0..16).map(|number| ask("PUT", POLICY.to_owned(), policies[number % 2].clone())).collect();
    for asked in asked {
        let answer = asked.await.unwrap();
        assert!(answer.status == 200 || answer.refusal().2 == "policy_superseded");
    }
    let history = service.ask("GET", &format!("{POLICY}:history"), "").await.json();
    assert_eq!(history["value"].as_array().unwrap().len(), 2, "{history}");
}

/// Replicas share the store and nothing else.
#[tokio::test]
async fn a_signer_that_another_replica_removed_signs_nothing_more() {
    let (first, second) = (Hand::rsa(), Hand::p256());
    let service = with(&[&first, &second]).await;
    let store = store::Sqlite::open(&service.directory.path().join("veritee.db")).await.unwrap();
    let state = store::ProviderStore::provider(&store, "iso").await.unwrap().unwrap();
    let sha256 = |hand: &Hand| {
        let found = state.signers.iter().find(|signer| signer.certificate == hand.der);
        found.unwrap().sha256
    };
    let request = store::SignedRequest {
        purpose: "certificates".to_owned(),
        signing_input: [9; 32],
        action: "remove".to_owned(),
        signer: sha256(&second),
        used_at: unix_time::UnixTime::from_seconds(7),
        limit: 10,
    };
    let entry = store::Entry { replica: "replica".to_owned(), text: "{}".to_owned() };
    assert!(
        store::ProviderStore::remove_policy_signer(&store, "iso", &sha256(&first), &request, &entry).await.unwrap()
    );
    let third = Hand::p256();
    for answer in [
        set(&service, &first.policy(MINIMAL)).await,
        reset(&service, &first.reset()).await,
        change(&service, "add", &first.certificate(&third.der)).await,
        change(&service, "remove", &first.certificate(&second.der)).await,
    ] {
        let code = answer.refusal().2;
        assert!(["changed_in_the_meantime", "signer_not_trusted"].contains(&code.as_str()), "{code}");
    }
    set(&service, &second.policy(MINIMAL)).await.token();
}

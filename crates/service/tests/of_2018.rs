//! The API of 2018, as the programs of its time use it.

mod running;

use abi::open_enclave;
use attestation::PolicyType;
use attestation::policy_jws::{self, CertificateAction};
use axum::http::header;
use running::managed::{MINIMAL, RESET, Signer, isolated};
use running::{ADMINISTRATOR, Answer, Running, claims_of, enclave_holding, encode, request, running};
use serde_json::{Value, json};
use zerocopy::IntoBytes;

const VERSION: &str = "api-version=2018-09-01-preview";
const CURRENT: &str = "/operations/policy/current?tee=SgxEnclave&api-version=2018-09-01-preview";
const PREPARE: &str = "/operations/policy/updatepolicy?tee=SgxEnclave&api-version=2018-09-01-preview";

/// The token in an answer: a bare JSON string.
fn bare(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json().as_str().unwrap_or_else(|| panic!("{}", answer.json())).to_owned()
}

async fn attest(service: &Running, path: &str, evidence: &[u8], held: &[u8]) -> Answer {
    let body = json!({"Quote": encode(evidence), "EnclaveHeldData": encode(held)});
    let asked = request("POST", &format!("{path}?{VERSION}"))
        .header(header::AUTHORIZATION, format!("Bearer {ADMINISTRATOR}"))
        .header(header::CONTENT_TYPE, "text/plain");
    service.send(asked.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn evidence_becomes_a_bare_token_with_the_claims_of_that_time() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b"held\0\0"));
    let report = [open_enclave::header_for(quote.len()).as_bytes(), &quote].concat();
    for (path, evidence) in [
        ("/attest/Tee/OpenEnclave", &report),
        ("/attest/OpenEnclave", &report),
        ("/attest/SgxEnclave", &quote),
        ("/ATTEST/TEE/SGXENCLAVE", &quote),
    ] {
        let answer = attest(&service, path, evidence, b"held\0\0").await;
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
        let claims = claims_of(&bare(&answer));
        let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| !name.starts_with("x-veritee-")).collect();
        let expected = "aas-attestationcollateral aas-ehd aas-policyhash exp iat is-debuggable iss maa-attestationcollateral \
            maa-ehd maa-policyHash nbf product-id sgx-mrenclave sgx-mrsigner svn tee";
        assert_eq!(names.join(" "), expected, "{path}");
        assert_eq!(
            (&claims["svn"], &claims["is-debuggable"], &claims["tee"]),
            (&json!(4), &json!(false), &json!("sgx"))
        );
        assert_eq!(claims["sgx-mrenclave"], "01".repeat(32));
        assert_eq!(
            (&claims["maa-ehd"], &claims["aas-ehd"]),
            (&json!(encode(b"held\0\0")), &json!(encode(b"held\0\0")))
        );
        // Of the default policy of that time.
        assert_eq!(claims["maa-policyHash"], "200e2717392bfb187b89c7c498b8e5ebcd6ad136dc0cdb5b897fdb13e344ca40");
        assert_eq!(claims["x-veritee-simulated"], true);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, evidence);
        assert_eq!(claims["maa-attestationcollateral"]["maa-quotehash"], hex::encode(digest));
        assert_eq!(claims["aas-attestationcollateral"]["aas-quotehash"], hex::encode(digest));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 28_800);
    }
}

#[tokio::test]
async fn its_tokens_are_nothing_to_a_relying_party_of_today() {
    let service = running().await;
    let token = bare(&attest(&service, "/attest/SgxEnclave", &service.quote(&enclave_holding(b"")), b"").await);
    let keys = jose::Jwks::parse(&service.get("/certs").await.body).unwrap();
    let now = unix_time::UnixTime::of_system_clock();
    let expectations = token::Expectations::new(token::Binding::WithoutFreshness).accept_simulated();
    let refused = token::Verifier::new(running::URL, keys).verify(&token, now, &expectations).unwrap_err();
    assert!(matches!(refused, token::TokenError::NotAttestation { claim: "x-ms-ver" }), "{refused}");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_as_elsewhere() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b"held"));
    let refused = attest(&service, "/attest/Tee/SgxEnclave", &quote, b"other").await.refusal();
    assert_eq!(refused, (400, "InvalidParameter".into(), "runtime_data_mismatch".into()));
    let refused = attest(&service, "/attest/Tee/OpenEnclave", &quote, b"held").await.refusal();
    assert_eq!(refused.2, "open_enclave_report_malformed");
    for path in ["/attest/Tee/SgxEnclave", "/attest/SgxEnclave"] {
        let refused =
            service.ask("POST", &format!("{path}?{VERSION}"), json!({"report": encode(&quote)}).to_string()).await;
        assert_eq!(refused.refusal().2, "request_malformed", "{path}");
    }
    for name in ["Tpm", "VBSEnclave", "CyResComponent", "TdxVm", "Nothing"] {
        let refused = service.ask("POST", &format!("/attest/Tee/{name}?{VERSION}"), "{}").await;
        let expected = (400, "InvalidOperation".into(), "attestation_type_not_supported".into());
        assert_eq!(refused.refusal(), expected, "{name}");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_a_token_and_the_answer_is_a_bare_sentence() {
    let service = running().await;
    let quote = service.quote(&enclave_holding(b""));
    let body = json!({"Quote": encode(&quote)}).to_string();
    for (method, path) in [
        ("POST", "/attest/Tee/OpenEnclave"),
        ("POST", "/attest/SgxEnclave?api-version=2018-09-01-Preview"),
        ("GET", CURRENT),
        ("PUT", CURRENT),
        ("POST", CURRENT),
        ("DELETE", CURRENT),
        ("POST", PREPARE),
        ("GET", "/operations/policy/certificates"),
        ("PUT", "/operations/policy/certificates"),
        ("POST", "/operations/policy/certificates"),
    ] {
        let answer = service.ask_as(None, method, path, body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers[header::WWW_AUTHENTICATE]),
            (401, &"Bearer".parse().unwrap())
        );
        let sentence = answer.json();
        assert!(
            sentence.as_str().unwrap().contains("requires a valid JWT bearer token"),
            "{method} {path}: {sentence}"
        );
    }
    // The same body without that version is a request of today, which nobody has to be known for.
    service.post("/attest/SgxEnclave?api-version=2022-08-01", body).await.token();
}

async fn current(service: &Running) -> String {
    let answer = service.ask("GET", CURRENT, "").await.json();
    assert_eq!(answer.as_object().unwrap().len(), 1);
    answer["policy"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_policy_is_prepared_then_set_and_reset() {
    let service = running().await;
    let default = policy_jws::unsecured(PolicyType::SgxEnclave.default_policy_of_2018().unwrap());
    assert_eq!(current(&service).await, default);
    let jws = policy_jws::unsecured(MINIMAL);
    for path in [PREPARE, "/operations/policy/update?tee=sgxenclave"] {
        let prepared = bare(&service.ask("POST", path, jws.clone()).await);
        let claims = claims_of(&prepared);
        // Of the whole JWS, as Microsoft's example has it.
        assert_eq!(claims["aas-policyHash"], "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ");
        assert_eq!(claims["maa-policyHash"], claims["aas-policyHash"]);
        assert!(claims.get("aas-policySigningCertificate").is_none());
        assert_eq!(current(&service).await, default, "preparing sets nothing");
        // Az.Attestation sends back what it was answered, others the policy.
        for body in [prepared, jws.clone(), json!(jws).to_string()] {
            let set = claims_of(&bare(&service.ask("PUT", CURRENT, body).await));
            assert_eq!(set["aas-policyHash"], claims["aas-policyHash"]);
            assert_eq!(current(&service).await, jws);
            let token = bare(&attest(&service, "/attest/SgxEnclave", &service.quote(&enclave_holding(b"")), b"").await);
            assert_eq!(claims_of(&token)["maa-policyHash"], token::hash::policy_hash_legacy(MINIMAL));
            for method in ["POST", "DELETE"] {
                let reset = claims_of(&bare(&service.ask(method, CURRENT, RESET).await));
                assert_eq!(reset["aas-policyHash"], token::hash::policy_token_hash(RESET));
                assert_eq!(current(&service).await, default);
            }
        }
    }
    let today = claims_of(&service.ask("GET", "/policies/SgxEnclave", "").await.token());
    assert_eq!(today["x-ms-policy"], policy_jws::unsecured(PolicyType::SgxEnclave.default_policy().unwrap()));
}

#[tokio::test]
async fn policies_of_every_type_are_kept_and_those_of_none_refused() {
    let service = running().await;
    let jws = policy_jws::unsecured(MINIMAL);
    for name in ["OpenEnclave", "CyResComponent", "VBSEnclave", "AzureGuest", "Tpm"] {
        let path = format!("/operations/policy/current?{VERSION}&tee={name}");
        bare(&service.ask("PUT", &path, jws.clone()).await);
        assert_eq!(service.ask("GET", &path, "").await.json()["policy"], jws, "{name}");
        let today = claims_of(&service.ask("GET", &format!("/policies/{name}"), "").await.token());
        assert_eq!(today["x-ms-policy"], jws, "{name}");
    }
    for (query, status, code) in [
        ("", 400, "tee_missing"),
        ("?tee=SgxEnclave&TEE=OpenEnclave", 400, "tee_missing"),
        ("?tee=Nothing", 404, "attestation_type_unknown"),
    ] {
        let refused = service.ask("GET", &format!("/operations/policy/current{query}"), "").await.refusal();
        assert_eq!((refused.0, refused.2.as_str()), (status, code), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_policy_is_refused_when_it_is_prepared_and_when_it_is_set() {
    let service = running().await;
    let broken = policy_jws::unsecured("version=1.0;authorizationrules{=> permit()");
    let forged = format!(
        "{}.{}.",
        encode(b"{\"alg\":\"none\"}"),
        encode(json!({"x-veritee-policy-jws": broken}).to_string().as_bytes())
    );
    for (method, path, body, code) in [
        ("POST", PREPARE, broken.clone(), "policy_malformed"),
        ("PUT", CURRENT, broken.clone(), "policy_malformed"),
        // What stands in an answer of ours is judged like anything else.
        ("PUT", CURRENT, forged, "policy_malformed"),
        ("POST", PREPARE, RESET.to_owned(), "policy_missing"),
        ("PUT", CURRENT, RESET.to_owned(), "policy_missing"),
        ("POST", CURRENT, policy_jws::unsecured(MINIMAL), "reset_with_policy"),
        ("PUT", CURRENT, "{}".to_owned(), "policy_body_malformed"),
    ] {
        let refused = service.ask(method, path, body).await.refusal();
        assert_eq!((refused.0, refused.2.as_str()), (400, code), "{method} {path}");
    }
    let missing = service.ask("GET", "/policies/SgxEnclave:history", "").await.json();
    assert_eq!(missing["value"], json!([]), "nothing was kept");
}

#[tokio::test]
async fn isolated_providers_ask_for_signatures_and_answer_with_certificates() {
    let service = running().await;
    let (signer, other) = (Signer::new("signer", false, None), Signer::new("other", false, None));
    service.create("iso", isolated(&[&signer])).await;
    let at = |path: &str| format!("/p/iso{path}");
    for (method, path) in [("POST", PREPARE), ("PUT", CURRENT)] {
        let refused = service.ask(method, &at(path), policy_jws::unsecured(MINIMAL)).await.refusal();
        assert_eq!(refused, (400, "InvalidOperation".into(), "policy_unsigned".into()));
    }
    let jws = signer.policy(MINIMAL);
    let prepared = bare(&service.ask("POST", &at(PREPARE), jws.clone()).await);
    let set = claims_of(&bare(&service.ask("PUT", &at(CURRENT), prepared).await));
    assert_eq!(set["aas-policySigningCertificate"], signer.jwk());
    assert_eq!(set["maa-policySigningCertificate"], signer.jwk());

    let path = at("/operations/policy/certificates");
    let keys = |answer: &Answer| {
        let claims = claims_of(&bare(answer));
        assert_eq!(claims["aas-policyCertificates"], claims["maa-policyCertificates"]);
        claims["aas-policyCertificates"]["keys"].clone()
    };
    assert_eq!(keys(&service.ask("GET", &path, "").await), json!([signer.jwk()]));
    let change = |action| json!(signer.key().sign_certificate(action, &other.der, None).unwrap()).to_string();
    let add = change(CertificateAction::Add);
    let added: Value = keys(&service.ask("PUT", &path, add.clone()).await);
    assert_eq!(added.as_array().unwrap().len(), 2);
    assert_eq!(service.ask("POST", &path, add.clone()).await.refusal().2, "signer_request_for_other_action");
    let removed = service.ask("POST", &path, change(CertificateAction::Remove)).await;
    assert_eq!(keys(&removed), json!([signer.jwk()]));
    assert_eq!(service.ask("PUT", &path, add.clone()).await.refusal().2, "signed_request_used");
    let refused = service.ask("PUT", "/operations/policy/certificates", add).await.refusal();
    assert_eq!(refused.2, "provider_not_isolated");
}

/// `aas-ehd` is what programs of that time read as the enclave's data.
#[tokio::test]
async fn a_policy_does_not_speak_for_the_service_in_tokens_of_that_time_and_shortens_their_lifetime() {
    let service = running().await;
    let text = "version=1.0;authorizationrules{=>permit();};issuancerules{\
        =>issue(type=\"aas-ehd\",value=\"mine\");=>issue(type=\"maa-ehd\",value=\"mine\");\
        =>issue(type=\"maa-policyHash\",value=\"mine\");=>issue(type=\"AAS-policyHash\",value=\"mine\");\
        =>issueproperty(type=\"report_validity_in_minutes\",value=2);};";
    bare(&service.ask("PUT", CURRENT, policy_jws::unsecured(text)).await);
    for held in [b"held".as_slice(), b""] {
        let quote = service.quote(&enclave_holding(held));
        let claims = claims_of(&bare(&attest(&service, "/attest/SgxEnclave", &quote, held).await));
        let expected = (!held.is_empty()).then(|| json!(encode(held)));
        assert_eq!((claims.get("aas-ehd"), claims.get("maa-ehd")), (expected.as_ref(), expected.as_ref()));
        assert_eq!(claims["maa-policyHash"], token::hash::policy_hash_legacy(text));
        assert!(!claims.to_string().contains("mine"), "{claims}");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
    }
}

//! What Microsoft recorded of Azure in 2021 for the tests of its Python client: tokens and keys.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::{Decode, Encode};
use jose::Jwks;
use jose::jws::Jws;
use serde::Deserialize;
use serde_json::Value;
use token::hash::{key_digest, key_id};
use token::{Binding, Expectations, TokenError, Verifier};
use unix_time::UnixTime;

#[derive(Deserialize)]
struct Recording {
    name: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    url: String,
    body: Option<String>,
    answer: String,
}

impl Call {
    /// The route, such as `attest/SgxEnclave`.
    fn path(&self) -> &str {
        self.url.splitn(4, '/').nth(3).unwrap().split('?').next().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap()
    }

    fn token(&self) -> Option<String> {
        self.json()["token"].as_str().map(str::to_owned)
    }

    fn claims(&self) -> Option<Value> {
        Some(serde_json::from_slice(&Jws::decode(&self.token()?).unwrap().payload).unwrap())
    }
}

fn recordings() -> Option<Vec<Recording>> {
    let file = test_support::fetched("recordings/recordings.json", "interop/recordings/fetch")?;
    Some(serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
}

fn keys(calls: &[Call]) -> Option<Jwks> {
    let answer = calls.iter().find(|call| call.path() == "certs")?;
    Some(Jwks::parse(answer.answer.as_bytes()).unwrap())
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap().trim_end_matches('=')).unwrap()
}

/// What the evidence of an attestation was bound to.
fn binding(request: &Value) -> Binding {
    let data = &request["runtimeData"];
    match data["dataType"].as_str() {
        None => Binding::WithoutFreshness,
        Some("JSON") => Binding::RuntimeJson(serde_json::from_slice(&decode(&data["data"])).unwrap()),
        Some(_) => Binding::RuntimeData(decode(&data["data"])),
    }
}

#[test]
fn tokens_of_2021_verify_and_all_others_are_refused_for_what_they_are() {
    let Some(recordings) = recordings() else { return };
    let mut kinds = BTreeMap::new();
    for recording in &recordings {
        let Some(keys) = keys(&recording.calls) else { panic!("{} has no keys", recording.name) };
        for call in recording.calls.iter().filter(|call| call.token().is_some()) {
            let (token, claims) = (call.token().unwrap(), call.claims().unwrap());
            let at = claims["iat"].as_i64().unwrap();
            let verifier = Verifier::new(claims["iss"].as_str().unwrap(), keys.clone());
            let request: Value =
                call.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
            let expectations = Expectations::new(binding(&request)).tolerance_seconds(0);
            let algorithm = Jws::decode(&token).unwrap().header.alg;
            let kind = match (algorithm.as_str(), verifier.verify(&token, UnixTime::from_seconds(at), &expectations)) {
                ("RS256", Ok(verified)) => {
                    assert_eq!((verified.attestation_type(), verified.is_simulated()), ("sgx", false));
                    assert!(verified.mrenclave().is_some() && verified.mrsigner().is_some());
                    // The token is bound to this data, and to no other.
                    let other = Expectations::new(Binding::RuntimeData(b"other".to_vec())).tolerance_seconds(0);
                    assert!(verifier.verify(&token, UnixTime::from_seconds(at), &other).is_err(), "{}", recording.name);
                    "attestation"
                }
                ("RS256", Err(TokenError::Administration { .. })) => "administration",
                ("none", Err(TokenError::DraftPolicy)) => "draft",
                (_, result) => panic!("{} {}: {result:?}", recording.name, call.path()),
            };
            *kinds.entry(kind).or_insert(0) += 1;
            // One second after its end it is refused whatever it is.
            let end = claims["exp"].as_i64().unwrap();
            assert!(
                verifier.verify(&token, UnixTime::from_seconds(end + 1), &expectations).is_err(),
                "{}",
                recording.name
            );
        }
    }
    assert_eq!(kinds, BTreeMap::from([("administration", 89), ("attestation", 27), ("draft", 3)]));
}

#[test]
fn key_ids_of_2021_follow_our_rule() {
    let Some(recordings) = recordings() else { return };
    let mut sets = 0;
    for call in recordings.iter().flat_map(|recording| &recording.calls).filter(|call| call.path() == "certs") {
        let keys = Jwks::parse(call.answer.as_bytes()).unwrap();
        let entry = &keys.keys()[0];
        let certificate = x509_cert::Certificate::from_der(&STANDARD.decode(&entry.x5c()[0]).unwrap()).unwrap();
        let spki = certificate.tbs_certificate().subject_public_key_info().to_der().unwrap();
        assert_eq!(key_id(&key_digest(&spki)), entry.kid());
        sets += 1;
    }
    assert!(sets >= 60, "{sets}");
}

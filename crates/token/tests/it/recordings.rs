//! Recorded traffic of Azure Attestation of May 2022: its tokens, keys and metadata.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use jose::Jwks;
use jose::jws::Jws;
use serde_json::Value;
use token::hash::{key_digest, key_id};
use token::{Binding, Expectations, OpenIdMetadata, TokenError, Verifier};
use unix_time::UnixTime;

/// One recorded answer: the address and the body.
struct Answer {
    url: String,
    body: String,
}

struct Recording {
    name: String,
    answers: Vec<Answer>,
}

impl Recording {
    fn keys(&self) -> Option<Jwks> {
        let answer = self.answers.iter().find(|answer| answer.url.ends_with("/certs"))?;
        Some(Jwks::parse(answer.body.as_bytes()).unwrap())
    }

    fn tokens(&self) -> impl Iterator<Item = String> {
        self.answers.iter().filter_map(|answer| {
            let body: Value = serde_json::from_str(&answer.body).ok()?;
            Some(body.get("token")?.as_str()?.to_owned())
        })
    }
}

fn folder() -> Option<PathBuf> {
    test_support::recorded("maa/azure-sdk-for-cpp")
}

fn recordings() -> Option<Vec<Recording>> {
    let files = fs::read_dir(folder()?).unwrap().map(|entry| entry.unwrap().path());
    let recordings = files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).map(|path| {
        let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let calls = json["networkCallRecords"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let answer = |call: &Value| Answer { url: text(&call["Url"]), body: text(&call["Response"]["BODY"]) };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Recording { name, answers: calls.iter().map(answer).collect() }
    });
    Some(recordings.collect())
}

#[test]
fn recorded_tokens_verify_and_all_others_are_refused_for_what_they_are() {
    let Some(recordings) = recordings() else { return };
    let runtime_data = fs::read(folder().unwrap().join("runtime_data.bin")).unwrap();
    let runtime_json: Value =
        serde_json::from_slice(runtime_data.trim_ascii_end().strip_suffix(b"\0").unwrap()).unwrap();
    let (mut attestations, mut administration, mut drafts) = (0, 0, 0);
    for recording in recordings {
        for token in recording.tokens() {
            let jws = Jws::decode(&token).unwrap();
            let claims: Value = serde_json::from_slice(&jws.payload).unwrap();
            let at = claims["iat"].as_i64().unwrap();
            let verifier = Verifier::new(claims["iss"].as_str().unwrap(), recording.keys().unwrap());
            let binding = if recording.name.contains("AttestWithRuntimeData-") {
                Binding::RuntimeData(runtime_data.clone())
            } else if recording.name.contains("AttestWithRuntimeDataJson-") {
                Binding::RuntimeJson(runtime_json.clone())
            } else {
                Binding::WithoutFreshness
            };
            let result =
                verifier.verify(&token, UnixTime::from_seconds(at), &Expectations::new(binding).tolerance_seconds(0));
            match (jws.header.alg.as_str(), claims.get("x-ms-attestation-type"), result) {
                ("RS256", Some(_), Ok(verified)) => {
                    assert_eq!((verified.attestation_type(), verified.is_debuggable()), ("sgx", Some(true)));
                    assert_eq!((verified.product_id(), verified.svn()), (Some(1), Some(1)));
                    assert!(verified.mrenclave().is_some() && verified.mrsigner().is_some());
                    assert!(!verified.is_simulated());
                    attestations += 1;
                }
                ("RS256", None, Err(TokenError::Administration { .. })) => administration += 1,
                ("none", Some(_), Err(TokenError::DraftPolicy)) => drafts += 1,
                (_, _, result) => panic!("{}: {result:?}", recording.name),
            }
        }
    }
    assert_eq!((attestations, administration, drafts), (18, 38, 6));
}

#[test]
fn recorded_key_ids_follow_our_rule() {
    let Some(recordings) = recordings() else { return };
    let sets: Vec<Jwks> = recordings.iter().filter_map(Recording::keys).collect();
    assert!(!sets.is_empty());
    for keys in sets {
        let entry = &keys.keys()[0];
        assert_eq!(entry.kid(), "XxRc2vLh1E5FrsNawnRH3PzuFgqg3q7NvCdnjoJHBGE=");
        let certificate = x509_cert::Certificate::from_der(&STANDARD.decode(&entry.x5c()[0]).unwrap()).unwrap();
        let spki = certificate.tbs_certificate().subject_public_key_info().to_der().unwrap();
        assert_eq!(key_id(&key_digest(&spki)), entry.kid());
    }
}

#[test]
fn recorded_metadata_is_ours() {
    let Some(recordings) = recordings() else { return };
    let mut compared = 0;
    for answer in recordings.iter().flat_map(|recording| &recording.answers) {
        if answer.url.ends_with("/.well-known/openid-configuration") {
            let theirs: Value = serde_json::from_str(&answer.body).unwrap();
            let ours = serde_json::to_string(&OpenIdMetadata::new(
                theirs["issuer"].as_str().unwrap(),
                token::TokenAlgorithm::Rs256,
            ))
            .unwrap();
            assert_eq!(answer.body, ours);
            compared += 1;
        }
    }
    assert!(compared > 0);
}

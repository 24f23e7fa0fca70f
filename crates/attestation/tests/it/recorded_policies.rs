//! Policies and requests about signers that Microsoft recorded of Azure, in 2022 for its C++ client and in 2021 for its Python client.

use std::fs;

use attestation::policy_jws::{CertificateJws, PolicyJws};
use aws_lc_rs::digest;
use jose::Algorithm;
use jose::jws::Jws;
use serde_json::Value;
use token::hash::{policy_hash, policy_token_hash};

const DEFAULT: &str = "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw";
const MINIMAL: &str = "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU";

/// The claims of a token in an answer, where it has one.
fn claims_in(answer: &str) -> Option<Value> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    Some(serde_json::from_slice(&Jws::decode(answer["token"].as_str()?).unwrap().payload).unwrap())
}

/// The recordings of 2022: the claims of all tokens of each.
fn recordings_of_2022() -> Option<Vec<Vec<Value>>> {
    let folder = test_support::recorded("maa/azure-sdk-for-cpp")?;
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let recordings = files.map(|path| {
        let json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let calls = json["networkCallRecords"].as_array().cloned().unwrap_or_default();
        calls.iter().filter_map(|call| claims_in(call["Response"]["BODY"].as_str()?)).collect()
    });
    Some(recordings.collect())
}

/// A recorded request of 2021, and the claims in its answer.
struct Call {
    method: String,
    /// The route, such as `policies/SgxEnclave`.
    path: String,
    body: String,
    claims: Value,
}

/// The requests of 2021 that are answered with a token.
fn calls_of_2021() -> Option<Vec<Call>> {
    let file = test_support::fetched("recordings/recordings.json", "interop/recordings/fetch")?;
    let recordings: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let calls = recordings.iter().flat_map(|recording| recording["calls"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = calls.filter_map(|call| {
        let claims = claims_in(call["answer"].as_str().unwrap())?;
        let path = text(&call["url"]).splitn(4, '/').nth(3).unwrap().split('?').next().unwrap().to_owned();
        Some(Call { method: text(&call["method"]), path, body: text(&call["body"]), claims })
    });
    Some(calls.collect())
}

#[test]
fn policies_of_2022_are_read_and_signed_ones_verify() {
    let Some(recordings) = recordings_of_2022() else { return };
    let (mut defaults, mut minimal, mut resets, mut signed) = (0, 0, 0, 0);
    for recording in recordings {
        let mut set_under = Vec::new();
        for claims in recording {
            set_under.extend(claims["x-ms-policy-token-hash"].as_str().map(str::to_owned));
            // Attestation tokens have a claim of this name as well, with what the policy issued.
            let Some(jws) = claims["x-ms-policy"].as_str() else { continue };
            let policy = PolicyJws::read(jws).unwrap_or_else(|error| panic!("{jws}: {error:?}"));
            match policy.text().map(policy_hash).as_deref() {
                None => resets += 1,
                Some(DEFAULT) => defaults += 1,
                // What was set is served as it was submitted.
                Some(MINIMAL) => {
                    assert!(set_under.contains(&policy_token_hash(jws)), "{jws}");
                    minimal += 1;
                }
                Some(other) => panic!("{jws}: {other}"),
            }
            if let Some(signer) = policy.signer() {
                assert_eq!(signer.algorithm(), Algorithm::Rs256);
                assert_eq!(signer.certificates()[0].subject(), "CN=TestSetPolicyCertificate");
                signed += 1;
            }
        }
    }
    assert_eq!((defaults, minimal, resets, signed), (10, 6, 5, 3));
}

#[test]
fn policies_of_2021_are_read_and_their_hashes_are_ours() {
    let Some(calls) = calls_of_2021() else { return };
    let (mut set, mut signed, mut shown, mut judged) = (0, 0, 0, 0);
    for Call { method, path, body, claims } in calls {
        if path.starts_with("policies/") && method != "GET" {
            let policy = PolicyJws::read(&body).unwrap();
            if method == "PUT" {
                assert_eq!(policy.text().map(policy_hash).as_deref(), Some(MINIMAL));
                assert_eq!(claims["x-ms-policy-token-hash"], policy_token_hash(&body));
                set += 1;
            } else {
                assert_eq!(policy.text(), None);
            }
            if let Some(signer) = policy.signer() {
                assert_eq!(signer.algorithm(), Algorithm::Rs256);
                signed += 1;
                // The answer to a reset does not name its signer.
                if method == "PUT" {
                    assert_eq!(claims["x-ms-policy-signer"], signer.jwk());
                }
            }
        }
        if let Some(jws) = claims["x-ms-policy"].as_str() {
            let text = PolicyJws::read(jws).unwrap().text().map(policy_hash);
            assert!(text.is_none() || [DEFAULT, MINIMAL].contains(&text.as_deref().unwrap()), "{text:?}");
            shown += 1;
        }
        if let Some(hash) = claims["x-ms-policy-hash"].as_str() {
            let request: Value = serde_json::from_str(&body).unwrap();
            match request["draftPolicyForAttestation"].as_str() {
                Some(draft) => assert_eq!(hash, policy_hash(draft)),
                None => assert!([DEFAULT, MINIMAL].contains(&hash), "{hash}"),
            }
            judged += 1;
        }
    }
    assert_eq!((set, signed, shown, judged), (20, 21, 36, 30));
}

#[test]
fn certificates_of_2021_are_read_and_their_thumbprints_are_ours() {
    let Some(calls) = calls_of_2021() else { return };
    let mut changed = 0;
    for call in calls.iter().filter(|call| call.path.starts_with("certificates:")) {
        let jws: String = serde_json::from_str(&call.body).unwrap();
        let certificate = CertificateJws::read(&jws).unwrap().certificate().clone();
        let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        let thumbprint = hex::encode_upper(sha1);
        assert_eq!(call.claims["x-ms-certificate-thumbprint"], thumbprint);
        assert_eq!(certificate.thumbprint_sha1(), thumbprint);
        changed += 1;
    }
    assert_eq!(changed, 8);
}

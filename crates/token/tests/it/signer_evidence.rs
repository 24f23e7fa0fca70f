//! The evidence in certificates of signing keys: Azure's own, ours, and what is none.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use problem::Problem;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use serde_json::Value;
use token::{SignerEvidence, SignerEvidenceError, SigningKey, TokenAlgorithm};

use crate::fixture::{ISS, NOW, certified, key, other_key};

/// Where the report data of an SGX quote begins: after the header and 320 bytes of the report.
const REPORT_DATA: usize = 48 + 320;

fn report_data(quote: &[u8]) -> [u8; 64] {
    quote[REPORT_DATA..REPORT_DATA + 64].try_into().unwrap()
}

/// An Open Enclave report about that key: only its report data is of interest here.
fn report_about(key: &SigningKey) -> Vec<u8> {
    let mut quote = vec![0; 1000];
    quote[REPORT_DATA..REPORT_DATA + 64].copy_from_slice(&key.report_data());
    [&[1, 0, 0, 0, 2, 0, 0, 0][..], &1000_u64.to_le_bytes(), &quote].concat()
}

/// Every certificate in Azure's recorded traffic and samples that is about a signing key with evidence.
fn azures() -> Option<BTreeSet<Vec<u8>>> {
    let mut found = BTreeSet::new();
    let recordings = std::fs::read_dir(test_support::recorded("maa/azure-sdk-for-cpp")?).unwrap();
    for recording in recordings {
        let Ok(text) = std::fs::read_to_string(recording.unwrap().path()) else { continue };
        let Ok(Value::Object(recording)) = serde_json::from_str(&text) else { continue };
        let calls = recording["networkCallRecords"].as_array().unwrap().iter();
        let bodies = calls.filter_map(|call| serde_json::from_str::<Value>(call["Response"]["BODY"].as_str()?).ok());
        let sets = bodies.filter_map(|body| body["keys"].as_array().cloned()).flatten();
        let certificates = sets.filter_map(|key| STANDARD.decode(key["x5c"][0].as_str()?).ok());
        found.extend(certificates.filter(|der| SignerEvidence::in_certificate(der).is_ok()));
    }
    let samples = test_support::recorded("maa/azure-samples/sgx.attest.sample.oe.sdk")?;
    for name in [
        "maa.signing.cert.examples/maa.prod.uks.signing.cert.cer",
        "validatequotes.net/samples/uksouth.signing.cert.cer",
    ] {
        let mut file = std::fs::read(samples.join(name)).unwrap();
        file.retain(|byte| !byte.is_ascii_whitespace());
        // Several stand one after the other; the first is of interest.
        let end = file.iter().position(|byte| *byte == b'=').unwrap();
        let der = STANDARD_NO_PAD.decode(&file[..end]).unwrap();
        found.insert(der);
    }
    Some(found)
}

#[test]
fn azures_own_certificates_carry_quotes_about_their_keys() {
    let Some(certificates) = azures() else { return };
    assert!(certificates.len() >= 10, "{}", certificates.len());
    for der in &certificates {
        let evidence = SignerEvidence::in_certificate(der).unwrap();
        assert!(evidence.is_about_the_key(&report_data(evidence.quote())));
        assert!(evidence.quote().starts_with(&[3, 0, 2, 0]), "an SGX quote of version 3");
    }
}

#[test]
fn ours_carry_theirs_and_another_keys_quote_is_told() {
    for key in [key(), &SigningKey::generate(TokenAlgorithm::Es256).unwrap()] {
        let der = certified(key, ISS, NOW, NOW + 1, Some(&report_about(key)));
        let evidence = SignerEvidence::in_certificate(&der).unwrap();
        assert!(evidence.is_about_the_key(&report_data(evidence.quote())));
        let der = certified(key, ISS, NOW, NOW + 1, Some(&report_about(other_key())));
        let evidence = SignerEvidence::in_certificate(&der).unwrap();
        assert!(!evidence.is_about_the_key(&report_data(evidence.quote())));
        // The second half has to be zero.
        let mut data = key.report_data();
        assert!(evidence.is_about_the_key(&data));
        data[63] = 1;
        assert!(!evidence.is_about_the_key(&data));
    }
}

#[test]
fn certificates_without_evidence_or_with_what_is_none_are_refused() {
    let error = |der: &[u8]| {
        let error = SignerEvidence::in_certificate(der).unwrap_err();
        assert!(error.code().starts_with("signer_") && !error.help().is_empty());
        error
    };
    let without = certified(key(), ISS, NOW, NOW + 1, None);
    assert!(matches!(error(&without), SignerEvidenceError::Missing));
    assert!(matches!(error(b"nothing"), SignerEvidenceError::Certificate(_)));
    let unframed = certified(key(), ISS, NOW, NOW + 1, Some(b"no report"));
    assert!(matches!(error(&unframed), SignerEvidenceError::Framing(_)));
    let with = |extensions: &[(&[u64], &[u8])]| {
        let mut parameters = CertificateParams::default();
        for (oid, content) in extensions {
            parameters.custom_extensions.push(CustomExtension::from_oid_content(oid, content.to_vec()));
        }
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    };
    let (old, new): (&[u64], &[u64]) = (&[1, 2, 840, 113556, 10, 1, 1], &[1, 3, 6, 1, 4, 1, 311, 105, 1]);
    assert!(matches!(error(&with(&[(old, b"x")])), SignerEvidenceError::OctetString(_)));
    assert!(matches!(error(&with(&[(old, &[4, 0]), (new, b"x")])), SignerEvidenceError::Several));
}

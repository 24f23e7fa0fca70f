//! `veritee inspect`: says what a file is.

mod command;

use command::{sample, veritee};
use serde_json::Value;

fn inspect(contents: &[u8]) -> Result<Value, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, contents).unwrap();
    let ran = veritee([std::ffi::OsStr::new("inspect"), file.as_os_str(), std::ffi::OsStr::new("--json")]);
    if ran.exit == 0 { Ok(ran.json()) } else { Err(format!("{} {}", ran.exit, ran.stderr)) }
}

fn is(contents: &[u8]) -> String {
    inspect(contents).unwrap()["is"].as_str().unwrap().to_owned()
}

#[test]
fn a_quote_shows_its_parts_and_its_certificates() {
    let (quote, collateral) = sample();
    let quote = std::fs::read(quote).unwrap();
    let description = inspect(&quote).unwrap();
    assert_eq!(description["is"], "SGX quote, version 3");
    assert_eq!(description["note"], "nothing here is verified");
    assert_eq!(description["body"]["sgxEnclaveReport"]["mrEnclave"].as_str().unwrap().len(), 64);
    let certificates = description["certification"]["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 3);
    assert_eq!(certificates[0]["sgxExtension"]["FMSPC"].as_str().unwrap().len(), 12);
    assert_eq!(is(&std::fs::read(collateral).unwrap()), "collateral for one platform family, in dcap-qvl's JSON");
    let mut report = zerocopy::IntoBytes::as_bytes(&abi::open_enclave::header_for(quote.len())).to_vec();
    report.extend(&quote);
    assert_eq!(is(&report), "Open Enclave report with SGX quote, version 3");
}

#[test]
fn what_holds_several_pieces_shows_each() {
    let (_, collateral) = sample();
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("site.json");
    veritee(["collateral", "bundle", collateral.to_str().unwrap(), "-o", bundle.to_str().unwrap()]).expect(0);
    let bundle = inspect(&std::fs::read(bundle).unwrap()).unwrap();
    assert_eq!((&bundle["is"], bundle["pieces"].as_array().unwrap().len()), (&"collateral bundle".into(), 7));
    assert_eq!(bundle["pieces"][0]["member"], "sgx_quote_collateral.json#tcb_info");
    let parsed: Value = serde_json::from_slice(&std::fs::read(collateral).unwrap()).unwrap();
    let head = "HTTP/1.1 200 OK\n\n".to_owned();
    let response = inspect((head + parsed["root_ca_crl"].as_str().unwrap()).as_bytes()).unwrap();
    assert_eq!(
        (&response["is"], &response["pieces"][0]["member"]),
        (&"HTTP response with collateral".into(), &"body".into())
    );
    let gone = inspect(b"HTTP/1.1 410 Gone\n\n").unwrap_err();
    assert!(gone.starts_with("1 error: file is not recognised: response has status 410 (Gone)"), "{gone}");
}

#[test]
fn every_kind_of_recorded_file_is_recognised() {
    for (path, expected) in [
        (
            "quotes/collateral/tcbinfo_SGX_00606a000000_2025-08-15_ev17_8fdd553e2c2c0d0b.json",
            "TCB Info for SGX, version 3",
        ),
        (
            "quotes/collateral/tcbinfo_SGXv2_00606a000000_2025-06-04_ev17_5d682711bc4df025.json",
            "TCB Info for SGX, version 2",
        ),
        ("quotes/collateral/qeid_TD_QE_2026-10-07_ev20_97d47239eb8c5d1f.json", "identity of the enclave TD_QE"),
        ("quotes/collateral/crl_PCKPlatformCA_2025-08-15_8b661233b516d13e.der", "certificate revocation list"),
        ("quotes/collateral/cert_RootCA_2018-05-21_44a0196b2b99f889.der", "certificate"),
        ("quotes/collateral/chain_tcb_c0575e76d0303b61.pem", "chain of 2 certificates"),
        ("quotes/67adfc4acd820850_v5_TDX_bt3_00806f050000.quote", "TDX quote, version 5"),
        ("quotes/a123d4904c393a6b_v4_TDX_b0c06f000000.quote", "TDX quote, version 4"),
        ("maa/azure-sdk-for-cpp/oe_report.bin", "Open Enclave report with SGX quote, version 3"),
        ("maa/azure-samples/maa.jwt.verifier.dotnet/sev-snp-jwt.txt", "token (JWS)"),
    ] {
        let Some(path) = test_support::recorded(path) else {
            return;
        };
        assert_eq!(is(&std::fs::read(&path).unwrap()), expected, "{}", path.display());
    }
}

#[test]
fn revocation_lists_are_recognised_in_every_encoding() {
    use base64::Engine;
    let path = "quotes/collateral/crl_PCKPlatformCA_2025-08-15_8b661233b516d13e.der";
    let Some(path) = test_support::recorded(path) else { return };
    let der = std::fs::read(path).unwrap();
    for contents in [
        dcap::pem::encode(&der, "X509 CRL").into_bytes(),
        hex::encode(&der).into_bytes(),
        base64::engine::general_purpose::STANDARD.encode(&der).into_bytes(),
    ] {
        assert_eq!(is(&contents), "certificate revocation list");
    }
}

#[test]
fn an_epid_quote_is_told_why_it_can_no_longer_be_verified() {
    let mut quote = vec![0; 48 + 384];
    quote[0] = 2;
    let description = inspect(&quote).unwrap();
    assert_eq!(description["is"], "EPID quote");
    assert!(description["why it can no longer be verified"].as_str().unwrap().contains("Intel closed"));
    assert!(inspect(&[2, 0]).is_ok());
}

#[test]
fn tokens_and_key_sets_are_recognised() {
    assert_eq!(is(b"eyJhbGciOiJub25lIn0.e30."), "unsecured token (JWS without signature)");
    assert_eq!(is(br#"{"token":"eyJhbGciOiJSUzI1NiJ9.e30.AA"}"#), "token (JWS)");
    assert_eq!(is(br#"{"keys":[{"kid":"a","kty":"RSA","x5c":["AA"]}]}"#), "JSON Web Key Set");
}

#[test]
fn what_is_nothing_known_is_exit_code_one_and_a_sentence() {
    let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for contents in
        [&b""[..], b"hello", b"{}", b"[]", b"\x03\0\x02\0", certificate, &[0x30, 0x82, 0xff, 0xff], &[0xff; 64]]
    {
        let error = inspect(contents).unwrap_err();
        assert!(error.starts_with("1 error: file is not recognised") && error.contains("help:"), "{error}");
    }
    assert_eq!(veritee(["inspect", "/nonexistent"]).exit, 3);
}

#[test]
fn control_characters_of_a_file_stay_out_of_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "{\"keys\":[{\"kid\":\"\\u001b[31mred\\u202e\"}]}").unwrap();
    let ran = veritee([std::ffi::OsStr::new("inspect"), file.as_os_str()]).expect(0);
    assert!(ran.stdout.contains("red") && !ran.stdout.contains(['\u{1b}', '\u{202e}']), "{}", ran.stdout);
}

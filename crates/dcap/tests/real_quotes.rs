//! Real quotes with real Intel collateral: every recorded SGX case gives its recorded result.

use std::path::Path;

use collateral::{Choice, CollateralSet};
use dcap::{Allowance, CertificationData, ProvenPck, Quote, Requirements, Tee, TrustedRoots, VerifiedQuote, Verifier};
use problem::Problem;
use serde_json::Value;
use unix_time::UnixTime;

/// The whole line up to a verified quote; the error is its code.
fn verify(quote: &[u8], pieces: &CollateralSet, at: UnixTime) -> Result<VerifiedQuote, String> {
    let verifier = Verifier::new(TrustedRoots::intel());
    let quote = Quote::parse(quote).map_err(|error| error.code().into_owned())?;
    let CertificationData::PckChain(chain) = quote.certification() else { return Err("no chain".to_owned()) };
    let pck = ProvenPck::prove(chain, verifier.roots(), at).map_err(|error| error.code().into_owned())?;
    let Choice { collateral, .. } = pieces.choose(&pck.family(quote.tee()), at).map_err(|error| error.to_string())?;
    let collateral = collateral.verify(verifier.roots(), at).map_err(|error| error.code().into_owned())?;
    verifier.verify(&quote, &pck, &collateral, at).map_err(|error| error.code().into_owned())
}

fn read(directory: &Path, name: &Value) -> Vec<u8> {
    std::fs::read(directory.join(name.as_str().unwrap())).unwrap()
}

#[test]
fn every_recorded_case_gives_its_expected_result() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(directory.join("cases.json")).unwrap()).unwrap();
    let mut signing_certificates = CollateralSet::default();
    for entry in std::fs::read_dir(directory.join("collateral")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("cert_TCBSigning_") {
            signing_certificates.add(&name, &std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
    let mut seen = 0;
    for case in &cases {
        let error_expected = case["expected"]["error"].is_string();
        // Some cases name a TCB signing certificate that was issued after their time. Intel has certified that key three
        // times: where a status is expected, all three lie beside the pieces, and the one valid at the time is taken.
        let mut pieces = if error_expected { CollateralSet::default() } else { signing_certificates.clone() };
        for piece in ["tcb_info", "qe_identity", "pck_crl", "root_crl", "tcb_chain", "qe_chain"] {
            let name = case[piece].as_str().unwrap();
            pieces.add(name, &read(&directory.join("collateral"), &case[piece])).unwrap();
        }
        let at = UnixTime::from_seconds(case["now"].as_i64().unwrap());
        let outcome = verify(&read(&directory, &case["quote"]), &pieces, at);
        match (&case["expected"]["error"], outcome) {
            // In some cases the PCK certificate is valid, and what is not valid yet is the signing certificate they name.
            (Value::String(expected), Err(code)) if expected == "pck_certificate_not_yet_valid" => {
                let signer = "tcb_info_tcb_signing_certificate_not_yet_valid";
                assert!(code == *expected || code == signer, "{code}: {case}");
            }
            (Value::String(expected), Err(code)) => assert_eq!(code, *expected, "{case}"),
            (Value::Null, Ok(quote)) => {
                let expected = &case["expected"];
                assert_eq!(quote.tcb().status.as_str(), expected["status"], "{case}");
                assert_eq!(quote.tcb().tcb_info_evaluation_data_number, case["tcb_eval"], "{case}");
                accepted_only_with_its_status_and_allowances(quote, &expected["allow"]);
            }
            (expected, outcome) => panic!("expected {expected}, got {outcome:?}: {case}"),
        }
        seen += 1;
    }
    assert!(seen >= 105, "{seen} cases");
}

fn accepted_only_with_its_status_and_allowances(quote: VerifiedQuote, allow: &Value) {
    let status = quote.tcb().status;
    let needed: Vec<Allowance> = allow.as_array().unwrap().iter().map(allowance).collect();
    let is_plain = status == dcap::TcbStatus::UpToDate && needed.is_empty();
    assert_eq!(Requirements::default().judge(quote.clone()).is_ok(), is_plain);
    // Each of the named allowances is needed, and together they are enough.
    for left_out in 0..=needed.len() {
        let given = needed.iter().enumerate().filter(|(number, _)| *number != left_out);
        let requirements = Requirements::default().accept([status]).unwrap();
        let requirements = given.fold(requirements, |requirements, (_, allowance)| requirements.allow(*allowance));
        assert_eq!(requirements.judge(quote.clone()).is_ok(), left_out == needed.len(), "{needed:?} but {left_out}");
    }
}

fn allowance(name: &Value) -> Allowance {
    match name.as_str().unwrap() {
        "debug" => Allowance::Debug,
        "sept-ve" => Allowance::SeptVe,
        "migratable" => Allowance::Migratable,
        "service-td" => Allowance::ServiceTd,
        other => panic!("{other}"),
    }
}

#[test]
fn the_directory_of_all_pieces_gives_the_highest_evaluation_number_valid_at_the_time() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let all = CollateralSet::load(&directory.join("collateral")).unwrap();
    let quote = std::fs::read(directory.join("e9f0aad48a099297_v3_SGX_00906ed50000.quote")).unwrap();
    let quote = Quote::parse(&quote).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
    let at = UnixTime::from_rfc3339("2025-05-27T20:31:08Z").unwrap();
    let pck = ProvenPck::prove(chain, &TrustedRoots::intel(), at).unwrap();
    let choice = all.choose(&pck.family(Tee::Sgx), at).unwrap();
    assert_eq!(choice.taken[0].source, "tcbinfo_SGX_00906ed50000_2025-05-27_ev19_217e1acf439575df.json");
    assert_eq!(choice.taken[1].source, "qeid_QE_2025-05-27_ev17_298d7769b40f0218.json");
    assert!(choice.collateral.verify(&TrustedRoots::intel(), at).is_ok());
}

#[test]
fn pitfall_22_both_certificates_of_intels_root_key_are_roots() {
    let Some(directory) = test_support::recorded("quotes/collateral") else { return };
    let mut kinds = Vec::new();
    for name in ["cert_RootCA_2018-05-21_44a0196b2b99f889.der", "cert_RootCA_2018-05-21_fc64f8076d79a4fe.der"] {
        let root = dcap::Certificate::from_der(&std::fs::read(directory.join(name)).unwrap()).unwrap();
        assert_eq!(root.public_key(), &dcap::INTEL_ROOT_KEY);
        assert!(root.signed(&root));
        kinds.push(TrustedRoots::only(&root) == TrustedRoots::intel());
    }
    assert_eq!(kinds, [true, true]);
}

#[test]
fn an_old_platform_is_told_what_is_short_by_how_much_and_what_raises_it() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let all = CollateralSet::load(&directory.join("collateral")).unwrap();
    let sentences = |name: &str, at: &str| {
        let quote = std::fs::read(directory.join(name)).unwrap();
        let quote = Quote::parse(&quote).unwrap();
        let CertificationData::PckChain(chain) = quote.certification() else { panic!("no chain") };
        let (roots, at) = (TrustedRoots::intel(), UnixTime::from_rfc3339(at).unwrap());
        let pck = ProvenPck::prove(chain, &roots, at).unwrap();
        let collateral = all.choose(&pck.family(quote.tee()), at).unwrap().collateral.verify(&roots, at).unwrap();
        let status = Verifier::new(roots).verify(&quote, &pck, &collateral, at).unwrap().tcb().status;
        let found = dcap::shortfalls(&quote, &pck, &collateral);
        assert!(found.iter().all(|shortfall| shortfall.has < shortfall.needs));
        (status.to_string(), found.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let (status, short) = sentences("e9f0aad48a099297_v3_SGX_00906ed50000.quote", "2025-05-27T20:31:08Z");
    assert_eq!(status, "OutOfDate");
    let expected = [
        "SGX component 1 has SVN 20, the level SWHardeningNeeded of 2025-05-14 needs 22: update the BIOS",
        "SGX component 2 has SVN 20, the level SWHardeningNeeded of 2025-05-14 needs 22: \
         update the microcode that the operating system loads",
    ];
    assert_eq!(short, expected);
    let (status, short) = sentences("c81a90ee23bbc132_v3_SGX_00606a000000.quote", "2025-08-15T06:41:26Z");
    assert_eq!((status.as_str(), short.len()), ("SWHardeningNeeded", 0));
    let (status, short) = sentences("46ca3f903c33a336_v4_TDX_c0806f000000.quote", "2025-11-17T06:21:34Z");
    assert_eq!((status.as_str(), short.len()), ("OutOfDate", 6));
    assert_eq!(short[5], "TDX module 1.x has SVN 5, the level UpToDate of 2024-11-13 needs 6: update the TDX module");
    assert!(short[4].starts_with("TDX component 3 (OS/VMM, TDX Late Microcode Update) has SVN 7"), "{}", short[4]);
}

/// dcap-qvl's own SGX sample, whose collateral is in its JSON form.
fn dcap_qvl_sample() -> (Vec<u8>, CollateralSet, UnixTime) {
    let samples = test_support::package("dcap-qvl").join("sample");
    let quote = std::fs::read(samples.join("sgx_quote")).unwrap();
    let pieces = CollateralSet::load(&samples.join("sgx_quote_collateral.json")).unwrap();
    (quote, pieces, UnixTime::from_rfc3339("2025-06-20T00:00:00Z").unwrap())
}

#[test]
fn the_sample_of_dcap_qvl_is_authentic_and_needs_configuration_and_hardening() {
    let (quote, pieces, at) = dcap_qvl_sample();
    let quote = verify(&quote, &pieces, at).unwrap();
    let tcb = quote.tcb();
    assert_eq!(tcb.status.as_str(), "ConfigurationAndSWHardeningNeeded");
    assert_eq!(tcb.advisory_ids, ["INTEL-SA-00289", "INTEL-SA-00615"]);
    assert!(Requirements::default().judge(quote.clone()).is_err());
    assert!(Requirements::default().accept([tcb.status]).unwrap().judge(quote).is_ok());
}

#[test]
fn the_only_known_quote_of_tdx_1_5ex_is_up_to_date() {
    let samples = test_support::package("dcap-qvl").join("sample");
    let quote = std::fs::read(samples.join("tdx_quote_td15ex")).unwrap();
    let pieces = CollateralSet::load(&samples.join("tdx_quote_td15ex_collateral.json")).unwrap();
    let verified = verify(&quote, &pieces, UnixTime::from_rfc3339("2026-10-08T01:10:00Z").unwrap()).unwrap();
    assert!(matches!(verified.report(), dcap::Report::Td15Ex(_)));
    assert_eq!((verified.version(), verified.tcb().status.as_str()), (5, "UpToDate"));
}

#[test]
fn a_flipped_bit_anywhere_in_a_real_quote_is_rejected() {
    let (quote, pieces, at) = dcap_qvl_sample();
    // Every byte of the structures once, with a bit that moves on; of the long PEM text every fifth byte.
    let certificates = 48 + 384 + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 6;
    let places = (0..certificates).chain((certificates..quote.len()).step_by(5));
    for place in places {
        let mut changed = quote.clone();
        changed[place] ^= 1 << (place % 8);
        let code = verify(&changed, &pieces, at).expect_err(&format!("byte {place} of {}", quote.len()));
        assert!(names_the_step(place, &code), "byte {place}: {code}");
    }
}

/// Whether that error names the step that the byte belongs to.
fn names_the_step(place: usize, code: &str) -> bool {
    match place {
        // Header: its own checks, or the signature over it.
        0..48 => code.starts_with("quote_"),
        // Body and signature.
        48..432 | 436..500 => code == "quote_bad_signature",
        // Attestation key and authentication data, which the QE report binds.
        500..564 | 1014..1046 => code == "attestation_key_not_bound",
        // QE report and its signature by the PCK.
        564..1012 => code == "qe_report_bad_signature",
        // Lengths and the type of the certification data.
        432..436 | 1012..1014 | 1046..1052 => code.starts_with("quote_"),
        // Certificates.
        _ => code.starts_with("pck_") || code.starts_with("root_certificate_"),
    }
}

#[test]
fn every_truncation_of_a_real_quote_is_rejected() {
    let (quote, _, _) = dcap_qvl_sample();
    for length in 0..quote.len() {
        assert!(Quote::parse(&quote[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn zero_padding_after_a_quote_is_tolerated_and_anything_else_refused() {
    let (mut quote, pieces, at) = dcap_qvl_sample();
    quote.extend([0; 70]);
    assert_eq!(Quote::parse(&quote).unwrap().padding(), 70);
    assert!(verify(&quote, &pieces, at).is_ok());
    quote.push(1);
    assert_eq!(verify(&quote, &pieces, at).unwrap_err(), "quote_trailing_bytes");
}

//! Files are recognised by their structure, in whichever encoding.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dcap::Tee;
use evidence::{EvidenceFile, FileError, FileKind, Format, recognise};
use problem::Problem;

use crate::machine::Machine;

#[test]
fn recorded_files_of_every_kind_are_recognised() {
    let evidence = |format| Some(FileKind::Evidence(format));
    for (path, expected) in [
        ("evidence/snp/milan-v2-vcek.report.bin", evidence(Format::SnpReport)),
        ("evidence/snp/milan-v3-vlek-vmpl1.report.bin", evidence(Format::SnpReport)),
        ("evidence/snp/genoa-v5-vcek.report.bin", evidence(Format::SnpReport)),
        ("evidence/snp/turin-v5-vcek.report.bin", evidence(Format::SnpReport)),
        ("evidence/snp/amd-milan-ark.der", Some(FileKind::Certificates)),
        ("evidence/azureguest/snp-milan-v2.hcl.bin", evidence(Format::HclReport)),
        ("evidence/azureguest/hcl-old-snp.bin", evidence(Format::HclReport)),
        ("evidence/azureguest/tdx-v1.hcl.bin", evidence(Format::HclReport)),
        ("evidence/azureguest/tdx-v1.td-quote.bin", evidence(Format::Quote(Tee::Tdx))),
        ("evidence/azureguest/snp-genoa.quote-msg.bin", evidence(Format::TpmStatement)),
        ("evidence/tpm/windows-gcp.quote-attest.bin", evidence(Format::TpmStatement)),
        ("evidence/vbs/sql-vbs-2019.report-package.bin", evidence(Format::VbsReport)),
        ("evidence/vbs/synth-debug.report-package.bin", evidence(Format::VbsReport)),
        ("evidence/dice/cyres-sim-1.chain.pem", Some(FileKind::DiceCertificates)),
        ("evidence/dice/riot-sim-1.chain.pem", Some(FileKind::DiceCertificates)),
        ("quotes/67adfc4acd820850_v5_TDX_bt3_00806f050000.quote", evidence(Format::Quote(Tee::Tdx))),
        ("maa/azure-sdk-for-cpp/oe_report.bin", evidence(Format::OpenEnclaveReport)),
        ("maa/azure-samples/maa.jwt.verifier.dotnet/sev-snp-jwt.txt", Some(FileKind::Token)),
        ("quotes/collateral/chain_tcb_c0575e76d0303b61.pem", Some(FileKind::Certificates)),
        ("quotes/collateral/crl_PCKPlatformCA_2025-08-15_8b661233b516d13e.der", Some(FileKind::Crl)),
        ("quotes/collateral/qeid_TD_QE_2026-10-07_ev20_97d47239eb8c5d1f.json", Some(FileKind::EnclaveIdentity)),
        ("quotes/collateral/tcbinfo_SGX_00606a000000_2025-08-15_ev17_8fdd553e2c2c0d0b.json", Some(FileKind::TcbInfo)),
    ] {
        let Some(path) = test_support::recorded(path) else { return };
        let contents = std::fs::read(&path).unwrap();
        assert_eq!(recognise(&contents), expected, "{}", path.display());
        if expected.is_some_and(|kind| matches!(kind, FileKind::Evidence(_) | FileKind::Crl)) {
            for text in [hex::encode(&contents), STANDARD.encode(&contents), URL_SAFE_NO_PAD.encode(&contents)] {
                assert_eq!(recognise(text.as_bytes()), expected, "{} as text", path.display());
            }
        }
    }
}

#[test]
fn json_is_told_apart_by_its_members() {
    let token = r#""eyJhbGciOiJub25lIn0.e30.""#;
    for (text, expected) in [
        (r#"{"tcb_info":"","tcb_info_signature":""}"#.to_owned(), Some(FileKind::QvlCollateral)),
        (r#"{"root_ca_crl":""}"#.to_owned(), Some(FileKind::ReferenceCollateral)),
        (r#"{"keys":[]}"#.to_owned(), Some(FileKind::KeySet)),
        (format!(r#"{{"token":{token}}}"#), Some(FileKind::Token)),
        (r#"{"token":"a.b.c"}"#.to_owned(), None),
        (r#" {"format": "veritee-collateral-bundle", and so on"#.to_owned(), Some(FileKind::Bundle)),
        (r#"{"tcbInfo":{},"tcbInfo":{}}"#.to_owned(), None),
        ("{}".to_owned(), None),
        ("{".to_owned(), None),
        (format!("{{\"keys\":{}", "[".repeat(10_000)), None),
    ] {
        assert_eq!(recognise(text.as_bytes()), expected, "{text:.60}");
    }
}

#[test]
fn what_is_nothing_known_is_not_recognised() {
    for contents in [&b""[..], b" ", b"hello", b"[]", &[0xff; 64], &[0x30, 0x82], &[0; 1184], &[9, 0, 2, 0]] {
        assert_eq!(recognise(contents), None, "{contents:?}");
    }
}

#[test]
fn evidence_is_read_in_every_encoding() {
    let quote = Machine::new().quote(|_| ());
    let hexadecimal = format!("0x{}\n", hex::encode(&quote));
    for contents in [quote.clone(), hexadecimal.into_bytes(), STANDARD.encode(&quote).into_bytes()] {
        let file = EvidenceFile::read(&contents).unwrap();
        assert_eq!((file.format(), file.quote()), (Format::Quote(Tee::Sgx), Ok(quote.as_slice())));
    }
}

#[test]
fn each_file_without_a_quote_is_refused_by_name() {
    let code = |contents: &[u8]| {
        let error = EvidenceFile::read(contents).and_then(|file| file.quote().map(<[u8]>::to_vec)).unwrap_err();
        assert!(!error.help().is_empty());
        error.code().into_owned()
    };
    assert_eq!(code(b""), "evidence_empty");
    assert_eq!(code(b"not evidence"), "evidence_unreadable");
    assert_eq!(code(&[0xff; 64]), "evidence_unreadable");
    assert_eq!(code(&[1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 3]), "open_enclave_report_malformed");
    assert_eq!(code(b"HCLA\x02\0\0\0"), "evidence_unsupported");
    let error = EvidenceFile::read(b"\xffTCG\x80\x18").unwrap().quote().unwrap_err();
    assert_eq!(error, FileError::NoQuote(Format::TpmStatement));
    assert_eq!(error.to_string(), "evidence is a TPM attestation statement, which this version cannot verify");
}

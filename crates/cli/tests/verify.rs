//! `veritee verify`: verdicts, exit codes, and the JSON that others read.

mod command;

use std::path::Path;

use command::{Ran, sample, veritee};
use serde_json::Value;
use simulator::pki::PemStyle;
use simulator::{Blueprint, EnclaveReport, Link, Simulation};

const AT: &str = "2025-06-20T00:00:00Z";

fn verify(quote: &Path, collateral: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["verify".into(), quote.into(), "--collateral".into(), collateral.as_os_str().to_owned()];
    arguments.extend(more.iter().map(std::ffi::OsString::from));
    veritee(arguments)
}

#[test]
fn the_sample_is_rejected_by_default_and_accepted_when_its_status_is() {
    let (quote, collateral) = sample();
    let status = "ConfigurationAndSWHardeningNeeded";
    let rejected = verify(&quote, &collateral, &["--at", AT, "--json"]).expect(1).json();
    assert_eq!(rejected["verdict"], "rejected");
    assert_eq!(rejected["error"]["code"], "tcb_status_not_accepted");
    assert_eq!(rejected["tcb"]["status"], status);
    let accepted = verify(&quote, &collateral, &["--at", AT, "--json", "--accept-tcb", status]).expect(0).json();
    assert_eq!(accepted["verdict"], "accepted");
    assert!(accepted.get("error").is_none());
    assert_eq!(accepted["tcb"]["advisoryIds"], serde_json::json!(["INTEL-SA-00289", "INTEL-SA-00615"]));
}

#[test]
fn pitfall_20_requirements_come_from_a_file_whose_unknown_keys_are_refused() {
    let (quote, collateral) = sample();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("requirements.toml");
    let judge = |text: &str| {
        std::fs::write(&path, text).unwrap();
        verify(&quote, &collateral, &["--at", AT, "--json", "--requirements", path.to_str().unwrap()])
    };
    let accept = "accept-tcb = [\"ConfigurationAndSWHardeningNeeded\"]\n";
    judge(accept).expect(0);
    for (more, code) in [
        ("rejected-advisories = [\"INTEL-SA-00615\"]", "advisory_rejected"),
        ("maximum-collateral-age-days = 0", "collateral_too_old"),
        ("minimum-evaluation-data-number = 99", "evaluation_number_too_low"),
    ] {
        assert_eq!(judge(&format!("{accept}{more}")).expect(1).json()["error"]["code"], code);
    }
    for (text, words) in [
        ("accept-tbc = []", "accept-tbc"),
        ("accept-tcb = [\"Revoked\"]", "never be accepted"),
        ("allow = [\"everything\"]", "everything"),
        ("nonsense", "no requirements"),
    ] {
        let refused = judge(text).expect(2);
        assert!(refused.stderr.contains(words) && refused.stderr.contains("help:"), "{}", refused.stderr);
    }
}

#[test]
fn a_genuine_trust_domain_is_judged_with_what_it_needs_allowed() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(directory.join("cases.json")).unwrap()).unwrap();
    let needs = |case: &&Value| case["expected"]["allow"] == serde_json::json!(["migratable", "service-td"]);
    let case = cases.iter().find(needs).unwrap();
    let pieces = tempfile::tempdir().unwrap();
    for piece in ["tcb_info", "qe_identity", "pck_crl", "root_crl", "tcb_chain"] {
        let name = case[piece].as_str().unwrap();
        std::fs::copy(directory.join("collateral").join(name), pieces.path().join(name)).unwrap();
    }
    let quote = directory.join(case["quote"].as_str().unwrap());
    let (at, status) = (case["now_utc"].as_str().unwrap(), case["expected"]["status"].as_str().unwrap());
    let judge =
        |allow| verify(&quote, pieces.path(), &["--at", at, "--accept-tcb", status, "--json", "--allow", allow]);
    assert_eq!(judge("migratable").expect(1).json()["error"]["code"], "service_td_not_allowed");
    let accepted = judge("migratable,service-td").expect(0).json();
    assert_eq!((&accepted["tee"], &accepted["tcb"]["status"]), (&"TDX".into(), &status.into()));
    assert_eq!(accepted["report"]["mrTd"].as_str().unwrap().len(), 96);
    assert_eq!(accepted["report"]["rtmr3"].as_str().unwrap().len(), 96);
}

#[test]
fn an_old_platform_is_told_in_a_few_lines_what_to_update() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let quote = directory.join("46ca3f903c33a336_v4_TDX_c0806f000000.quote");
    let collateral = directory.join("collateral");
    let ran = verify(&quote, &collateral, &["--at", "2025-11-17T06:21:34Z"]).expect(1);
    let short: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("  short: ")).collect();
    assert_eq!(short.len(), 5, "{}", ran.stdout);
    assert!(short[0].ends_with("needs 8: update the BIOS"), "{}", short[0]);
    let json = verify(&quote, &collateral, &["--at", "2025-11-17T06:21:34Z", "--json"]).expect(1).json();
    assert_eq!(json["shortfalls"].as_array().unwrap().len(), 6);
    assert_eq!((&json["shortfalls"][0]["has"], &json["shortfalls"][0]["needs"]), (&7.into(), &8.into()));
}

#[test]
fn a_diagnosis_lists_every_check_and_hides_no_old_platform_behind_an_expired_list() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let quote = directory.join("46ca3f903c33a336_v4_TDX_c0806f000000.quote");
    let collateral = directory.join("collateral");
    let late = ["--at", "2027-11-17T06:21:34Z", "--diagnose"];
    let json = verify(&quote, &collateral, &[&late[..], &["--json"]].concat()).expect(1).json();
    let checks = json["checks"].as_array().unwrap();
    let of = |outcome: &str| checks.iter().filter(|check| check["outcome"] == outcome).count();
    assert_eq!((of("passed"), of("failed"), of("skipped")), (19, 4, 0), "{checks:?}");
    let old = checks.iter().find(|check| check["check"] == "tcb_level").unwrap();
    assert_eq!(old["status"], "OutOfDate");
    let people = verify(&quote, &collateral, &late).expect(1).stdout;
    assert!(people.contains("   FAIL: root_ca_crl.validity: root CA CRL: expired at "), "{people}");
    assert!(people.contains("     ok: tcb_level: OutOfDate\n"), "{people}");
}

#[test]
fn the_chain_of_a_quote_without_one_is_passed_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let now = unix_time::UnixTime::of_system_clock();
    let mut machine = Blueprint::new(now).unwrap();
    machine.quoting.certification_data_type = 1;
    let ppid = machine.certificates.pck.spec.sgx_extension.clone().unwrap().ppid;
    machine.certification_data = Some([&ppid[..], &machine.cpu_svn(), &[13, 0, 0, 0]].concat());
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 0,
        isv_svn: 0,
        debug: false,
        report_data: [0; 64],
    };
    let issued = machine.issue().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("quote"), issued.quote(&enclave.on(machine.cpu_svn())).unwrap()).unwrap();
    std::fs::write(path("chain.pem"), issued.chain(&machine.pck_chain, PemStyle::default())).unwrap();
    std::fs::write(path("root.pem"), issued.chain(&[Link::Root], PemStyle::default())).unwrap();
    issued.collateral().unwrap().write_to(&path("collateral")).unwrap();
    let [root, chain] = ["root.pem", "chain.pem"].map(|name| path(name).to_str().unwrap().to_owned());

    let without = verify(&path("quote"), &path("collateral"), &["--trust-root", &root, "--json"]).expect(1).json();
    assert_eq!(without["error"]["code"], "pck_chain_missing");
    assert!(without["error"]["help"].as_str().unwrap().contains("--pck-chain"));
    verify(&path("quote"), &path("collateral"), &["--trust-root", &root, "--pck-chain", &chain]).expect(0);
    verify(&path("quote"), &path("collateral"), &["--trust-root", &root, "--pck-chain", "nowhere"]).expect(3);
}

#[test]
fn early_and_standard_collateral_are_judged_side_by_side() {
    let directory = tempfile::tempdir().unwrap();
    let now = unix_time::UnixTime::of_system_clock();
    let standard = Blueprint::new(now).unwrap();
    let mut early = standard.clone();
    early.tcb_info.spec.tcb_evaluation_data_number += 1;
    early.qe_identity.spec.tcb_evaluation_data_number += 1;
    early.tcb_info.spec.tcb_levels[0].pce_svn += 1;
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 0,
        isv_svn: 0,
        debug: false,
        report_data: [0; 64],
    };
    let issued = standard.issue().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("quote"), issued.quote(&enclave.on(standard.cpu_svn())).unwrap()).unwrap();
    std::fs::write(path("root.pem"), issued.chain(&[Link::Root], PemStyle::default())).unwrap();
    issued.collateral().unwrap().write_to(&path("collateral")).unwrap();
    let root = path("root.pem").to_str().unwrap().to_owned();
    let alone = verify(&path("quote"), &path("collateral"), &["--trust-root", &root, "--json"]).expect(0).json();
    assert!(alone["byEvaluationNumber"].is_null());

    std::fs::write(path("collateral/early_tcb.json"), early.tcb_info.build().unwrap()).unwrap();
    std::fs::write(path("collateral/early_qe.json"), early.qe_identity.build().unwrap()).unwrap();
    let both = verify(&path("quote"), &path("collateral"), &["--trust-root", &root, "--json"]).expect(1).json();
    let of = |number: usize| ["update", "status"].map(|member| both["byEvaluationNumber"][number][member].clone());
    assert_eq!([of(0), of(1)], [["early", "OutOfDate"], ["standard", "UpToDate"]].map(|pair| pair.map(Value::from)));
    let people = verify(&path("quote"), &path("collateral"), &["--trust-root", &root]).expect(1).stdout;
    assert!(people.contains("  under: evaluation number 21 (early): OutOfDate\n"), "{people}");
    assert!(people.contains("  under: evaluation number 20 (standard): UpToDate\n"), "{people}");
}

#[test]
fn the_json_has_the_documented_members() {
    let (quote, collateral) = sample();
    let report = verify(&quote, &collateral, &["--at", AT, "--json"]).json();
    let has = |value: &Value, members: &[&str]| {
        for member in members {
            assert!(!value[member].is_null(), "`{member}` in {value}");
        }
    };
    has(
        &report,
        &["verdict", "tee", "quoteVersion", "fmspc", "at", "root", "simulated", "tcb", "report", "collateral", "error"],
    );
    has(&report["root"], &["kind", "sha256"]);
    has(&report["tcb"], &["status", "date", "advisoryIds", "evaluationDataNumber"]);
    has(&report["report"], &["mrEnclave", "mrSigner", "isvProdId", "isvSvn", "reportData", "debug", "attributes"]);
    has(&report["error"], &["code", "message", "help"]);
    has(&report["intelResult"], &["code", "name", "terminal"]);
    has(&report["supplemental"], &["tcb_eval_ref_num", "root_key_id", "sa_list", "earliest_expiration_date"]);
    has(&report["collateral"][0], &["piece", "source", "evaluationDataNumber", "issued", "until"]);
    assert_eq!((&report["tee"], &report["quoteVersion"]), (&"SGX".into(), &3.into()));
    assert_eq!(
        (&report["at"], &report["simulated"], &report["root"]["kind"]),
        (&AT.into(), &false.into(), &"intel".into())
    );
}

#[test]
fn a_quote_is_read_in_every_spelling() {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let (quote, collateral) = sample();
    let raw = std::fs::read(quote).unwrap();
    let mut report = zerocopy::IntoBytes::as_bytes(&abi::open_enclave::header_for(raw.len())).to_vec();
    report.extend(&raw);
    let directory = tempfile::tempdir().unwrap();
    let spellings: [(&str, Vec<u8>); 6] = [
        ("hex", hex::encode(&raw).into_bytes()),
        ("hex with prefix", format!("0x{}\n", hex::encode_upper(&raw)).into_bytes()),
        ("base64", STANDARD.encode(&raw).into_bytes()),
        ("base64url", URL_SAFE_NO_PAD.encode(&raw).into_bytes()),
        ("open enclave", report.clone()),
        ("open enclave in hex", hex::encode(&report).into_bytes()),
    ];
    for (name, contents) in spellings {
        let file = directory.path().join(name);
        std::fs::write(&file, contents).unwrap();
        let report = verify(&file, &collateral, &["--at", AT, "--json"]).expect(1).json();
        assert_eq!(report["error"]["code"], "tcb_status_not_accepted", "{name}");
    }
}

#[test]
fn wrong_files_are_an_exit_code_and_a_sentence() {
    let (quote, collateral) = sample();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, contents: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    };
    let raw = std::fs::read(&quote).unwrap();
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let deep = "[".repeat(10_000);
    for (evidence, pieces, exit, code) in [
        (file("nothing", b""), &collateral, 1, "evidence_empty"),
        (file("text", b"no quote, at all"), &collateral, 1, "evidence_unreadable"),
        (file("cut", &raw[..500]), &collateral, 1, "quote_truncated"),
        (file("more", &[raw.as_slice(), b"x"].concat()), &collateral, 1, "quote_trailing_bytes"),
        (file("epid", &[2, 0, 0, 0]), &collateral, 1, "quote_is_epid"),
        (file("huge", &vec![3; 2 << 20]), &collateral, 1, "file_too_long"),
    ] {
        let report = verify(&evidence, pieces, &["--at", AT, "--json"]).expect(exit).json();
        assert_eq!(report["error"]["code"], code);
        assert!(!report["error"]["help"].as_str().unwrap().is_empty());
    }
    for (evidence, pieces) in
        [(&quote, &directory.path().join("missing")), (&directory.path().join("missing"), &collateral)]
    {
        let unread = verify(evidence, pieces, &["--json"]).expect(3);
        assert!(unread.stdout.is_empty(), "what cannot be read is not judged: {}", unread.stdout);
        assert!(unread.stderr.contains("cannot read") && unread.stderr.contains("help:"), "{}", unread.stderr);
    }
    for (pieces, code, words) in [
        (empty, "collateral_empty", "no piece of collateral"),
        (file("deep.json", deep.as_bytes()), "collateral_unrecognised", "is no collateral"),
        (file("twice.json", br#"{"tcbInfo":{},"tcbInfo":{}}"#), "collateral_document_malformed", "is no collateral"),
        (quote.clone(), "collateral_unrecognised", "is no collateral"),
    ] {
        let report = verify(&quote, &pieces, &["--at", AT, "--json"]).expect(1).json();
        assert_eq!(report["error"]["code"], code);
        assert!(!report["error"]["help"].as_str().unwrap().is_empty());
        assert!(report["error"]["message"].as_str().unwrap().contains(words), "{report}");
    }
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let (quote, collateral) = sample();
    for more in
        [["--accept-tcb", "Revoked"], ["--accept-tcb", "uptodate"], ["--allow", "everything"], ["--at", "yesterday"]]
    {
        let ran = verify(&quote, &collateral, &more).expect(2);
        assert!(!ran.stderr.is_empty());
    }
    veritee(["verify"]).expect(2);
    veritee(["nonsense"]).expect(2);
    let not_a_root = verify(&quote, &collateral, &["--trust-root", collateral.to_str().unwrap()]).expect(2);
    assert!(not_a_root.stderr.contains("no root certificate"), "{}", not_a_root.stderr);
}

#[test]
fn a_simulated_quote_is_accepted_under_its_own_root_alone_and_marked() {
    let directory = tempfile::tempdir().unwrap();
    let now = unix_time::UnixTime::of_system_clock();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), now).unwrap();
    let platform = simulation.open_or_create_platform("default", now).unwrap();
    simulation.publish(now).unwrap();
    let (collateral, root) = (simulation.collateral_directory(), simulation.root_file());
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 0,
        isv_svn: 0,
        debug: true,
        report_data: [0; 64],
    };
    let quote = directory.path().join("quote");
    std::fs::write(&quote, platform.quote_enclave(&enclave).unwrap()).unwrap();
    let root = root.to_str().unwrap();

    let untrusted = verify(&quote, &collateral, &["--json"]).expect(1).json();
    assert_eq!(untrusted["error"]["code"], "root_certificate_untrusted");
    let debug = verify(&quote, &collateral, &["--trust-root", root, "--json"]).expect(1).json();
    assert_eq!(debug["error"]["code"], "debug_not_allowed");
    let accepted = verify(&quote, &collateral, &["--trust-root", root, "--allow", "debug", "--json"]).expect(0).json();
    assert_eq!((&accepted["simulated"], &accepted["root"]["kind"]), (&true.into(), &"simulated".into()));
    let people = verify(&quote, &collateral, &["--trust-root", root, "--allow", "debug"]).expect(0);
    assert!(people.stdout.contains("NOTE: not rooted in Intel's key"), "{}", people.stdout);

    std::fs::remove_file(collateral.join("tcb_info.json")).unwrap();
    std::fs::write(collateral.join("notes.txt"), "not collateral").unwrap();
    let missing = verify(&quote, &collateral, &["--trust-root", root, "--json"]).expect(1).json();
    assert_eq!(missing["error"]["code"], "collateral_missing");
    assert!(missing["error"]["help"].as_str().unwrap().contains("notes.txt"));
}

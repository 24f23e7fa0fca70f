//! `veritee collateral show`.

mod command;

use command::{sample, veritee};
use serde_json::Value;
use simulator::{CaType, Collateral, Simulation};
use unix_time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
const AT: &str = "2026-09-21T14:13:20Z";

#[test]
fn pieces_are_listed_with_their_state_and_their_signer() {
    let (_, collateral) = sample();
    let path = collateral.to_str().unwrap();
    let listed = veritee(["collateral", "show", path, "--at", "2025-06-20T00:00:00Z", "--json"]).expect(0).json();
    let pieces = listed["pieces"].as_array().unwrap();
    let tcb_info = &pieces[0];
    assert!(tcb_info["what"].as_str().unwrap().starts_with("TCB Info for SGX on FMSPC"), "{tcb_info}");
    assert_eq!((&tcb_info["state"], &tcb_info["signer"]), (&"valid".into(), &"Intel SGX TCB Signing".into()));
    assert_eq!(tcb_info["kind"], "tcb-info");
    assert!(pieces.iter().all(|piece| !piece["signer"].is_null()), "{listed}");
    let later = veritee(["collateral", "show", path, "--at", "2026-06-20T00:00:00Z"]).expect(0);
    assert!(later.stdout.contains("expired"), "{}", later.stdout);
}

fn simulated() -> Collateral {
    let directory = tempfile::tempdir().unwrap();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), NOW).unwrap();
    simulation.intel().collateral(CaType::Platform, NOW).unwrap()
}

fn url_encoded(text: &str) -> String {
    text.replace('%', "%25").replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B")
}

#[test]
fn every_form_is_listed_with_the_state_of_each_piece() {
    let of = simulated();
    let chain = url_encoded(&of.tcb_info_chain_pem);
    let response = |document: &[u8]| {
        [format!("HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: {chain}\r\n\r\n").as_bytes(), document].concat()
    };
    let reference = serde_json::json!({
        "version": 3,
        "pck_crl_issuer_chain": of.pck_crl_chain_pem,
        "root_ca_crl": hex::encode(&of.root_crl),
        "pck_crl": hex::encode(&of.pck_crl),
        "tcb_info_issuer_chain": of.tcb_info_chain_pem,
        "tcb_info": str::from_utf8(&of.tcb_info).unwrap(),
        "qe_identity_issuer_chain": of.qe_identity_chain_pem,
        "qe_identity": str::from_utf8(&of.qe_identity).unwrap(),
    });
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, contents: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let reference = file("reference.json", reference.to_string().as_bytes());
    let bundle = directory.path().join("site.json").to_str().unwrap().to_owned();
    veritee(["collateral", "bundle", &reference, "-o", &bundle]).expect(0);
    for (path, number, first) in [
        (file("response.txt", &response(&of.tcb_info)), 3, "response.txt#body"),
        (reference, 10, "reference.json#tcb_info"),
        (bundle, 7, "site.json#reference.json#tcb_info"),
        (file("list.hex", hex::encode(&of.root_crl).as_bytes()), 1, "list.hex"),
    ] {
        let listed = |time: &str| veritee(["collateral", "show", &path, "--at", time, "--json"]).expect(0).json();
        let pieces = listed(AT)["pieces"].as_array().unwrap().clone();
        assert_eq!((pieces.len(), &pieces[0]["source"]), (number, &first.into()), "{path}");
        assert!(pieces.iter().all(|piece| piece["state"] == "valid" && piece["until"].is_string()), "{pieces:?}");
        assert_eq!(pieces[0]["signer"].is_null(), number == 1, "{pieces:?}");
        assert_eq!(listed("2028-01-01T00:00:00Z")["pieces"][0]["state"], "expired");
        assert_eq!(listed("2020-01-01T00:00:00Z")["pieces"][0]["state"], "not yet valid");
    }
}

#[test]
fn what_is_no_collateral_is_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("notes.txt"), "notes").unwrap();
    let empty = veritee(["collateral", "show", directory.path().to_str().unwrap()]).expect(1);
    assert!(empty.stderr.contains("no piece of collateral"), "{}", empty.stderr);
    let (quote, _) = sample();
    veritee(["collateral", "show", quote.to_str().unwrap()]).expect(1);
    veritee(["collateral", "show", "/nonexistent"]).expect(3);
    veritee(["collateral"]).expect(2);
}

#[test]
fn a_refused_request_is_told_by_its_status_with_help() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gone.txt");
    std::fs::write(&path, "HTTP/1.1 410 Gone\r\nRequest-ID: 1\r\n\r\n").unwrap();
    let refused = veritee(["collateral", "show", path.to_str().unwrap()]).expect(1);
    assert!(refused.stderr.contains("status 410 (Gone)"), "{}", refused.stderr);
    assert!(refused.stderr.contains("help: this evaluation data number is no longer served"), "{}", refused.stderr);
}

#[test]
fn names_out_of_a_bundle_begin_no_line_and_move_no_cursor() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = simulated().tcb_info_chain_pem;
    let source = "a\nsite.json: TCB Info for SGX\u{1b}[2J";
    let piece = serde_json::json!({"kind": "certificate", "source": source, "pem": certificate});
    let path = directory.path().join("site.json");
    let bundle = format!("{{\"format\":\"veritee-collateral-bundle\",\"version\":1,\"pieces\":[{piece}]}}");
    std::fs::write(&path, bundle).unwrap();
    let shown = veritee(["collateral", "show", path.to_str().unwrap()]).expect(0).stdout;
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("site.json: ")).count(), 0, "{shown}");
    let listed: Value = veritee(["collateral", "show", path.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!(listed["pieces"][0]["source"], format!("site.json#{source}"));
}

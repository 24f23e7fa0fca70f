//! `veritee collateral show`.

mod command;

use command::{sample, veritee};

#[test]
fn pieces_are_listed_with_their_state_and_their_signer() {
    let (_, collateral) = sample();
    let path = collateral.to_str().unwrap();
    let listed = veritee(["collateral", "show", path, "--at", "2025-06-20T00:00:00Z", "--json"]).expect(0).json();
    let pieces = listed["pieces"].as_array().unwrap();
    let tcb_info = &pieces[0];
    assert!(tcb_info["what"].as_str().unwrap().starts_with("TCB Info for SGX on FMSPC"), "{tcb_info}");
    assert_eq!((&tcb_info["state"], &tcb_info["signer"]), (&"valid".into(), &"Intel SGX TCB Signing".into()));
    assert!(pieces.iter().all(|piece| !piece["signer"].is_null()), "{listed}");
    let later = veritee(["collateral", "show", path, "--at", "2026-06-20T00:00:00Z"]).expect(0);
    assert!(later.stdout.contains("expired"), "{}", later.stdout);
}

#[test]
fn what_is_no_collateral_is_named_with_the_reason() {
    let Some(directory) = test_data::recorded("quotes") else { return };
    let empty = veritee(["collateral", "show", directory.to_str().unwrap()]).expect(1);
    assert!(empty.stderr.contains("no piece of collateral"), "{}", empty.stderr);
    let (quote, _) = sample();
    veritee(["collateral", "show", quote.to_str().unwrap()]).expect(1);
    veritee(["collateral", "show", "/nonexistent"]).expect(3);
    veritee(["collateral"]).expect(2);
}

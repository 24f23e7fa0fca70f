//! Errors say their own layer; their causes say the rest, and each thing is said once.

use crate::simulated::{Change, NOW, at, blueprint, quote_of, roots_of, verify_collateral};
use dcap::{Quote, Verifier, VerifyError};

fn refused(change: Change) -> VerifyError {
    let made = blueprint(change);
    let bytes = quote_of(&made);
    let verifier = Verifier::new(roots_of(&made));
    let quote = Quote::parse(&bytes).unwrap();
    let pck = verifier.prove(&quote, None, at(NOW)).unwrap();
    match verify_collateral(&made) {
        Ok(collateral) => verifier.verify(&quote, &pck, &collateral, at(NOW)).unwrap_err(),
        Err(error) => error.into(),
    }
}

#[test]
fn an_error_and_its_causes_say_each_thing_once() {
    let table: [(Change, &str); 4] = [
        (|b| b.quoting.qe_report.mr_signer[31] ^= 1, "QE report does not match the QE identity: MRSIGNER differs"),
        (|b| b.pck_crl.spec.revoked.push(b.certificates.pck.spec.serial.clone()), "PCK certificate: it is revoked"),
        (
            |b| b.root_crl.spec.revoked.push(b.certificates.tcb_signing.spec.serial.clone()),
            "TCB Info: its issuer chain proves nothing: TCB signing certificate: it is revoked",
        ),
        (
            |b| b.tcb_info.spec.next_update = at(NOW - 1),
            "TCB Info: expired at 2026-09-21T14:13:19Z, judged as of 2026-09-21T14:13:20Z",
        ),
    ];
    for (change, message) in table {
        assert_eq!(problem::chain(&refused(change)), message);
    }
}

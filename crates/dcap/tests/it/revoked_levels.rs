//! A revoked TCB level is named: in which evaluation, of which part, and what Intel's library says of it.

use crate::simulated::tdx::{self, Change, trust_domain};
use crate::simulated::{NOW, at, blueprint, roots_of};
use dcap::{IntelResult, Quote, RelaunchRule, TcbStatus, Verifier, VerifyError};
use problem::Problem;
use simulator::Blueprint;

fn error(machine: &Blueprint, quote: &[u8], rule: RelaunchRule) -> VerifyError {
    let verifier = Verifier::new(roots_of(machine)).relaunch_rule(rule);
    let quote = Quote::parse(quote).unwrap();
    let pck = verifier.prove(&quote, None, at(NOW)).unwrap();
    let collateral = crate::simulated::collateral(machine).unwrap();
    verifier.verify(&quote, &pck, &collateral, at(NOW)).unwrap_err()
}

/// The change, the message, a part of the help, and what Intel's library says.
const TRUST_DOMAINS: &[(Change, &str, &str, IntelResult)] = &[
    (
        |t| t.level(0, TcbStatus::Revoked),
        "launch TCB level of the platform is revoked",
        "launch the",
        IntelResult::Revoked,
    ),
    (
        |t| {
            revoke_module(t);
            t.svn(0, 4);
        },
        "launch TCB level of the TDX module is revoked",
        "launch the trust domain again",
        IntelResult::Revoked,
    ),
    (
        |t| {
            revoke_module(t);
            t.launch(0, 4);
        },
        "launch TCB level of the TDX module is revoked",
        "launch the trust domain again",
        IntelResult::Revoked,
    ),
    (
        |t| {
            revoke_module(t);
            t.now(0, 4);
        },
        "current TCB level of the TDX module is revoked",
        "at now",
        IntelResult::Ok,
    ),
    (
        |t| {
            t.level(1, TcbStatus::Revoked);
            t.now(2, 10);
        },
        "current TCB level of the platform is revoked",
        "at now",
        IntelResult::Ok,
    ),
    (
        |t| {
            t.level(0, TcbStatus::ConfigurationNeeded);
            revoke_module(t);
            t.now(0, 4);
        },
        "current TCB level of the TDX module is revoked",
        "at now",
        IntelResult::ConfigNeeded,
    ),
    (
        // Old at launch by another major version, and revoked now: Intel's library advises no relaunch.
        |t| {
            revoke_module(t);
            t.now(0, 4);
            t.launch(1, 1);
            t.launch(0, 10);
        },
        "current TCB level of the TDX module is revoked",
        "at now",
        IntelResult::OutOfDate,
    ),
    (
        |t| t.machine.qe_identity.spec.tcb_levels[0].tcb_status = "Revoked".to_owned(),
        "TCB level of the quoting enclave is revoked",
        "platform software",
        IntelResult::Revoked,
    ),
];

fn revoke_module(t: &mut tdx::TrustDomain) {
    t.modules()[0].tcb_levels[1].tcb_status = "Revoked".to_owned();
}

#[test]
fn a_revoked_level_of_a_trust_domain_names_evaluation_and_part() {
    for (change, message, help, intel) in TRUST_DOMAINS {
        let made = trust_domain(*change);
        for rule in [RelaunchRule::Current, RelaunchRule::Dcap125] {
            let error = error(&made.machine, &made.quote(), rule);
            assert_eq!(error.to_string(), *message);
            assert_eq!(error.code(), "tcb_revoked");
            assert!(error.help().contains(help), "{}", error.help());
            assert_eq!(IntelResult::from(&error), *intel, "{message}");
        }
    }
}

#[test]
fn the_result_of_a_revoked_current_level_is_that_of_the_rule_in_force() {
    // The newest module, and revoked: the older rule compares SVNs alone, and advises a relaunch.
    let made = trust_domain(|t| {
        t.modules()[0].tcb_levels[0].tcb_status = "Revoked".to_owned();
        t.launch(0, 4);
    });
    let by = |rule| IntelResult::from(&error(&made.machine, &made.quote(), rule));
    assert_eq!(by(RelaunchRule::Current), IntelResult::OutOfDate);
    assert_eq!(by(RelaunchRule::Dcap125), IntelResult::TdRelaunchAdvised);
}

#[test]
fn a_revoked_level_of_an_enclave_names_the_part() {
    let revoke = |status: &mut String| *status = "Revoked".to_owned();
    let platform = blueprint(|_| ());
    let (mut by_level, mut by_qe) = (platform.clone(), platform);
    revoke(&mut by_level.tcb_info.spec.tcb_levels[0].tcb_status);
    revoke(&mut by_qe.qe_identity.spec.tcb_levels[0].tcb_status);
    for (made, message) in
        [(by_level, "TCB level of the platform is revoked"), (by_qe, "TCB level of the quoting enclave is revoked")]
    {
        let error = error(&made, &crate::simulated::quote_of(&made), RelaunchRule::Current);
        assert_eq!((error.to_string().as_str(), &*error.code()), (message, "tcb_revoked"));
        assert!(error.help().contains("never acceptable"));
        assert_eq!(IntelResult::from(&error), IntelResult::Revoked);
    }
}

#[test]
fn an_unknown_status_is_escaped_in_the_message() {
    let made = trust_domain(|t| t.modules()[0].tcb_levels[0].tcb_status = format!("\u{1b}[2J{}", "x".repeat(100)));
    let error = error(&made.machine, &made.quote(), RelaunchRule::Current);
    let message = format!("TDX module reaches a TCB level with the unknown status `\\u{{1b}}[2J{}`", "x".repeat(56));
    assert_eq!(error.to_string(), message);
    assert_eq!(IntelResult::from(&error), IntelResult::Unspecified);
}

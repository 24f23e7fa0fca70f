//! When a relaunch is advised by the rule before May 2026, and where both rules differ.

use crate::simulated::tdx::{self, Change, TrustDomain, trust_domain};
use crate::simulated::{NOW, at, roots_of};
use dcap::{RelaunchRule, TcbStatus, Verifier};

fn status(made: &TrustDomain, rule: RelaunchRule) -> Result<(TcbStatus, Option<TcbStatus>), String> {
    let verifier = Verifier::new(roots_of(&made.machine)).relaunch_rule(rule);
    let quote = crate::simulated::verify_with(&made.quote(), &tdx::collateral(made)?, &verifier, at(NOW))?;
    Ok((quote.tcb().status, quote.tcb().current_status))
}

type Verdict = Result<TcbStatus, &'static str>;

/// The change, and the status by the current rule and by the older one.
const CASES: &[(Change, Verdict, Verdict)] = {
    use TcbStatus::*;
    &[
        (|_| (), Ok(UpToDate), Ok(UpToDate)),
        // The module was old and is new: both rules agree.
        (|t| t.launch(0, 4), Ok(TdRelaunchAdvised), Ok(TdRelaunchAdvised)),
        // Late microcode alone was old: no matter of the module for the older rule.
        (|t| t.launch(2, 10), Ok(TdRelaunchAdvised), Ok(OutOfDate)),
        // A module of major version 0 has no identity to be old by.
        (
            |t| {
                t.launch(1, 0);
                t.launch(0, 4);
            },
            Ok(TdRelaunchAdvised),
            Ok(OutOfDate),
        ),
        // The module is not the newest now, though up to date by a level of its own.
        (old_but_rated, Ok(TdRelaunchAdvised), Ok(OutOfDate)),
        // Microcode is not the newest now.
        (
            |t| {
                t.launch(0, 4);
                t.now(2, 10);
            },
            Ok(OutOfDate),
            Ok(OutOfDate),
        ),
        // An old quoting enclave is healed by no relaunch, by either rule.
        (
            |t| {
                t.launch(0, 4);
                t.machine.quoting.qe_report.isv_svn = 7.into();
            },
            Ok(OutOfDate),
            Ok(OutOfDate),
        ),
        // Nor is an old platform.
        (
            |t| {
                t.launch(0, 4);
                t.level(0, OutOfDate);
            },
            Ok(OutOfDate),
            Ok(OutOfDate),
        ),
        // Configuration that the platform needs is needed after the relaunch.
        (
            |t| {
                t.launch(0, 4);
                t.level(0, ConfigurationNeeded);
            },
            Ok(TdRelaunchAdvisedConfigurationNeeded),
            Ok(TdRelaunchAdvisedConfigurationNeeded),
        ),
        (
            |t| {
                t.launch(0, 4);
                t.level(0, SwHardeningNeeded);
            },
            Ok(TdRelaunchAdvised),
            Ok(TdRelaunchAdvised),
        ),
        // Configuration needed by the platform with its TDX components alone, and without them alone.
        (
            |t| {
                t.launch(0, 4);
                t.launch(2, 10);
                t.level(1, ConfigurationNeeded);
            },
            Ok(TdRelaunchAdvisedConfigurationNeeded),
            Ok(TdRelaunchAdvisedConfigurationNeeded),
        ),
        (
            |t| {
                t.launch(0, 4);
                t.launch(2, 10);
                t.level(0, ConfigurationNeeded);
            },
            Ok(TdRelaunchAdvisedConfigurationNeeded),
            Ok(TdRelaunchAdvisedConfigurationNeeded),
        ),
        // A module of major version 0 now is the newest by the TCB level alone.
        (
            |t| {
                t.launch(0, 4);
                t.now(1, 0);
            },
            Ok(TdRelaunchAdvised),
            Ok(TdRelaunchAdvised),
        ),
        // A module as it is now that Intel does not rate: an error by the current rule alone.
        (
            |t| {
                t.launch(0, 4);
                t.now(1, 9);
            },
            Err("tdx_module_mismatch"),
            Ok(OutOfDate),
        ),
        // One that Intel withdrew: an error by both.
        (revoked_now, Err("tcb_revoked"), Err("tcb_revoked")),
        // The same where the platform as it is now is not rated, and the reverse.
        (
            |t| {
                revoked_now(t);
                t.now(2, 8);
            },
            Err("tcb_not_supported"),
            Err("tcb_revoked"),
        ),
        (
            |t| {
                t.level(1, Revoked);
                t.now(2, 10);
                t.now(1, 9);
            },
            Err("tdx_module_mismatch"),
            Err("tcb_revoked"),
        ),
        // A status that is not known may be worse than any that is: an error by both.
        (unknown_now, Err("tdx_module_status_unknown"), Err("tdx_module_status_unknown")),
        (
            |t| {
                unknown_now(t);
                t.now(2, 8);
            },
            Err("tcb_not_supported"),
            Err("tdx_module_status_unknown"),
        ),
        // Up to date at launch stays so.
        (|t| t.now(0, 4), Ok(UpToDate), Ok(UpToDate)),
    ]
};

/// A second level that is up to date, below the newest.
fn old_but_rated(made: &mut TrustDomain) {
    let levels = &mut made.modules()[0].tcb_levels;
    let mut newest = levels[0].clone();
    newest.isv_svn = 6;
    levels.insert(0, newest);
    made.launch(0, 4);
}

/// The module was up to date by another major version's identity and is withdrawn now.
fn revoked_now(made: &mut TrustDomain) {
    made.modules()[0].tcb_levels[1].tcb_status = "Revoked".to_owned();
    made.now(0, 4);
}

/// The module reaches a level of unknown status now.
fn unknown_now(made: &mut TrustDomain) {
    made.modules()[0].tcb_levels[1].tcb_status = "Unheard".to_owned();
    made.now(0, 4);
}

#[test]
fn both_rules_judge_as_intel_wrote_them() {
    for (number, (change, current, older)) in CASES.iter().enumerate() {
        let made = trust_domain(*change);
        let by = |rule| status(&made, rule).map(|(status, _)| status);
        assert_eq!(by(RelaunchRule::Current), current.map_err(str::to_owned), "{number}, current rule");
        assert_eq!(by(RelaunchRule::Dcap125), older.map_err(str::to_owned), "{number}, older rule");
    }
}

#[test]
fn the_older_rule_needs_no_rating_of_the_module_as_it_is_now() {
    let made = trust_domain(|t| {
        t.launch(0, 4);
        t.now(1, 9);
    });
    assert_eq!(status(&made, RelaunchRule::Dcap125), Ok((TcbStatus::OutOfDate, None)));
}

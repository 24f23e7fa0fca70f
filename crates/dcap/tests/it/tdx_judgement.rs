//! Judging trust domains: what each allowance is needed for, and that it allows nothing else.

use crate::simulated::tdx::{Change, TrustDomain, trust_domain, verify};
use abi::quote::body_type;
use abi::tdx::TdReport10;
use dcap::{Allowance, Refusal, Requirements, TcbStatus};
use problem::Problem;

const ALL: [Allowance; 5] =
    [Allowance::Debug, Allowance::SeptVe, Allowance::Migratable, Allowance::ServiceTd, Allowance::ReservedAttributes];

fn judge(made: &TrustDomain, requirements: &Requirements) -> Result<(), &'static str> {
    match requirements.judge(verify(made).unwrap()) {
        Ok(_) => Ok(()),
        Err(Refusal { reason, .. }) => {
            assert!(!reason.help().is_empty() && !reason.to_string().is_empty());
            let std::borrow::Cow::Borrowed(code) = reason.code() else { panic!("{reason} has no static code") };
            Err(code)
        }
    }
}

fn allow(allowances: impl IntoIterator<Item = Allowance>) -> Requirements {
    allowances.into_iter().fold(Requirements::default(), Requirements::allow)
}

/// The default refuses it for that reason, the one allowance is enough, and all others together are not.
fn needs(made: &TrustDomain, needed: Allowance, code: &'static str) {
    assert_eq!(judge(made, &Requirements::default()), Err(code));
    assert_eq!(judge(made, &allow([needed])), Ok(()), "{needed:?} is enough");
    assert_eq!(judge(made, &allow(ALL.into_iter().filter(|&other| other != needed))), Err(code));
}

/// One test for each line: its name, the allowance needed, the code of the refusal without, and what needs it.
macro_rules! needed {
    ($($name:ident: $allowance:ident, $code:literal, $change:expr;)+) => {
        $(#[test] fn $name() { needs(&trust_domain($change), Allowance::$allowance, $code); })+
    };
}

needed! {
    pitfall_15_debug_needs_its_allowance: Debug, "debug_not_allowed", |t| t.set(TdReport10::DEBUG);
    pitfall_15_debug_in_tdx_1_0_needs_its_allowance: Debug, "debug_not_allowed", |t| {
        t.body(4, body_type::TD10);
        t.set(TdReport10::DEBUG);
    };
    debug_in_the_extended_body_needs_its_allowance: Debug, "debug_not_allowed", |t| {
        t.body(5, body_type::TD15_EX);
        t.set(TdReport10::DEBUG);
    };
    profiling_by_bit_4_needs_that_of_debug: Debug, "debug_not_allowed", |t| t.set(1 << 4);
    profiling_by_bit_5_needs_that_of_debug: Debug, "debug_not_allowed", |t| t.set(1 << 5);
    profiling_by_bit_6_needs_that_of_debug: Debug, "debug_not_allowed", |t| t.set(1 << 6);
    exceptions_by_the_host_need_their_allowance: SeptVe, "sept_ve_not_allowed", |t| t.td().td_attributes = 0.into();
    migration_needs_its_allowance: Migratable, "migratable_not_allowed", |t| t.set(TdReport10::MIGRATABLE);
    a_service_td_at_launch_needs_its_allowance: ServiceTd, "service_td_not_allowed", |t| {
        t.td15().mr_service_td[47] = 1;
    };
    a_service_td_at_launch_in_the_extended_body_needs_its_allowance: ServiceTd, "service_td_not_allowed", |t| {
        t.body(5, body_type::TD15_EX);
        t.td15().mr_service_td[0] = 1;
    };
    a_service_td_now_needs_its_allowance: ServiceTd, "service_td_not_allowed", |t| {
        t.body(5, body_type::TD15_EX);
        t.report.cur_servtd_hash[47] = 1;
    };
    the_extended_form_of_service_tds_needs_its_allowance: ServiceTd, "service_td_not_allowed", |t| {
        t.set(TdReport10::SERVTD_EXT);
    };
    the_extended_form_of_service_tds_in_tdx_1_0_needs_its_allowance: ServiceTd, "service_td_not_allowed", |t| {
        t.body(4, body_type::TD10);
        t.set(TdReport10::SERVTD_EXT);
    };
}

#[test]
fn every_reserved_attribute_needs_its_allowance() {
    for bit in (0..64).filter(|bit| matches!(bit, 1..=3 | 7..=15 | 23..=26 | 32..=61)) {
        let mut made = trust_domain(|_| ());
        made.set(1 << bit);
        needs(&made, Allowance::ReservedAttributes, "reserved_attributes_not_allowed");
    }
}

#[test]
fn what_the_trust_domain_does_with_its_own_processor_needs_no_allowance() {
    // ICSSD, LASS, PKS, KL, TPA, PERFMON.
    for bit in [16, 27, 30, 31, 62, 63] {
        let mut made = trust_domain(|_| ());
        made.set(1 << bit);
        assert_eq!(judge(&made, &Requirements::default()), Ok(()), "{bit}");
    }
}

#[test]
fn a_good_trust_domain_is_accepted_in_every_body() {
    for (version, body_type) in [(4, 2), (5, 2), (5, 3), (5, 4)] {
        let mut made = trust_domain(|_| ());
        made.body(version, body_type);
        assert_eq!(judge(&made, &Requirements::default()), Ok(()));
    }
}

#[test]
fn pitfall_19_whatever_needs_several_allowances_needs_each_of_them() {
    let made = trust_domain(|t| {
        t.td().td_attributes = (TdReport10::DEBUG | TdReport10::MIGRATABLE | 1 << 61).into();
        t.td15().mr_service_td[0] = 1;
    });
    assert_eq!(judge(&made, &allow(ALL)), Ok(()));
    for missing in ALL {
        assert!(judge(&made, &allow(ALL.into_iter().filter(|&other| other != missing))).is_err(), "{missing:?}");
    }
}

#[test]
fn a_relaunch_is_acceptable_only_where_it_is_named() {
    use TcbStatus::{OutOfDate, TdRelaunchAdvised, TdRelaunchAdvisedConfigurationNeeded as WithConfiguration};
    let changes: [(TcbStatus, Change); 2] = [
        (TdRelaunchAdvised, |t| t.launch(0, 4)),
        (WithConfiguration, |t| {
            t.level(0, TcbStatus::ConfigurationNeeded);
            t.launch(0, 4);
        }),
    ];
    for (status, change) in changes {
        let made = trust_domain(change);
        assert_eq!(judge(&made, &Requirements::default()), Err("tcb_status_not_accepted"));
        for named in [OutOfDate, TdRelaunchAdvised, WithConfiguration] {
            let requirements = Requirements::default().accept([named]).unwrap();
            assert_eq!(judge(&made, &requirements).is_ok(), named == status, "{named} named, {status} judged");
        }
        assert_eq!(judge(&made, &allow(ALL)), Err("tcb_status_not_accepted"));
    }
}

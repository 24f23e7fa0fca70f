//! Trust domains: the module, both evaluations of the TCB and the quoting enclave, each broken alone.

use crate::simulated::tdx::{TrustDomain, status, trust_domain, verify};
use crate::simulated::{NOW, acceptances, at, blueprint, key, refusals};
use abi::quote::{BodyDescriptor, body_type};
use dcap::{Report, TcbStatus, Tee};
use simulator::{DAY, TdxModuleSpec};

fn descriptor(t: &mut TrustDomain, body_type: u16, body_size: u32) {
    let descriptor = BodyDescriptor { body_type: body_type.into(), body_size: body_size.into() };
    t.machine.quoting.body_descriptor = Some(descriptor);
}

/// A module of major version 0 at launch and now, which the TCB levels rate.
fn major_0(t: &mut TrustDomain) {
    t.svn(1, 0);
}

/// A module of major version 0, old, at launch, and the newest one of major version 1 now.
fn from_0_to_1(t: &mut TrustDomain) {
    t.launch(1, 0);
    t.launch(0, 4);
    t.now(1, 1);
    t.now(0, 11);
}

refusals! { verify;
    pitfall_06_rejects_unknown_module: "tdx_module_mismatch", |t| t.svn(1, 2);
    rejects_module_that_is_unknown_now: "tdx_module_mismatch", |t| t.now(1, 2);
    rejects_module_where_no_identities_are_given: "tdx_module_mismatch", |t| {
        t.machine.tcb_info.spec.tdx_module_identities = None;
    };
    pitfall_06_rejects_module_of_another_signer: "tdx_module_mismatch", |t| t.td().mr_signer_seam[47] = 1;
    rejects_module_of_another_signer_than_its_identity_has: "tdx_module_mismatch", |t| {
        t.modules()[0].module.mr_signer[0] = 1;
    };
    rejects_module_of_major_version_0_of_another_signer: "tdx_module_mismatch", |t| {
        major_0(t);
        t.machine.tcb_info.spec.tdx_module.as_mut().unwrap().mr_signer[0] = 1;
    };
    pitfall_06_rejects_module_with_attributes: "tdx_module_mismatch", |t| t.td().seam_attributes[7] = 0x80;
    rejects_module_with_attributes_that_the_mask_hides: "tdx_module_mismatch", |t| {
        t.td().seam_attributes[0] = 1;
        t.modules()[0].module.attributes_mask = [0; 8];
    };
    rejects_module_with_the_attributes_of_its_identity: "tdx_module_mismatch", |t| {
        t.td().seam_attributes[0] = 1;
        t.modules()[0].module.attributes[0] = 1;
    };
    rejects_module_without_the_attributes_of_its_identity: "tdx_module_mismatch", |t| {
        t.modules()[0].module.attributes[0] = 1;
    };
    rejects_identity_of_the_quoting_enclave_for_enclaves: "qe_identity_id_mismatch", |t| {
        t.machine.qe_identity.spec.id = "QE".to_owned();
    };
    rejects_the_quoting_enclave_for_enclaves: "qe_identity_mismatch", |t| {
        t.machine.quoting.qe_report = blueprint(|_| ()).quoting.qe_report;
    };
    pitfall_01_rejects_td_qe_of_another_signer: "qe_identity_mismatch", |t| t.machine.quoting.qe_report.mr_signer[0] ^= 1;
    rejects_td_qe_of_another_product: "qe_identity_mismatch", |t| t.machine.quoting.qe_report.isv_prod_id = 1.into();
    rejects_tcb_info_about_sgx: "tcb_info_tee_mismatch", |t| {
        t.machine.tcb_info.spec = blueprint(|_| ()).tcb_info.spec;
    };
    rejects_tcb_info_of_version_2: "tcb_info_tee_mismatch", |t| {
        t.machine.tcb_info.spec = blueprint(|_| ()).tcb_info.spec;
        t.machine.tcb_info.spec.version = 2;
    };
    rejects_tcb_info_of_another_family: "tcb_info_fmspc_mismatch", |t| {
        t.machine.tcb_info.spec.fmspc = "00806F050000".to_owned();
    };
    rejects_unknown_status_of_the_module_level_reached: "tdx_module_status_unknown", |t| module_status(t, 0, "Unheard");
    rejects_platform_status_of_the_module_level_reached: "tdx_module_status_unknown", |t| {
        module_status(t, 0, "ConfigurationNeeded");
    };
    rejects_unknown_status_of_the_module_level_reached_at_launch: "tdx_module_status_unknown", |t| {
        module_status(t, 1, "Unheard");
        t.launch(0, 4);
    };
    rejects_unknown_status_of_the_module_level_reached_now: "tdx_module_status_unknown", |t| {
        module_status(t, 1, "Unheard");
        t.now(0, 4);
    };
    rejects_unknown_status_of_the_module_level_reached_by_tdx_1_0: "tdx_module_status_unknown", |t| {
        t.body(4, body_type::TD10);
        module_status(t, 0, "uptodate");
    };
    rejects_quote_signed_by_another: "quote_bad_signature", |t| t.machine.quoting.signer = key().into();
    rejects_body_of_tdx_1_5_in_version_4: "quote_truncated", |t| t.body(4, body_type::TD15);
    rejects_body_of_tdx_1_5_called_1_0: "quote_truncated", |t| descriptor(t, 2, 584);
    rejects_body_of_tdx_1_5_called_an_enclave: "quote_body_type_unknown", |t| descriptor(t, 1, 384);
    rejects_body_of_unknown_type: "quote_body_type_unknown", |t| descriptor(t, 5, 648);
    cheap_rejects_type_of_1_5_with_the_size_of_1_0: "quote_body_size_wrong", |t| descriptor(t, 3, 584);
    rejects_type_of_1_5ex_with_the_size_of_1_5: "quote_body_size_wrong", |t| descriptor(t, 4, 648);
    rejects_padding_counted_into_the_body: "quote_body_size_wrong", |t| descriptor(t, 3, 649);
}

refusals! { status;
    pitfall_06_rejects_module_below_all_levels: "tdx_module_tcb_not_supported", |t| t.svn(0, 2);
    rejects_module_below_all_levels_at_launch: "tdx_module_tcb_not_supported", |t| t.launch(0, 2);
    pitfall_25_rejects_module_below_all_levels_now: "tdx_module_tcb_not_supported", |t| t.now(0, 2);
    pitfall_04_rejects_module_whose_level_is_revoked: "tcb_revoked", |t| revoke_module(t, 0);
    rejects_module_whose_level_is_revoked_at_launch: "tcb_revoked", |t| {
        revoke_module(t, 1);
        t.launch(0, 3);
    };
    rejects_module_whose_level_is_revoked_now: "tcb_revoked", |t| {
        revoke_module(t, 1);
        t.now(0, 3);
    };
    pitfall_04_rejects_platform_whose_level_is_revoked: "tcb_revoked", |t| t.level(0, TcbStatus::Revoked);
    rejects_platform_whose_level_is_revoked_at_launch: "tcb_revoked", |t| {
        t.level(1, TcbStatus::Revoked);
        t.launch(2, 9);
    };
    rejects_platform_whose_level_is_revoked_now: "tcb_revoked", |t| {
        t.level(1, TcbStatus::Revoked);
        t.now(2, 9);
    };
    rejects_td_qe_whose_level_is_revoked: "tcb_revoked", |t| {
        t.machine.qe_identity.spec.tcb_levels[0].tcb_status = "Revoked".to_owned();
    };
    rejects_microcode_below_all_levels: "tcb_not_supported", |t| t.svn(2, 8);
    rejects_microcode_below_all_levels_at_launch: "tcb_not_supported", |t| t.launch(2, 8);
    rejects_microcode_below_all_levels_now: "tcb_not_supported", |t| t.now(2, 8);
    rejects_module_of_major_version_0_below_all_levels: "tcb_not_supported", |t| {
        major_0(t);
        t.svn(0, 2);
    };
    rejects_major_version_0_where_all_levels_demand_1: "tcb_not_supported", |t| {
        major_0(t);
        t.demand(1, 1);
    };
    rejects_platform_below_all_levels: "tcb_not_supported", |t| t.levels().iter_mut().for_each(|l| l.pce_svn = 14);
    rejects_td_qe_below_all_levels: "qe_tcb_not_supported", |t| t.machine.quoting.qe_report.isv_svn = 5.into();
}

fn module_status(t: &mut TrustDomain, level: usize, status: &str) {
    t.modules()[0].tcb_levels[level].tcb_status = status.to_owned();
}

fn revoke_module(t: &mut TrustDomain, level: usize) {
    module_status(t, level, "Revoked");
}

acceptances! { verify;
    accepts_unknown_status_of_a_module_level_that_is_not_reached: |t| module_status(t, 1, "Unheard");
    accepts_unknown_status_of_a_higher_module_level: |t| {
        let mut higher = t.modules()[0].tcb_levels[0].clone();
        (higher.isv_svn, higher.tcb_status) = (99, "Unheard".to_owned());
        t.modules()[0].tcb_levels.insert(0, higher);
    };
    accepts_unknown_status_of_another_module: |t| {
        t.modules()[1].tcb_levels[0].tcb_status = "Unheard".to_owned();
    };
    accepts_tdx_1_0_in_version_4: |t| t.body(4, body_type::TD10);
    accepts_tdx_1_0_in_version_5: |t| t.body(5, body_type::TD10);
    accepts_tdx_1_5: |t| t.body(5, body_type::TD15);
    accepts_tdx_1_5ex: |t| t.body(5, body_type::TD15_EX);
    accepts_module_whatever_the_signer_of_major_version_0: |t| {
        let module = TdxModuleSpec { mr_signer: [1; 48], attributes: [1; 8], ..TdxModuleSpec::intel() };
        t.machine.tcb_info.spec.tdx_module = Some(module);
    };
    accepts_module_of_the_signer_of_its_identity: |t| {
        t.modules()[0].module.mr_signer = [9; 48];
        t.td().mr_signer_seam = [9; 48];
    };
    accepts_module_of_major_version_0_without_identities: |t| {
        major_0(t);
        t.machine.tcb_info.spec.tdx_module_identities = None;
    };
    accepts_tdx_1_0_whatever_stands_where_1_5_has_its_svns: |t| {
        t.body(4, body_type::TD10);
        (0..16).for_each(|component| t.now(component, 0));
    };
}

/// One test for each line: its name, the status found, also by another verifier, and the change that leads to it.
macro_rules! statuses {
    ($($name:ident: $status:ident, $change:expr;)+) => {
        $(#[test] fn $name() { assert_eq!(status(&trust_domain($change)), Ok(TcbStatus::$status)); })+
    };
}

statuses! {
    nothing_wrong_is_up_to_date: UpToDate, |_| ();
    a_newer_module_and_microcode_are_up_to_date: UpToDate, |t| (0..16).filter(|&i| i != 1).for_each(|i| t.svn(i, 99));
    another_known_module_is_up_to_date: UpToDate, |t| { t.svn(1, 1); t.svn(0, 11); };
    an_old_module_makes_the_platform_old: OutOfDate, |t| t.svn(0, 4);
    another_known_module_is_old_by_its_own_levels: OutOfDate, |t| { t.svn(1, 1); t.svn(0, 10); };
    an_old_module_keeps_the_need_of_configuration: OutOfDateConfigurationNeeded, |t| {
        t.level(0, TcbStatus::ConfigurationNeeded);
        t.svn(0, 4);
    };
    an_old_td_qe_makes_the_platform_old: OutOfDate, |t| t.machine.quoting.qe_report.isv_svn = 7.into();
    an_old_td_qe_is_healed_by_no_relaunch: OutOfDate, |t| {
        t.machine.quoting.qe_report.isv_svn = 7.into();
        t.launch(0, 4);
    };
    pitfall_07_a_major_version_hides_components_0_and_1: UpToDate, |t| { t.demand(0, 255); t.demand(1, 255); };
    major_version_0_compares_component_0: OutOfDate, |t| { major_0(t); t.svn(0, 4); };
    major_version_0_is_up_to_date_where_levels_demand_no_more: UpToDate, major_0;
    pitfall_25_a_relaunch_heals_an_old_module: TdRelaunchAdvised, |t| t.launch(0, 4);
    a_relaunch_heals_an_older_module_of_another_major_version: TdRelaunchAdvised, |t| {
        t.launch(1, 1);
        t.launch(0, 10);
    };
    a_relaunch_heals_a_module_of_major_version_0: TdRelaunchAdvised, |t| { t.launch(1, 0); t.launch(0, 4); };
    a_relaunch_heals_from_major_version_0_to_1: TdRelaunchAdvised, from_0_to_1;
    a_relaunch_heals_from_major_version_0_to_1_in_the_extended_body: TdRelaunchAdvised, |t| {
        t.body(5, body_type::TD15_EX);
        from_0_to_1(t);
    };
    a_relaunch_from_major_version_0_to_1_leaves_the_need_of_configuration: TdRelaunchAdvisedConfigurationNeeded, |t| {
        t.level(0, TcbStatus::ConfigurationNeeded);
        from_0_to_1(t);
    };
    no_relaunch_heals_from_major_version_0_to_an_old_1: OutOfDate, |t| { from_0_to_1(t); t.now(0, 10); };
    major_version_0_that_was_up_to_date_stays_so_with_1: UpToDate, |t| { from_0_to_1(t); t.launch(0, 5); };
    major_version_0_in_tdx_1_0_is_up_to_date: UpToDate, |t| { t.body(4, body_type::TD10); major_0(t); };
    major_version_0_in_the_extended_body_is_up_to_date: UpToDate, |t| { t.body(5, body_type::TD15_EX); major_0(t); };
    a_relaunch_heals_old_microcode: TdRelaunchAdvised, |t| t.launch(2, 10);
    a_relaunch_heals_in_the_extended_body: TdRelaunchAdvised, |t| {
        t.body(5, body_type::TD15_EX);
        t.launch(0, 4);
    };
    a_relaunch_leaves_hardening_to_the_code: TdRelaunchAdvised, |t| {
        t.level(0, TcbStatus::SwHardeningNeeded);
        t.launch(0, 4);
    };
    a_relaunch_leaves_the_need_of_configuration: TdRelaunchAdvisedConfigurationNeeded, |t| {
        t.level(0, TcbStatus::ConfigurationNeeded);
        t.launch(0, 4);
    };
    a_relaunch_leaves_configuration_that_is_needed_now_alone: TdRelaunchAdvisedConfigurationNeeded, |t| {
        t.level(0, TcbStatus::ConfigurationAndSwHardeningNeeded);
        t.launch(2, 10);
    };
    a_relaunch_leaves_configuration_that_was_needed_at_launch_alone: TdRelaunchAdvisedConfigurationNeeded, |t| {
        t.level(1, TcbStatus::OutOfDateConfigurationNeeded);
        t.launch(2, 10);
    };
    no_relaunch_heals_what_is_old_now_as_well: OutOfDate, |t| { t.launch(0, 3); t.now(0, 4); };
    no_relaunch_heals_an_old_platform: OutOfDate, |t| { t.level(0, TcbStatus::OutOfDate); t.launch(0, 4); };
    what_was_up_to_date_at_launch_stays_so: UpToDate, |t| t.now(0, 4);
    tdx_1_0_knows_no_relaunch: OutOfDate, |t| { t.body(5, body_type::TD10); t.launch(0, 4); };
}

#[test]
fn every_component_from_2_on_is_compared_whatever_the_module() {
    for major in [0, 1, 3] {
        for component in 2..16 {
            let mut t = trust_domain(|t| t.svn(0, 11));
            t.svn(1, major);
            t.svn(component, 100);
            t.demand(component, 100);
            assert_eq!(status(&t), Ok(TcbStatus::UpToDate), "{component}");
            t.svn(component, 99);
            assert_eq!(status(&t), Err("tcb_not_supported".to_owned()), "{component}");
            t.levels()[1].tdx_components.as_mut().unwrap()[component].svn = 99;
            assert_eq!(status(&t), Ok(TcbStatus::OutOfDate), "{component}");
        }
    }
}

#[test]
fn pitfall_07_components_0_and_1_are_compared_for_major_version_0_alone() {
    for (component, demanded) in [(0, 6), (1, 1)] {
        for (major, expected) in [(3, Ok(TcbStatus::UpToDate)), (0, Err("tcb_not_supported".to_owned()))] {
            let mut t = trust_domain(|_| ());
            t.demand(component, demanded);
            t.svn(1, major);
            assert_eq!(status(&t), expected, "{component} {major}");
        }
    }
}

#[test]
fn a_verified_trust_domain_says_how_its_status_came_about() {
    let mut made = trust_domain(|t| t.launch(0, 4));
    made.modules()[0].tcb_levels[1].tcb_date = at(NOW - 700 * DAY);
    made.modules()[0].tcb_levels[1].advisory_ids = vec!["INTEL-SA-00002".to_owned(), "INTEL-SA-00001".to_owned()];
    let quote = verify(&made).unwrap();
    let tcb = quote.tcb();
    assert_eq!(tcb.status, TcbStatus::TdRelaunchAdvised);
    assert_eq!((tcb.platform_status, tcb.qe_status), (TcbStatus::UpToDate, TcbStatus::UpToDate));
    assert_eq!(tcb.tdx_module_status, Some(TcbStatus::OutOfDate));
    assert_eq!(tcb.current_status, Some(TcbStatus::UpToDate));
    assert_eq!(tcb.advisory_ids, ["INTEL-SA-00001", "INTEL-SA-00002"], "of the launch");
    assert_eq!(tcb.date, at(NOW - 700 * DAY));
    let quote = verify(&trust_domain(|t| {
        major_0(t);
        t.body(4, body_type::TD10);
    }))
    .unwrap();
    assert_eq!((quote.tcb().tdx_module_status, quote.tcb().current_status), (None, None));
}

#[test]
fn a_verified_trust_domain_is_the_one_that_was_quoted() {
    let bodies: [(u16, u16); 4] = [(4, 2), (5, 2), (5, 3), (5, 4)];
    for (version, body_type) in bodies {
        let mut made = trust_domain(|_| ());
        made.body(version, body_type);
        let quote = verify(&made).unwrap();
        let expected = match body_type {
            body_type::TD10 => Report::Td10(made.report.base.base),
            body_type::TD15 => Report::Td15(made.report.base),
            _ => Report::Td15Ex(made.report),
        };
        assert_eq!((quote.version(), quote.tee(), quote.report()), (version, Tee::Tdx, &expected));
        assert_eq!((quote.report().report_data(), quote.report().is_debug()), (&[5; 64], false));
        assert_eq!(quote.report().td_report(), Some(&made.report.base.base));
    }
}

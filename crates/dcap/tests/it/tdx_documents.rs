//! TCB Info about TDX: truly signed, and refused for what it says of modules and components.

use crate::simulated::tdx::{TrustDomain, collateral as tdx_collateral, trust_domain, verify};
use crate::simulated::{acceptances, collateral, refusals};
use dcap::TcbStatus;
use simulator::{IsvLevelSpec, Specification, TcbComponent, TdxModuleSpec};

/// A true signature over TCB Info with that one piece of text replaced.
fn rewrite(t: &mut TrustDomain, from: &str, to: &str) {
    let text = String::from_utf8(t.machine.tcb_info.spec.to_be_signed().unwrap()).unwrap();
    assert!(text.contains(from), "{text}");
    t.machine.tcb_info.instead = Some(text.replacen(from, to, 1).into_bytes());
}

fn components(t: &mut TrustDomain) -> &mut Vec<TcbComponent> {
    t.levels()[1].tdx_components.as_mut().unwrap()
}

fn module_levels(t: &mut TrustDomain) -> &mut Vec<IsvLevelSpec> {
    &mut t.modules()[1].tcb_levels
}

refusals! { collateral;
    rejects_module_for_sgx: "tcb_info_malformed", |b| b.tcb_info.spec.tdx_module = Some(TdxModuleSpec::intel());
    rejects_module_identities_for_sgx: "tcb_info_malformed", |b| {
        b.tcb_info.spec.tdx_module_identities = trust_domain(|_| ()).machine.tcb_info.spec.tdx_module_identities;
    };
    rejects_empty_module_identities_for_sgx: "tcb_info_malformed", |b| {
        b.tcb_info.spec.tdx_module_identities = Some(vec![]);
    };
    rejects_tdx_components_for_sgx: "tcb_info_malformed", |b| {
        b.tcb_info.spec.tcb_levels[0].tdx_components = Some(TcbComponent::tdx_list(&[0; 16]));
    };
}

refusals! { tdx_collateral;
    rejects_tdx_without_module: "tcb_info_malformed", |t| t.machine.tcb_info.spec.tdx_module = None;
    rejects_empty_module_identities: "tcb_info_malformed", |t| t.modules().clear();
    rejects_same_module_twice: "tcb_info_malformed", |t| t.modules()[1].id = "TDX_03".to_owned();
    rejects_same_module_twice_in_another_case: "tcb_info_malformed", |t| {
        t.modules()[0].id = "TDX_0a".to_owned();
        t.modules()[1].id = "TDX_0A".to_owned();
    };
    rejects_module_without_levels: "tcb_info_malformed", |t| module_levels(t).clear();
    rejects_module_with_the_same_level_twice: "tcb_info_malformed", |t| {
        let again = module_levels(t)[0].clone();
        module_levels(t).push(again);
    };
    rejects_module_with_one_isvsvn_on_two_dates: "tcb_info_malformed", |t| {
        let mut again = module_levels(t)[0].clone();
        again.tcb_date = again.tcb_date.plus(1);
        module_levels(t).push(again);
    };
    rejects_module_of_unknown_id_without_levels: "tcb_info_malformed", |t| {
        t.modules()[1].id = "TDX_O1".to_owned();
        t.modules()[1].tcb_levels.clear();
    };
    rejects_module_of_unknown_id_with_the_same_level_twice: "tcb_info_malformed", |t| {
        t.modules()[1].id = "TDX_O1".to_owned();
        let again = t.modules()[1].tcb_levels[0].clone();
        t.modules()[1].tcb_levels.push(again);
    };
    rejects_module_status_that_is_no_text: "tcb_info_malformed", |t| {
        rewrite(t, "\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":7");
    };
    rejects_module_id_that_is_no_text: "tcb_info_malformed", |t| rewrite(t, "\"TDX_01\"", "1");
    rejects_module_attributes_mask_of_7_bytes: "tcb_info_malformed", |t| {
        rewrite(t, "\"FFFFFFFFFFFFFFFF\"", "\"FFFFFFFFFFFFFF\"");
    };
    rejects_module_attributes_mask_that_is_no_hexadecimal: "tcb_info_malformed", |t| {
        rewrite(t, "\"FFFFFFFFFFFFFFFF\"", "\"GFFFFFFFFFFFFFFF\"");
    };
    rejects_module_without_attributes_mask: "tcb_info_malformed", |t| rewrite(t, "\"attributesMask\"", "\"mask\"");
    rejects_module_identity_without_attributes_mask: "tcb_info_malformed", |t| {
        rewrite(t, "\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\"", "\"tcbLevels\"");
    };
    rejects_tdx_module_of_null: "tcb_info_malformed", |t| {
        t.machine.tcb_info.spec.tdx_module = None;
        rewrite(t, "\"tdxModuleIdentities\"", "\"tdxModule\":null,\"tdxModuleIdentities\"");
    };
    rejects_module_identities_of_null: "tcb_info_malformed", |t| {
        t.machine.tcb_info.spec.tdx_module_identities = None;
        rewrite(t, "\"tcbLevels\"", "\"tdxModuleIdentities\":null,\"tcbLevels\"");
    };
    rejects_module_signer_of_47_bytes: "tcb_info_malformed", |t| {
        rewrite(t, &format!("\"{}\"", "0".repeat(96)), &format!("\"{}\"", "0".repeat(94)));
    };
    rejects_module_attributes_of_7_bytes: "tcb_info_malformed", |t| {
        rewrite(t, "\"0000000000000000\"", "\"00000000000000\"");
    };
    rejects_one_level_without_tdx_components: "tcb_info_malformed", |t| t.levels()[1].tdx_components = None;
    rejects_levels_without_tdx_components: "tcb_info_malformed", |t| {
        t.levels().iter_mut().for_each(|level| level.tdx_components = None);
    };
    pitfall_08_rejects_15_tdx_components: "tcb_info_malformed", |t| components(t).truncate(15);
    pitfall_08_rejects_17_tdx_components: "tcb_info_malformed", |t| {
        let more = components(t)[15].clone();
        components(t).push(more);
    };
    rejects_no_tdx_components: "tcb_info_malformed", |t| components(t).clear();
    rejects_tdx_component_of_256: "tcb_info_malformed", |t| components(t)[0].svn = 256;
    rejects_same_level_twice: "tcb_info_malformed", |t| {
        let again = t.levels()[0].clone();
        t.machine.tcb_info.spec.tcb_levels.push(again);
    };
    rejects_relaunch_as_a_level: "tcb_info_malformed", |t| t.level(1, TcbStatus::TdRelaunchAdvised);
    rejects_relaunch_and_configuration_as_a_level: "tcb_info_malformed", |t| {
        t.level(1, TcbStatus::TdRelaunchAdvisedConfigurationNeeded);
    };
}

acceptances! { tdx_collateral;
    accepts_tdx_without_module_identities: |t| t.machine.tcb_info.spec.tdx_module_identities = None;
    accepts_levels_that_differ_in_tdx_components_alone: |t| {
        let mut another = t.levels()[0].clone();
        another.tdx_components.as_mut().unwrap()[15].svn = 1;
        t.machine.tcb_info.spec.tcb_levels.push(another);
    };
    accepts_module_ids_in_either_case: |t| {
        t.modules()[0].id = "TDX_fe".to_owned();
        t.modules()[1].id = "TDX_FD".to_owned();
    };
}

#[test]
fn module_ids_that_name_no_major_version_are_left_out() {
    for id in
        ["", "TDX_", "TDX_3", "TDX_003", "TDX_+3", "TDX_-3", "TDX_0G", "TDX_ 3", "TDX_O3", "TDX_03_EX", "TDX03", "03"]
    {
        let mut made = trust_domain(|_| ());
        made.modules()[1].id = id.to_owned();
        assert_eq!(verify(&made).map(|quote| quote.tcb().status), Ok(TcbStatus::UpToDate), "{id}");
        made.modules()[0].id = id.to_owned();
        assert_eq!(verify(&made).map(drop), Err("tdx_module_mismatch".to_owned()), "{id}");
    }
}

#[test]
fn module_ids_are_compared_without_case() {
    for id in ["tdx_03", "Tdx_03", "TDX_03"] {
        let mut made = trust_domain(|_| ());
        made.modules()[0].id = id.to_owned();
        assert_eq!(verify(&made).map(|quote| quote.tcb().status), Ok(TcbStatus::UpToDate), "{id}");
    }
    let mut made = trust_domain(|t| t.modules()[1].id = "tdx_03".to_owned());
    assert_eq!(tdx_collateral(&made).unwrap_err(), "tcb_info_malformed", "the same module twice");
    made.modules()[1].id = "tdx_04".to_owned();
    assert!(tdx_collateral(&made).is_ok());
}

#[test]
fn the_order_of_modules_and_levels_does_not_matter() {
    let mut made = trust_domain(|t| t.svn(0, 4));
    assert_eq!(verify(&made).unwrap().tcb().status, TcbStatus::OutOfDate);
    made.modules().reverse();
    made.modules().iter_mut().for_each(|module| module.tcb_levels.reverse());
    made.levels().reverse();
    assert_eq!(verify(&made).unwrap().tcb().status, TcbStatus::OutOfDate);
    made.svn(0, 5);
    assert_eq!(verify(&made).unwrap().tcb().status, TcbStatus::UpToDate);
}

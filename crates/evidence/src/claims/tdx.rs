//! What Azure says of a trust domain.

use abi::tdx::TdReport10;
use dcap::Tcb;
use serde_json::{Value, json};

/// `x-ms-compliance-status` is left out: it says that a machine is one of Azure's, which nothing here can know.
pub(super) fn claims(td: &TdReport10, tcb: &Tcb) -> Vec<(&'static str, Value)> {
    let text = |bytes: &[u8]| json!(hex::encode(bytes));
    let [svn_low, svn_high, ..] = td.tee_tcb_svn;
    let [rtmr0, rtmr1, rtmr2, rtmr3] = td.rtmr;
    vec![
        ("x-ms-attestation-type", json!("tdxvm")),
        ("attester_tcb_status", json!(tcb.status)),
        // The host looks in by profiling too, which has no claim of its own.
        ("dbgstat", json!(if td.is_debug() { "enabled" } else { "disabled" })),
        ("eat_profile", json!("https://aka.ms/maa-eat-profile-tdxvm")),
        ("intuse", json!("generic")),
        ("tdx_mrconfigid", text(&td.mr_config_id)),
        ("tdx_mrowner", text(&td.mr_owner)),
        ("tdx_mrownerconfig", text(&td.mr_owner_config)),
        ("tdx_mrseam", text(&td.mr_seam)),
        ("tdx_mrsignerseam", text(&td.mr_signer_seam)),
        ("tdx_mrtd", text(&td.mr_td)),
        ("tdx_report_data", text(&td.report_data)),
        ("tdx_rtmr0", text(&rtmr0)),
        ("tdx_rtmr1", text(&rtmr1)),
        ("tdx_rtmr2", text(&rtmr2)),
        ("tdx_rtmr3", text(&rtmr3)),
        ("tdx_seam_attributes", text(&td.seam_attributes)),
        ("tdx_seamsvn", json!(u16::from_le_bytes([svn_low, svn_high]))),
        ("tdx_td_attributes", text(&td.td_attributes.get().to_le_bytes())),
        ("tdx_td_attributes_debug", json!(td.has(TdReport10::DEBUG))),
        ("tdx_td_attributes_key_locker", json!(td.has(TdReport10::KEY_LOCKER))),
        ("tdx_td_attributes_perfmon", json!(td.has(TdReport10::PERFMON))),
        ("tdx_td_attributes_protection_keys", json!(td.has(TdReport10::PROTECTION_KEYS))),
        ("tdx_td_attributes_septve_disable", json!(td.has(TdReport10::SEPT_VE_DISABLE))),
        ("tdx_tee_tcb_svn", text(&td.tee_tcb_svn)),
        ("tdx_xfam", text(&td.xfam.get().to_le_bytes())),
    ]
}

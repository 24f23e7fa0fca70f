//! What is attested, field by field: enclaves and trust domains.

use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};
use dcap::Report;
use serde_json::{Value, json};

/// What a verified quote attests.
pub fn describe(report: &Report) -> Value {
    match report {
        Report::SgxEnclave(enclave) => describe_enclave(enclave),
        Report::Td10(report) => describe_td(report),
        Report::Td15(report) => describe_td15(report),
        Report::Td15Ex(report) => describe_td15ex(report),
    }
}

/// What a quote claims, proven or not.
pub fn describe_claimed(report: &Report) -> Value {
    let name = match report {
        Report::SgxEnclave(_) => "sgxEnclaveReport",
        Report::Td10(_) => "tdReport10",
        Report::Td15(_) => "tdReport15",
        Report::Td15Ex(_) => "tdReport15ex",
    };
    json!({ name: describe(report) })
}

/// An SGX report body, field by field.
pub fn describe_enclave(enclave: &abi::sgx::ReportBody) -> Value {
    json!({
        "mrEnclave": hex::encode(enclave.mr_enclave),
        "mrSigner": hex::encode(enclave.mr_signer),
        "isvProdId": enclave.isv_prod_id.get(),
        "isvSvn": enclave.isv_svn.get(),
        "reportData": hex::encode(enclave.report_data),
        "debug": enclave.attributes.is_debug(),
        "attributes": {
            "flags": format!("{:#018x}", enclave.attributes.flags.get()),
            "xfrm": format!("{:#018x}", enclave.attributes.xfrm.get()),
        },
        "miscSelect": enclave.misc_select.get(),
        "cpuSvn": hex::encode(enclave.cpu_svn),
        "configId": hex::encode(enclave.config_id),
        "configSvn": enclave.config_svn.get(),
        "isvExtProdId": hex::encode(enclave.isv_ext_prod_id),
        "isvFamilyId": hex::encode(enclave.isv_family_id),
    })
}

fn describe_td(report: &TdReport10) -> Value {
    let [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr.map(hex::encode);
    json!({
        "teeTcbSvn": hex::encode(report.tee_tcb_svn),
        "mrSeam": hex::encode(report.mr_seam),
        "mrSignerSeam": hex::encode(report.mr_signer_seam),
        "seamAttributes": hex::encode(report.seam_attributes),
        "tdAttributes": format!("{:#018x}", report.td_attributes.get()),
        "debug": report.is_debug(),
        "xfam": format!("{:#018x}", report.xfam.get()),
        "mrTd": hex::encode(report.mr_td),
        "mrConfigId": hex::encode(report.mr_config_id),
        "mrOwner": hex::encode(report.mr_owner),
        "mrOwnerConfig": hex::encode(report.mr_owner_config),
        "rtmr0": rtmr0, "rtmr1": rtmr1, "rtmr2": rtmr2, "rtmr3": rtmr3,
        "reportData": hex::encode(report.report_data),
    })
}

fn describe_td15(report: &TdReport15) -> Value {
    let mut description = describe_td(&report.base);
    description["teeTcbSvn2"] = json!(hex::encode(report.tee_tcb_svn2));
    description["mrServiceTd"] = json!(hex::encode(report.mr_service_td));
    description
}

fn describe_td15ex(report: &TdReport15Ex) -> Value {
    let mut description = describe_td15(&report.base);
    description["vmId"] = json!(report.vm_id);
    description["tdId"] = json!(hex::encode(report.td_id));
    description["devInfoHash"] = json!(hex::encode(report.dev_info_hash));
    description["initServTdHash"] = json!(hex::encode(report.init_servtd_hash));
    description["initServTdAttributes"] = json!(hex::encode(report.init_servtd_attributes));
    description["initCpuSvn"] = json!(hex::encode(report.init_cpu_svn));
    description["initTeeTcbSvn"] = json!(hex::encode(report.init_tee_tcb_svn));
    description["initTeeFmspc"] = json!(hex::encode(report.init_tee_fmspc));
    description["curServTdHash"] = json!(hex::encode(report.cur_servtd_hash));
    description["curServTdAttributes"] = json!(hex::encode(report.cur_servtd_attributes));
    description
}

//! What Azure says of an SGX enclave.

use abi::sgx::ReportBody;
use serde_json::{Value, json};

pub(super) fn claims(enclave: &ReportBody) -> Vec<(&'static str, Value)> {
    let mut claims = vec![
        ("x-ms-attestation-type", json!("sgx")),
        ("x-ms-sgx-is-debuggable", json!(enclave.attributes.is_debug())),
        ("x-ms-sgx-mrenclave", json!(hex::encode(enclave.mr_enclave))),
        ("x-ms-sgx-mrsigner", json!(hex::encode(enclave.mr_signer))),
        ("x-ms-sgx-product-id", json!(enclave.isv_prod_id.get())),
        ("x-ms-sgx-report-data", json!(hex::encode(enclave.report_data))),
        ("x-ms-sgx-svn", json!(enclave.isv_svn.get())),
    ];
    if enclave.attributes.is_kss() {
        claims.extend([
            ("x-ms-sgx-config-id", json!(hex::encode(enclave.config_id))),
            ("x-ms-sgx-config-svn", json!(enclave.config_svn.get())),
            ("x-ms-sgx-isv-extended-product-id", json!(hex::encode(enclave.isv_ext_prod_id))),
            ("x-ms-sgx-isv-family-id", json!(hex::encode(enclave.isv_family_id))),
        ]);
    }
    claims
}

/// The name of a claim in policies of 2018.
pub(super) fn older_name(name: &str) -> Option<&'static str> {
    match name {
        "x-ms-sgx-is-debuggable" => Some("$is-debuggable"),
        "x-ms-sgx-product-id" => Some("$product-id"),
        "x-ms-sgx-mrsigner" => Some("$sgx-mrsigner"),
        "x-ms-sgx-mrenclave" => Some("$sgx-mrenclave"),
        "x-ms-sgx-svn" => Some("$svn"),
        "x-ms-attestation-type" => Some("$tee"),
        _ => None,
    }
}

//! Real quotes with Intel's collateral: the samples in the source package of dcap-qvl.

use serde_json::Value;
use unix_time::UnixTime;

use crate::evidence::{Evidence, Pieces};

/// Name, quote, collateral, and a time at which all of it is valid.
const SAMPLES: [(&str, &str, &str, &str); 3] = [
    ("real-sgx-v3", "sgx_quote", "sgx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("real-tdx-v4", "tdx_quote", "tdx_quote_collateral.json", "2025-06-20T00:00:00Z"),
    ("real-tdx-v5", "tdx_quote_td15ex", "tdx_quote_td15ex_collateral.json", "2026-10-08T01:10:00Z"),
];

pub fn all() -> impl Iterator<Item = Evidence> {
    let directory = test_support::package("dcap-qvl");
    let root = std::fs::read(directory.join("src/TrustedRootCA.der")).unwrap();
    SAMPLES.into_iter().map(move |(name, quote, collateral, at)| Evidence {
        name: name.to_owned(),
        quotes: vec![std::fs::read(directory.join("sample").join(quote)).unwrap()],
        hosts: 1,
        pieces: pieces(&std::fs::read(directory.join("sample").join(collateral)).unwrap()),
        root: root.clone(),
        at: UnixTime::from_rfc3339(at).unwrap(),
    })
}

fn pieces(json: &[u8]) -> Pieces {
    let json: Value = serde_json::from_slice(json).unwrap();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    Pieces {
        tcb_info: text("tcb_info"),
        tcb_info_signature: text("tcb_info_signature"),
        tcb_info_chain: text("tcb_info_issuer_chain"),
        qe_identity: text("qe_identity"),
        qe_identity_signature: text("qe_identity_signature"),
        qe_identity_chain: text("qe_identity_issuer_chain"),
        root_crl: hex::decode(text("root_ca_crl")).unwrap(),
        pck_crl: hex::decode(text("pck_crl")).unwrap(),
        pck_crl_chain: text("pck_crl_issuer_chain"),
    }
}

//! Quotes of trust domains, simulated and real.

mod running;

use std::collections::BTreeSet;

use abi::open_enclave;
use abi::tdx::TdReport10;
use dcap::{Quote, Report};
use running::tdx::{WithTdx, trust_domain_holding, with_tdx};
use running::{claims_of, enclave_holding, encode, quote_body, running};
use serde_json::{Value, json};
use token::Binding;
use zerocopy::IntoBytes;

/// The claims of Azure's TDX tokens, and ours. Those that say `x-ms-compliance-status` speak of Azure's machines.
const NAMES: &str = "attester_tcb_status dbgstat eat_profile exp iat intuse iss jti nbf tdx_mrconfigid tdx_mrowner \
    tdx_mrownerconfig tdx_mrseam tdx_mrsignerseam tdx_mrtd tdx_report_data tdx_rtmr0 tdx_rtmr1 tdx_rtmr2 tdx_rtmr3 \
    tdx_seam_attributes tdx_seamsvn tdx_td_attributes tdx_td_attributes_debug tdx_td_attributes_key_locker \
    tdx_td_attributes_perfmon tdx_td_attributes_protection_keys tdx_td_attributes_septve_disable tdx_tee_tcb_svn tdx_xfam \
    x-ms-attestation-type x-ms-policy-hash x-ms-ver x-veritee-advisory-ids x-veritee-collateral-expiry x-veritee-fmspc \
    x-veritee-qe-tcb-status x-veritee-root-kind x-veritee-root-sha256 x-veritee-simulated x-veritee-tcb-date \
    x-veritee-tcb-evaluation-number x-veritee-tcb-status";

fn names(claims: &Value) -> BTreeSet<String> {
    claims.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn every_kind_of_td_quote_becomes_a_token_that_a_relying_party_verifies() {
    let with_tdx = with_tdx().await;
    let td = trust_domain_holding(b"data");
    let quotes = [
        with_tdx.quote(&td.td10()),
        with_tdx.quote_of_version(5, (&td.td10()).into()),
        with_tdx.quote(&td.td15()),
        with_tdx.quote(&td.td15_ex()),
    ];
    for quote in quotes {
        let mut body = quote_body(&quote);
        body["runtimeData"] = json!({"data": encode(b"data"), "dataType": "Binary"});
        let token = with_tdx.attest(&body).await.token();
        let verified = with_tdx.service.verify(&token, Binding::RuntimeData(b"data".to_vec())).await;
        assert_eq!((verified.attestation_type(), verified.is_simulated()), ("tdxvm", true));
        let claims = claims_of(&token);
        let expected = NAMES.split_whitespace().chain(["x-ms-sgx-ehd"]).map(str::to_owned).collect();
        assert_eq!(names(&claims), expected);
        assert_eq!(claims["tdx_mrtd"], "01".repeat(48));
        assert_eq!(claims["tdx_rtmr3"], "05".repeat(48));
        assert_eq!(claims["tdx_report_data"], hex::encode(td.report_data));
        assert_eq!((&claims["tdx_seamsvn"], &claims["tdx_xfam"]), (&json!(0x0305), &json!("e700000000000000")));
        assert_eq!(claims["tdx_td_attributes"], "0000001000000000");
        assert_eq!(claims["attester_tcb_status"], claims["x-veritee-tcb-status"]);
        assert_eq!((&claims["dbgstat"], &claims["intuse"]), (&json!("disabled"), &json!("generic")));
        // Azure's default policy for TDX issues nothing.
        assert_eq!(claims["x-ms-policy-hash"], "B56nbp5slhw66peoRYkpdq1WykMkEworvdol08hnMXE");
    }
}

#[tokio::test]
async fn json_runtime_data_and_a_nonce_are_in_the_token_and_policy_reads_the_data() {
    let with_tdx = with_tdx().await;
    let data = json!({"keys": [{"kid": "HCLAkPub"}]});
    let mut body = quote_body(&with_tdx.quote(&trust_domain_holding(data.to_string().as_bytes()).td10()));
    body["runtimeData"] = json!({"data": encode(data.to_string().as_bytes()), "dataType": "JSON"});
    body["nonce"] = json!("n");
    let token = with_tdx.attest(&body).await.token();
    assert_eq!(with_tdx.service.verify(&token, Binding::Nonce("n".into())).await.runtime_json(), Some(&data));
    assert!(claims_of(&token).get("x-ms-sgx-ehd").is_none());
    for (kid, permitted) in [("HCLAkPub", true), ("other", false)] {
        body["draftPolicyForAttestation"] = json!(format!(
            "version=1.2;authorizationrules{{c:[type==\"x-ms-runtime\"] => \
             add(type=\"is-it\", value=JsonToClaimValue(JmesPath(c.value, \"keys[0].kid == '{kid}'\")));\
             [type==\"is-it\", value==true] => permit();}};"
        ));
        let answer = with_tdx.attest(&body).await;
        assert_eq!(answer.status == 200, permitted, "{kid}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[tokio::test]
async fn data_that_the_trust_domain_does_not_commit_to_is_refused() {
    let with_tdx = with_tdx().await;
    let mut td = trust_domain_holding(b"data").td10();
    let mut body = quote_body(&with_tdx.quote(&td));
    body["runtimeData"] = json!({"data": encode(b"other"), "dataType": "Binary"});
    assert_eq!(with_tdx.attest(&body).await.refusal().2, "runtime_data_mismatch");

    let data = json!({"a": 1}).to_string();
    let mut body = quote_body(&with_tdx.quote(&td));
    body["initTimeData"] = json!({"data": encode(data.as_bytes()), "dataType": "JSON"});
    assert_eq!(with_tdx.attest(&body).await.refusal().2, "init_time_data_mismatch");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data.as_bytes());
    td.mr_config_id[..32].copy_from_slice(digest.as_ref());
    body["quote"] = json!(encode(&with_tdx.quote(&td)));
    assert_eq!(claims_of(&with_tdx.attest(&body).await.token())["x-ms-inittime"], json!({"a": 1}));
}

/// The token of a trust domain with these attributes, or why there is none.
async fn with_attributes(with_tdx: &WithTdx, attributes: u64, draft: Option<&str>) -> Result<Value, String> {
    let mut td = trust_domain_holding(b"").td10();
    td.td_attributes = attributes.into();
    let mut body = quote_body(&with_tdx.quote(&td));
    if let Some(draft) = draft {
        body["draftPolicyForAttestation"] = json!(draft);
    }
    let answer = with_tdx.attest(&body).await;
    if answer.status == 200 { Ok(claims_of(&answer.token())) } else { Err(answer.refusal().2) }
}

#[tokio::test]
async fn debugging_and_sept_ve_are_left_to_policy_and_what_has_no_claim_is_refused() {
    let with_tdx = with_tdx().await;
    let plain = TdReport10::SEPT_VE_DISABLE;
    let debug = with_attributes(&with_tdx, plain | TdReport10::DEBUG, None).await.unwrap();
    assert_eq!((&debug["tdx_td_attributes_debug"], &debug["dbgstat"]), (&json!(true), &json!("enabled")));
    let profiled = with_attributes(&with_tdx, plain | 1 << 4, None).await.unwrap();
    assert_eq!((&profiled["tdx_td_attributes_debug"], &profiled["dbgstat"]), (&json!(false), &json!("enabled")));
    let open = with_attributes(&with_tdx, 0, None).await.unwrap();
    assert_eq!(open["tdx_td_attributes_septve_disable"], false);
    for (bit, name) in [
        (TdReport10::SEPT_VE_DISABLE, "septve_disable"),
        (TdReport10::PROTECTION_KEYS, "protection_keys"),
        (TdReport10::KEY_LOCKER, "key_locker"),
        (TdReport10::PERFMON, "perfmon"),
    ] {
        let claims = with_attributes(&with_tdx, bit, None).await.unwrap();
        let set: Vec<&String> =
            claims.as_object().unwrap().iter().filter(|(_, v)| **v == true).map(|(n, _)| n).collect();
        assert_eq!(set, [&format!("tdx_td_attributes_{name}"), "x-veritee-simulated"]);
    }
    let denies = |claim: &str| {
        format!("version=1.0;authorizationrules{{[type==\"{claim}\", value==true] => deny(); => permit();}};")
    };
    let denied = with_attributes(&with_tdx, plain | TdReport10::DEBUG, Some(&denies("tdx_td_attributes_debug"))).await;
    assert_eq!(denied, Err("policy_denied".into()));
    for (bit, code) in [
        (TdReport10::MIGRATABLE, "migratable_not_allowed"),
        (TdReport10::SERVTD_EXT, "service_td_not_allowed"),
        (1 << 1, "reserved_attributes_not_allowed"),
    ] {
        assert_eq!(with_attributes(&with_tdx, plain | bit, None).await, Err(code.to_owned()));
    }
}

#[tokio::test]
async fn each_route_takes_its_own_kind_of_evidence() {
    let (service, with_tdx) = (running().await, with_tdx().await);
    let enclave = service.quote(&enclave_holding(b""));
    let refusal = service.post("/attest/TdxVm", quote_body(&enclave).to_string()).await.refusal();
    assert_eq!(refusal, (400, "InvalidQuote".into(), "quote_not_tdx".into()));
    let td = with_tdx.quote(&trust_domain_holding(b"").td10());
    let not_sgx = (400, "InvalidQuote".to_owned(), "quote_not_sgx".to_owned());
    assert_eq!(with_tdx.service.attest(&quote_body(&td)).await.refusal(), not_sgx);
    let report = [open_enclave::header_for(td.len()).as_bytes(), &td].concat();
    let body = json!({"report": encode(&report)}).to_string();
    assert_eq!(with_tdx.service.post("/attest/OpenEnclave", body).await.refusal(), not_sgx);
    assert_eq!(with_tdx.attest(&json!({"quote": encode(&report)})).await.status, 400);
    assert_eq!(with_tdx.attest(&json!({"report": encode(&td)})).await.refusal().2, "request_malformed");
}

#[tokio::test]
async fn a_set_policy_decides_over_trust_domains() {
    let with_tdx = with_tdx().await;
    let text = "version=1.0;authorizationrules{[type==\"tdx_mrtd\", value==\"MRTD\"] && \
        [type==\"attester_tcb_status\", value==\"UpToDate\"] && [type==\"x-veritee-simulated\", value==true] => permit();};\
        issuancerules{c:[type==\"tdx_seamsvn\"] => issue(type=\"module\", value=c.value);};"
        .replace("MRTD", &"01".repeat(48));
    let jws = attestation::policy_jws::unsecured(&text);
    with_tdx.service.ask("PUT", "/policies/TdxVm", jws).await.token();
    let mut td = trust_domain_holding(b"").td10();
    let claims = claims_of(&with_tdx.attest(&quote_body(&with_tdx.quote(&td))).await.token());
    assert_eq!((&claims["module"], &claims["x-ms-policy"]), (&json!(0x0305), &json!({"module": 0x0305})));
    td.mr_td = [9; 48];
    let refused = with_tdx.attest(&quote_body(&with_tdx.quote(&td))).await.refusal();
    assert_eq!(refused, (400, "PolicyEvaluationError".into(), "policy_did_not_permit".into()));
}

/// The newest case of each quote of a trust domain that `expected` says has a status.
fn recorded_cases(cases: &[Value]) -> Vec<&Value> {
    let is_td =
        |case: &&Value| case["quote"].as_str().unwrap().contains("_TDX_") && case["expected"]["status"].is_string();
    let mut seen = BTreeSet::new();
    cases.iter().filter(is_td).filter(|case| seen.insert(case["quote"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn real_trust_domains_get_tokens_as_of_the_time_of_their_collateral() {
    let Some(directory) = test_support::recorded("quotes") else { return };
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(directory.join("cases.json")).unwrap()).unwrap();
    let (mut attested, mut refused) = (0, 0);
    for case in recorded_cases(&cases) {
        let service = running::recorded::of_case(&directory, case).await;
        let bytes = std::fs::read(directory.join(case["quote"].as_str().unwrap())).unwrap();
        let answer = service.post("/attest/TdxVm", quote_body(&bytes).to_string()).await;
        let allow = case["expected"]["allow"].as_array().unwrap();
        if allow.iter().any(|allowance| ["migratable", "service-td"].iter().any(|refused| allowance == refused)) {
            assert_eq!(answer.refusal().2, "migratable_not_allowed", "{case}");
            refused += 1;
            continue;
        }
        let claims = claims_of(&answer.token());
        assert_eq!(claims["attester_tcb_status"], case["expected"]["status"], "{case}");
        assert_eq!(claims["tdx_td_attributes_septve_disable"], !allow.contains(&json!("sept-ve")), "{case}");
        assert_eq!(claims["x-veritee-simulated"], false);
        let quote = Quote::parse(&bytes).unwrap();
        let td = match quote.report() {
            Report::Td10(td) => td,
            Report::Td15(td) => &td.base,
            other => panic!("{other:?}"),
        };
        assert_eq!(claims["tdx_mrtd"], hex::encode(td.mr_td));
        assert_eq!(claims["tdx_report_data"], hex::encode(td.report_data));
        assert_eq!(claims["tdx_tee_tcb_svn"], hex::encode(td.tee_tcb_svn));
        let expected: BTreeSet<String> =
            NAMES.split_whitespace().chain(["x-veritee-dangerous-verification-time"]).map(str::to_owned).collect();
        assert_eq!(names(&claims), expected);
        attested += 1;
    }
    assert!(attested >= 10 && refused >= 1, "{attested} attested, {refused} refused");
}

/// The property and the older names are the same for every type.
#[tokio::test]
async fn a_policy_for_trust_domains_shortens_the_lifetime_and_does_not_speak_for_the_service() {
    let with_tdx = with_tdx().await;
    let td = trust_domain_holding(b"data");
    let mut body = quote_body(&with_tdx.quote(&td.td10()));
    body["draftPolicyForAttestation"] = json!(
        "version=1.0;authorizationrules{=>permit();};issuancerules{\
         =>issueproperty(type=\"report_validity_in_minutes\",value=3);\
         =>issue(type=\"aas-ehd\",value=\"mine\");=>issue(type=\"maa-ehd\",value=\"mine\");};"
    );
    for runtime_data in [json!(null), json!({"data": encode(b"data"), "dataType": "Binary"})] {
        body["runtimeData"] = runtime_data;
        let claims = claims_of(&with_tdx.attest(&body).await.token());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 180);
        // Tokens about trust domains have held data under one name.
        assert_eq!((claims.get("aas-ehd"), claims.get("maa-ehd"), claims.get("x-ms-policy")), (None, None, None));
    }
}

//! Azure's own recorded answer to the same evidence: the claims have to be equal.

mod running;

use std::fs;

use running::{claims_of, encode};
use serde_json::{Value, json};

/// The token that Azure answered to that recorded attestation.
fn azure_token(recording: &str) -> Option<String> {
    let path =
        test_support::recorded(&format!("maa/azure-sdk-for-cpp/Attestation-AttestationTests.{recording}_Aad.json"))?;
    let recording: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let calls = recording["networkCallRecords"].as_array().unwrap().iter();
    let bodies = calls.filter_map(|call| serde_json::from_str::<Value>(call["Response"]["BODY"].as_str()?).ok());
    Some(bodies.filter_map(|body| body["token"].as_str().map(str::to_owned)).next().unwrap())
}

fn input(name: &str) -> Option<Vec<u8>> {
    Some(fs::read(test_support::recorded(&format!("maa/azure-sdk-for-cpp/{name}"))?).unwrap())
}

/// Claims that depend on the time of day, the instance, or today's collateral, and not on the evidence.
const OTHER: [&str; 5] = ["exp", "iat", "nbf", "jti", "iss"];

fn assert_equal_claims(ours: &str, azure: &str) {
    let (ours, azure) = (claims_of(ours), claims_of(azure));
    let (ours, azure) = (ours.as_object().unwrap(), azure.as_object().unwrap());
    for (name, expected) in azure {
        if name == "x-ms-sgx-collateral" || name == "maa-attestationcollateral" {
            assert_eq!(ours[name]["quotehash"], expected["quotehash"]);
            let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&ours[name]), names(expected));
        } else if !OTHER.contains(&name.as_str()) {
            assert_eq!(ours.get(name), Some(expected), "{name}");
        }
    }
    for name in ours.keys() {
        assert!(azure.contains_key(name) || name.starts_with("x-veritee-"), "Azure's token has no `{name}`");
    }
    assert_eq!(ours["x-veritee-simulated"], false);
    assert_eq!(ours["x-veritee-tcb-status"], "OutOfDate");
}

async fn compare(recording: &str, route: &str, body: Value) {
    let (Some(azure), Some(service)) = (azure_token(recording), running::recorded::azure().await) else { return };
    let answer = service.post(&format!("/attest/{route}?api-version=2020-10-01"), body.to_string()).await;
    assert_equal_claims(&answer.token(), &azure);
}

#[tokio::test]
async fn an_open_enclave_report_with_binary_runtime_data_gives_azures_claims() {
    let (Some(report), Some(data)) = (input("oe_report.bin"), input("runtime_data.bin")) else { return };
    let data = json!({"data": encode(&data), "dataType": "Binary"});
    let body = json!({"report": encode(&report), "runtimeData": data});
    compare("AttestWithRuntimeData-OpenEnclave", "OpenEnclave", body).await;
}

#[tokio::test]
async fn an_open_enclave_report_with_json_runtime_data_gives_azures_claims() {
    let (Some(report), Some(data)) = (input("oe_report.bin"), input("runtime_data.bin")) else { return };
    let data = json!({"data": encode(&data), "dataType": "JSON"});
    let body = json!({"report": encode(&report), "runtimeData": data});
    compare("AttestWithRuntimeDataJson-OpenEnclave", "OpenEnclave", body).await;
}

#[tokio::test]
async fn a_bare_quote_gives_azures_claims() {
    let Some(quote) = input("sgx_quote.bin") else { return };
    compare("SimpleAttest-SgxEnclave", "SgxEnclave", json!({"quote": encode(&quote)})).await;
}

/// Every policy that Azure's recordings and samples hold, as text: in answers of the service within their JWS.
fn recorded_policies() -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(test_support::recorded("maa/azure-sdk-for-cpp")?).unwrap() {
        let path = entry.unwrap().path();
        let Ok(recording) = serde_json::from_slice::<Value>(&fs::read(&path).unwrap()) else { continue };
        for call in recording["networkCallRecords"].as_array().into_iter().flatten() {
            let body = call["Response"]["BODY"].as_str().unwrap_or_default();
            let Ok(body) = serde_json::from_str::<Value>(body) else { continue };
            let Some(token) = body["token"].as_str() else { continue };
            // In attestation tokens the same name is an object: what the policy issued.
            let Some(jws) = claims_of(token)["x-ms-policy"].as_str().map(str::to_owned) else { continue };
            let policy =
                attestation::policy_jws::PolicyJws::read(&jws).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            texts.extend(policy.text().map(str::to_owned));
        }
    }
    for entry in fs::read_dir(test_support::recorded("maa/azure-samples/maa.signing.tool.sample/policy")?).unwrap() {
        texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    Some(texts)
}

#[test]
fn every_recorded_policy_is_one_that_a_provider_takes() {
    let Some(texts) = recorded_policies() else { return };
    assert!(texts.len() >= 18, "{}", texts.len());
    let vocabulary = attestation::PolicyType::SgxEnclave.vocabulary();
    for text in texts {
        let policy = policy::Policy::parse(&text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        let errors = policy.lint(&vocabulary).errors();
        assert_eq!(errors, Ok(()), "{text}");
        assert!(policy.configure(&vocabulary).is_ok());
    }
}

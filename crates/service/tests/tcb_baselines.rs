//! The baselines that policies can name.

mod running;

use attestation::policy_jws;
use running::tdx::with_tdx;
use running::{Running, running, running_with};
use serde_json::{Value, json};

async fn baselines(service: &Running, path: &str) -> Vec<Value> {
    let answer = service.get(&format!("/tcbbaselines/{path}")).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.json().as_object().unwrap().len(), 1);
    answer.json()["tcbBaselines"].as_array().unwrap().clone()
}

/// Identifiers, with `*` behind the selected one.
fn shown(baselines: &[Value]) -> String {
    let one = |baseline: &Value| {
        let mark = if baseline["isSelectedTcb"] == true { "*" } else { "" };
        format!("{}{mark}", baseline["tcbIdentifier"].as_str().unwrap())
    };
    baselines.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn selecting(identifier: &str) -> String {
    policy_jws::unsecured(&format!(
        "version=1.1;configurationrules{{=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"{identifier}\");}};\
         authorizationrules{{=> permit();}};"
    ))
}

#[tokio::test]
async fn there_are_the_providers_own_and_those_of_its_collateral() {
    let service = running().await;
    let all = baselines(&service, "SgxEnclave?api-version=2025-06-01").await;
    assert_eq!(shown(&all), format!("azuredefault* {}", simulator::EVALUATION_DATA_NUMBER));
    // The provider demands nothing.
    assert_eq!(all[0], json!({"tcbIdentifier": "azuredefault", "tcbEvaluationDataNumber": 0, "isSelectedTcb": true}));
    assert_eq!(all[1]["tcbEvaluationDataNumber"], simulator::EVALUATION_DATA_NUMBER);
    let date = all[1]["tcbReleaseDate"].as_str().unwrap();
    assert!(unix_time::UnixTime::from_rfc3339(&format!("{date}Z")).is_ok(), "{date}");
    assert_eq!(baselines(&service, "openenclave").await, all);
}

#[tokio::test]
async fn the_one_that_the_policy_names_is_selected() {
    let service = running().await;
    let number = simulator::EVALUATION_DATA_NUMBER;
    for (identifier, expected) in [
        (number.to_string().as_str(), format!("azuredefault {number}*")),
        ("12", format!("azuredefault {number} 12*")),
        ("azuredefault", format!("azuredefault* {number}")),
    ] {
        service.ask("PUT", "/policies/SgxEnclave", selecting(identifier)).await.token();
        assert_eq!(shown(&baselines(&service, "SgxEnclave").await), expected);
        let alone = baselines(&service, "SgxEnclave?provideCurrentTcbInPolicy=true").await;
        assert_eq!(shown(&alone), format!("{identifier}*"));
    }
    service.ask("PUT", "/policies/SgxEnclave", selecting("12")).await.token();
    let documented = &baselines(&service, "SgxEnclave?provideCurrentTcbInPolicy=TRUE").await[0];
    let expected = json!({
        "tcbIdentifier": "12",
        "tcbEvaluationDataNumber": 12,
        "tcbReleaseDate": "2021-11-10T00:00:00",
        "minimumPswLinuxVersion": "2.13.3",
        "minimumPswWindowsVersion": "2.13.100.2",
        "isSelectedTcb": true,
    });
    assert_eq!(*documented, expected);
}

#[tokio::test]
async fn the_providers_own_is_what_it_demands() {
    let service = running().await;
    for (name, veritee, number) in [
        ("ten", json!({"baseline": 10}), 10),
        ("eleven", json!({"baseline": 10, "minimumEvaluationDataNumber": 11}), 11),
    ] {
        service.create(name, json!({"veritee": veritee})).await;
        let answer = service.get(&format!("/p/{name}/tcbbaselines/SgxEnclave")).await.json();
        assert_eq!(answer["tcbBaselines"][0]["tcbEvaluationDataNumber"], number);
        assert!(answer["tcbBaselines"][0]["minimumPswLinuxVersion"].is_string());
    }
}

#[tokio::test]
async fn trust_domains_have_the_numbers_of_their_own_collateral() {
    let with_tdx = with_tdx().await;
    let number = simulator::EVALUATION_DATA_NUMBER;
    assert_eq!(shown(&baselines(&with_tdx.service, "TdxVm").await), format!("azuredefault* {number}"));
    assert_eq!(shown(&baselines(&with_tdx.service, "SgxEnclave").await), "azuredefault*");
    let without = running_with(|config| config.collateral = None).await;
    assert_eq!(shown(&baselines(&without, "TdxVm").await), "azuredefault*");
}

#[tokio::test]
async fn recorded_collateral_has_its_numbers_and_the_days_of_their_levels() {
    let Some(service) = running::recorded::azure().await else { return };
    let all = baselines(&service, "SgxEnclave").await;
    assert_eq!(shown(&all), "azuredefault* 19 17");
    assert_eq!(all[1]["tcbReleaseDate"], "2025-05-14T00:00:00");
    assert_eq!(all[2]["tcbReleaseDate"], "2024-03-13T00:00:00");
    assert!(all[1].get("minimumPswLinuxVersion").is_none(), "Microsoft's catalogue ends with 15");
}

#[tokio::test]
async fn types_without_baselines_say_so() {
    let service = running().await;
    for name in ["Tpm", "SevSnpVm", "AzureGuest", "VBSEnclave", "CyResComponent"] {
        let refused = service.get(&format!("/tcbbaselines/{name}")).await.refusal();
        assert_eq!(refused, (400, "InvalidOperation".into(), "tcb_baselines_not_supported".into()), "{name}");
    }
    let refused = service.get("/tcbbaselines/Nothing").await.refusal();
    assert_eq!(refused, (404, "NotFound".into(), "attestation_type_unknown".into()));
    assert_eq!(service.post("/tcbbaselines/SgxEnclave", "").await.status, 405);
}

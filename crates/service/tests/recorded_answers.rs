//! Every answer of Azure's that was recorded against ours to the same request: status, members, claim names, JSON types. What
//! differs stands in docs/azure.md, with why, and nothing else may.

mod running;

use std::fs;
use std::path::Path;

use attestation::policy_jws::{self, CertificateAction};
use axum::http::header;
use running::comparison::{Comparison, Shape, fits, shape, walk};
use running::managed::{GROUP, MINIMAL, RESET, Signer, isolated};
use running::python;
use running::{ADMINISTRATOR, Answer, Running, encode, request};
use serde_json::{Value, json};

/// The three providers of the recordings, each with its trust model, and who signs for the Isolated one.
async fn providers() -> Option<(Running, Signer)> {
    let service = running::recorded::azure().await?;
    let signer = Signer::new("signer", true, None);
    for (name, properties) in [("isolated", isolated(&[&signer])), ("shared", json!({"veritee": {"shared": true}}))] {
        let body = json!({"location": "local", "properties": properties}).to_string();
        assert_eq!(service.ask("PUT", &format!("{GROUP}/{name}"), body).await.status, 201);
    }
    Some((service, signer))
}

/// Where the provider of a recording is.
fn provider_of(recording: &str) -> &'static str {
    match recording.to_ascii_lowercase() {
        name if name.contains("isolated") && !name.contains("_aad_") => "/p/isolated",
        name if name.contains("shared") => "/p/shared",
        _ => "",
    }
}

/// The body of a recorded request: the recorder dropped it, and the name of the recording says what was sent.
fn body_of(recording: &str, method: &str, path: &str, earlier: usize, signer: &Signer) -> String {
    let input =
        |name: &str| fs::read(test_support::recorded(&format!("maa/azure-sdk-for-cpp/{name}")).unwrap()).unwrap();
    match (method, path) {
        ("GET", _) => String::new(),
        ("POST", "attest/Tpm") => json!({"data": encode(b"{\"payload\":{\"type\":\"aikcert\"}}")}).to_string(),
        ("POST", "attest/SgxEnclave" | "attest/OpenEnclave") => {
            let mut body = if path == "attest/SgxEnclave" {
                json!({"quote": encode(&input("sgx_quote.bin"))})
            } else {
                json!({"report": encode(&input("oe_report.bin"))})
            };
            if recording.contains("RuntimeData") {
                let kind = if recording.contains("RuntimeDataJson") { "JSON" } else { "Binary" };
                body["runtimeData"] = json!({"data": encode(&input("runtime_data.bin")), "dataType": kind});
            }
            if recording.contains("DraftPolicy") {
                // The first issues a claim, the second permits nothing.
                let permit = if earlier == 0 { "=> permit();" } else { "" };
                body["draftPolicyForAttestation"] = json!(format!(
                    "version=1.0; authorizationrules{{{permit}}}; \
                     issuancerules{{c:[type==\"x-ms-sgx-mrsigner\"] => issue(type=\"custom-name\", value=c.value);}};"
                ));
            }
            body.to_string()
        }
        ("PUT", _) if recording.contains("GeneratedKey") => signer.policy_of_sdk(&format!("{MINIMAL} // {recording}")),
        ("PUT", _) => policy_jws::unsecured(MINIMAL),
        ("POST", path) if path.ends_with(":reset") => RESET.to_owned(),
        ("POST", "certificates:add" | "certificates:remove") => {
            json!(signer.key().sign_certificate(CertificateAction::Add, &signer.der, None).unwrap()).to_string()
        }
        _ => panic!("{recording}: {method} {path}"),
    }
}

async fn ask(service: &Running, method: &str, path: &str, body: String) -> Answer {
    let asked = request(method, path).header(header::AUTHORIZATION, format!("Bearer {ADMINISTRATOR}"));
    service.send(asked.body(body.into()).unwrap()).await
}

fn json_files(directory: &Path) -> Vec<(String, Value)> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    let read = |name: &String| serde_json::from_slice(&fs::read(directory.join(name)).unwrap()).unwrap();
    names.iter().map(|name| (name.clone(), read(name))).collect()
}

/// Those of 2022, in the order in which each recording asked.
async fn compare_recordings(comparison: &mut Comparison, service: &Running, signer: &Signer, directory: &Path) {
    for (recording, calls) in json_files(directory) {
        let mut posted = 0;
        for call in calls["networkCallRecords"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (method, url) = (text(&call["Method"]), text(&call["Url"]));
            let target = url.splitn(4, '/').nth(3).unwrap();
            let path = target.split('?').next().unwrap();
            let body = body_of(&recording, &method, path, posted, signer);
            posted += usize::from(path.starts_with("attest/"));
            let answer = ask(service, &method, &format!("{}/{target}", provider_of(&recording)), body).await;
            let azure = &call["Response"];
            let status = text(&azure["STATUS_CODE"]).parse().unwrap();
            let azure_body: Value = serde_json::from_str(&text(&azure["BODY"])).unwrap();
            comparison.compare(&format!("{method} {path}"), &shape(status, &azure_body), &ours(&answer));
            assert_eq!(answer.headers[header::CONTENT_TYPE], text(&azure["content-type"]), "{recording}: {path}");
        }
    }
}

fn ours(answer: &Answer) -> Shape {
    shape(answer.status.as_u16(), &answer.json())
}

/// Header and claims as the samples of 2020 show them: two JSON texts, one after the other.
fn shown_token(file: &Path) -> (Value, Value) {
    let text = fs::read_to_string(file).unwrap();
    let mut texts = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    (texts.next().unwrap().unwrap(), texts.next().unwrap().unwrap())
}

#[tokio::test]
async fn our_answers_have_the_members_claims_and_types_of_azures_but_for_what_is_listed() {
    let (Some(maa), Some((service, signer))) = (test_support::recorded("maa"), providers().await) else { return };
    let mut comparison = Comparison::with("differences");
    compare_recordings(&mut comparison, &service, &signer, &maa.join("azure-sdk-for-cpp")).await;
    assert!(comparison.compared >= 190, "{} answers", comparison.compared);

    let samples = maa.join("azure-samples/sgx.attest.sample.oe.sdk/validatequotes.net/samples");
    let body = fs::read_to_string(samples.join("post.attest.body.json")).unwrap();
    let path = "/attest/Tee/OpenEnclave?api-version=2018-09-01-preview";
    let (header, claims) = shown_token(&samples.join("post.attest.response.jwt.body.json"));
    let mut azure = shape(200, &json!(""));
    walk(&header, "#header".to_owned(), &mut azure);
    walk(&claims, "#claims".to_owned(), &mut azure);
    comparison.compare("POST attest/Tee/OpenEnclave", &azure, &ours(&ask(&service, "POST", path, body).await));

    let keys = fs::read(samples.join("get.certs.response.body.json")).unwrap();
    let azure = shape(200, &serde_json::from_slice(&keys).unwrap());
    comparison.compare("GET certs", &azure, &ours(&ask(&service, "GET", "/certs", String::new()).await));

    // Its evidence is in another recording: what matters is that it is not taken.
    let report = fs::read(maa.join("confidential-sidecar-containers/snp_report.bin")).unwrap();
    let snp = fs::read_to_string(maa.join("azure-samples/maa.jwt.verifier.dotnet/sev-snp-jwt.txt")).unwrap();
    let body = json!({"report": encode(&report)}).to_string();
    let answer = ask(&service, "POST", "/attest/SevSnpVm", body).await;
    comparison.compare("POST attest/SevSnpVm", &shape(200, &json!({"token": snp.trim()})), &ours(&answer));
    comparison.finish();
}

/// The enclaves of 2020 in Microsoft's samples, and what it says of them.
#[tokio::test]
async fn real_enclaves_of_2020_have_the_claims_that_their_files_name() {
    let (Some(maa), Some(service)) = (test_support::recorded("maa"), running::recorded::azure().await) else { return };
    let quotes = json_files(&maa.join("azure-samples/sgx.attest.sample.oe.sdk/genquotes/quotes"));
    assert_eq!(quotes.len(), 4);
    for (name, info) in quotes {
        let bytes = |member: &str| hex::decode(info[member].as_str().unwrap()).unwrap();
        let body =
            json!({"Quote": encode(&bytes("QuoteHex")), "EnclaveHeldData": encode(&bytes("EnclaveHeldDataHex"))});
        let path = "/attest/Tee/OpenEnclave?api-version=2018-09-01-preview";
        let answer = ask(&service, "POST", path, body.to_string()).await;
        assert_eq!(answer.status, 200, "{name}: {}", String::from_utf8_lossy(&answer.body));
        let claims = running::claims_of(answer.json().as_str().unwrap());
        let lower = |member: &str| info[member].as_str().unwrap().to_lowercase();
        assert_eq!(claims["sgx-mrenclave"], lower("MrEnclaveHex"), "{name}");
        assert_eq!(claims["sgx-mrsigner"], lower("MrSignerHex"), "{name}");
        assert_eq!(claims["svn"], info["SecurityVersion"], "{name}");
        let product = bytes("ProductIdHex");
        assert_eq!(claims["product-id"], u16::from_le_bytes([product[0], product[1]]), "{name}");
        // Open Enclave's attributes: the first bit is debug.
        assert_eq!(claims["is-debuggable"], info["Attributes"].as_u64().unwrap() & 1 != 0, "{name}");
        assert_eq!(claims["maa-ehd"], encode(&bytes("EnclaveHeldDataHex")), "{name}");
    }
}

#[test]
fn patterns_stand_for_what_they_should() {
    for (pattern, text, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "a", true),
        ("a*c", "abbc", true),
        ("a*c", "abb", false),
        ("*.b*", "a.b.c", true),
    ] {
        assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
    }
}

/// Every answer that Azure gave to Microsoft's Python client in 2021, asked of ours with the recorded requests, signatures included.
#[tokio::test]
async fn our_answers_to_the_recorded_requests_of_2021_are_azures_but_for_what_is_listed() {
    let (Some(recordings), Some(service)) = (python::recordings(), running::recorded::azure().await) else { return };
    let mut comparison = Comparison::with("differences of 2021");
    let replay = Replay::prepare(&service, &recordings).await;
    for (number, recording) in recordings.iter().enumerate() {
        for (place, call) in recording.calls.iter().enumerate() {
            let at = replay.provider_for(call, number, place).await;
            let answer = ask(&service, &call.method, &format!("{at}/{}", call.target()), body_of_2021(call)).await;
            let asked = format!("{} {}", call.method, call.path());
            comparison.compare(&asked, &shape(call.status, &call.json()), &ours(&answer));
            if answer.status.as_u16() != call.status {
                continue;
            }
            if call.path() != "certs" {
                let content_type = call.content_type.as_deref().unwrap();
                assert_eq!(answer.headers[header::CONTENT_TYPE], content_type, "{}: {asked}", recording.name);
            }
            if let (Some(azure), Some(ours)) = (call.claims(), answer.json()["token"].as_str()) {
                assert_same_claims(&recording.name, &azure, &running::claims_of(ours));
            }
        }
    }
    assert_eq!(comparison.compared, 204);
    comparison.finish();
}

/// Claims that depend on the instance, the day and today's collateral are compared in their form alone.
fn assert_same_claims(recording: &str, azure: &Value, ours: &Value) {
    for (name, expected) in azure.as_object().unwrap() {
        match name.as_str() {
            "exp" | "iat" | "nbf" | "iss" | "jti" => {}
            "x-ms-sgx-collateral" | "maa-attestationcollateral" => {
                assert_eq!(ours[name]["quotehash"], expected["quotehash"], "{recording}");
            }
            // In attestation tokens the certificates are one level higher than they were two years later.
            "x-ms-policy-signer" if expected.get("use").is_none() => {
                assert_eq!(ours[name]["jwk"]["x5c"], expected["x5c"], "{recording}");
            }
            "x-ms-policy-certificates" => {
                let all = |claims: &Value| {
                    let keys = claims["keys"].as_array().unwrap().iter();
                    keys.map(|key| key["x5c"].to_string()).collect::<std::collections::BTreeSet<_>>()
                };
                assert_eq!(all(&ours[name]), all(expected), "{recording}");
            }
            _ => assert_eq!(&ours[name], expected, "{recording}: {name}"),
        }
    }
}

fn body_of_2021(call: &python::Call) -> String {
    call.body.clone().unwrap_or_default()
}

/// Providers in the state that Azure's were in when they were asked.
struct Replay<'s> {
    service: &'s Running,
    /// The certificates of the Isolated provider, and the one that its tests add and remove.
    signers: Vec<Value>,
    added: Value,
    /// The policy that its signer set.
    signed: String,
}

impl<'s> Replay<'s> {
    async fn prepare(service: &'s Running, recordings: &[python::Recording]) -> Self {
        let calls = || recordings.iter().flat_map(|recording| &recording.calls);
        let isolated = |call: &&python::Call| call.provider() == python::Provider::Isolated;
        let listed = calls().filter(isolated).filter(|call| call.path() == "certificates");
        let listed = listed.map(|call| call.claims().unwrap()["x-ms-policy-certificates"]["keys"].clone());
        let of = |keys: &Value| keys.as_array().unwrap().iter().flat_map(python::certificates).collect::<Vec<_>>();
        let lists: Vec<Vec<Value>> = listed.map(|keys| of(&keys)).collect();
        let signers = lists.iter().min_by_key(|list| list.len()).unwrap().clone();
        let added = lists.iter().flatten().find(|certificate| !signers.contains(certificate)).unwrap().clone();
        let signed = calls().filter(isolated).find(|call| call.method == "PUT").unwrap().body.clone().unwrap();
        python::create(service, "aad", json!({})).await;
        python::create(service, "shared", json!({"veritee": {"shared": true}})).await;
        Self { service, signers, added, signed }
    }

    /// Where to ask. Whatever is signed for an Isolated provider is good once, so that each such call has a provider of its own.
    async fn provider_for(&self, call: &python::Call, recording: usize, place: usize) -> String {
        let at = match call.provider() {
            python::Provider::Shared => return "/p/shared".to_owned(),
            python::Provider::Aad => "/p/aad".to_owned(),
            python::Provider::Isolated => {
                let name = format!("isolated-{recording}-{place}");
                let claims = call.claims();
                let keys = claims.as_ref().and_then(|claims| claims["x-ms-policy-certificates"]["keys"].as_array());
                let mut signers = self.signers.clone();
                if call.path() == "certificates:remove" || keys.is_some_and(|keys| keys.len() > signers.len()) {
                    signers.push(self.added.clone());
                }
                python::create_isolated(self.service, &name, &signers).await;
                format!("/p/{name}")
            }
        };
        if let Some((policy_type, jws)) = self.policy_before(call) {
            let answer = ask(self.service, "PUT", &format!("{at}/policies/{policy_type}"), jws).await;
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        at
    }

    /// The policy that was in force when Azure was asked, and for which type.
    fn policy_before(&self, call: &python::Call) -> Option<(String, String)> {
        let claims = call.claims()?;
        let (route, policy_type) = call.path().split_once('/')?;
        let jws = match route {
            "policies" if call.method == "GET" => claims["x-ms-policy"].as_str().unwrap().to_owned(),
            "attest" if claims.get("x-ms-policy-signer").is_some() => self.signed.clone(),
            "attest" => policy_jws::unsecured(MINIMAL),
            _ => return None,
        };
        // Drafts are judged by themselves.
        let is_draft = call.body.as_deref().is_some_and(|body| body.contains("draftPolicyForAttestation"));
        (!is_draft).then(|| (policy_type.to_owned(), jws))
    }
}

//! Every answer of Azure's that was recorded against ours to the same request: status, members, claim names, JSON types. What
//! differs stands in docs/azure.md, with why, and nothing else may.

mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use axum::http::header;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use running::managed::{GROUP, MINIMAL, RESET, Signer, isolated};
use running::{ADMINISTRATOR, Answer, Running, encode, request};
use serde_json::{Value, json};
use token::policy_jws::{self, CertificateAction};

/// Where the differences are listed.
const DOCUMENT: &str = include_str!("../../../docs/azure.md");
const BEGIN: &str = "<!-- differences begin -->";
const END: &str = "<!-- differences end -->";

/// What an answer has at each place: `keys[].kty` is `string`, `token#claims.exp` is `number`.
type Shape = BTreeMap<String, String>;

fn shape(status: u16, body: &Value) -> Shape {
    let mut shape = Shape::from([("status".to_owned(), status.to_string())]);
    walk(body, String::new(), &mut shape);
    shape
}

fn walk(value: &Value, place: String, shape: &mut Shape) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) => {
            for (part, value) in parts_of_jws(text).into_iter().flatten() {
                walk(&value, format!("{place}#{part}"), shape);
            }
            "string"
        }
        Value::Array(all) => {
            all.iter().for_each(|one| walk(one, format!("{place}[]"), shape));
            "array"
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| walk(value, below(name), shape));
            "object"
        }
    };
    shape.insert(if place.is_empty() { "body".to_owned() } else { place }, kind.to_owned());
}

/// Header and payload of a text that is a JWS; the payload of one that resets is empty.
fn parts_of_jws(text: &str) -> Option<Vec<(&'static str, Value)>> {
    let mut segments = text.split('.');
    let (header, payload, _) = (segments.next()?, segments.next()?, segments.next()?);
    let read = |segment: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(segment).ok()?).ok();
    let header = read(header).filter(|header| header.get("alg").is_some())?;
    Some([("header", header)].into_iter().chain(read(payload).map(|claims| ("claims", claims))).collect())
}

/// A line of the list: which answers, which place in them, how ours is, and why.
#[derive(Debug)]
struct Exception {
    asked: String,
    place: String,
    ours: String,
}

fn exceptions() -> Vec<Exception> {
    let (_, list) = DOCUMENT.split_once(BEGIN).unwrap();
    let (list, _) = list.split_once(END).unwrap();
    let rows = list.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [asked, place, ours, why] = cells[..] else { panic!("{row}") };
        assert!(why.len() > 20, "a reason is a sentence: {row}");
        Exception { asked: asked.to_owned(), place: place.to_owned(), ours: ours.to_owned() }
    })
    .collect()
}

/// Whether a text is the pattern, in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, end)) => text
            .strip_prefix(begin)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(end, &rest[at..]))),
    }
}

/// Compares answers, and says in the end which of the listed differences there were.
struct Comparison {
    exceptions: Vec<Exception>,
    seen: BTreeSet<usize>,
    unlisted: BTreeSet<String>,
    compared: usize,
}

impl Comparison {
    fn new() -> Self {
        Self { exceptions: exceptions(), seen: BTreeSet::new(), unlisted: BTreeSet::new(), compared: 0 }
    }

    fn compare(&mut self, asked: &str, azure: &Shape, ours: &Shape) {
        self.compared += 1;
        if azure["status"] != ours["status"] {
            // Two answers to different ends have nothing to be compared in.
            return self.differs(asked, "status", &format!("{} for {}", ours["status"], azure["status"]));
        }
        for place in azure.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            match (azure.get(place), ours.get(place)) {
                (Some(_), None) => self.differs(asked, place, "absent"),
                (None, Some(_)) => self.differs(asked, place, "added"),
                (Some(azure), Some(ours)) if azure != ours => {
                    self.differs(asked, place, &format!("{ours} for {azure}"));
                }
                _ => {}
            }
        }
    }

    fn differs(&mut self, asked: &str, place: &str, ours: &str) {
        let listed = |exception: &Exception| {
            fits(&exception.asked, asked) && fits(&exception.place, place) && exception.ours == ours
        };
        match self.exceptions.iter().position(listed) {
            Some(number) => drop(self.seen.insert(number)),
            None => drop(self.unlisted.insert(format!("{asked}: {place} {ours}"))),
        }
    }

    fn finish(self) {
        assert!(self.unlisted.is_empty(), "not in docs/azure.md: {:#?}", self.unlisted);
        let unseen = self.exceptions.iter().enumerate().filter(|(number, _)| !self.seen.contains(number));
        let unseen: Vec<_> = unseen.map(|(_, exception)| exception).collect();
        assert!(unseen.is_empty(), "in docs/azure.md, and no difference any more: {unseen:#?}");
    }
}

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
    let input = |name: &str| fs::read(test_data::recorded(&format!("maa/azure-sdk-for-cpp/{name}")).unwrap()).unwrap();
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
    let (Some(maa), Some((service, signer))) = (test_data::recorded("maa"), providers().await) else { return };
    let mut comparison = Comparison::new();
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
    let (Some(maa), Some(service)) = (test_data::recorded("maa"), running::recorded::azure().await) else { return };
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

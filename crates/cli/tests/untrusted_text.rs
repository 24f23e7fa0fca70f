//! What strangers wrote, fed through each command that prints it: nothing controls a terminal, turns text around, hides, or forges a
//! line.

mod command;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use command::{Ran, Serving, sample, veritee};
use jose::{Jwk, Jwks};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use serde_json::{Value, json};
use token::{SigningKey, TokenAlgorithm};
use unix_time::{UnixTime, ValidityPeriod};

/// Sets the title, rings, colours, turns the text around, hides a character, overwrites the line and begins another.
const EVIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}1m\u{202e}\u{2066}\u{200b}\u{e0041}x\rverdict: forged\nverdict: forged";
/// The same in one line and without control characters, as names of clients may be.
const BIDI: &str = "a\u{202e}b\u{200b}c\u{2069}";

/// Both outputs, which are safe.
fn safe(ran: &Ran) -> String {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    let is_unsafe = |c: &char| *c != '\n' && !problem::untrusted::is_safe(*c);
    assert_eq!(text.chars().find(is_unsafe), None, "{text:?}");
    text
}

/// Both outputs, which are safe, have the stranger's words, and have no line that they begin.
fn told(ran: &Ran) -> String {
    let text = safe(ran);
    assert!(text.contains("owned"), "{text}");
    assert!(text.lines().all(|line| !line.trim_start().starts_with("verdict: forged")), "{text}");
    text
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), contents).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Words that begin with `@` are files in the directory.
    fn run(&self, words: &[&str]) -> Ran {
        veritee(words.iter().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name).to_str().unwrap().to_owned(),
            None => (*word).to_owned(),
        }))
    }
}

/// A certificate and its key in PEM; the common name is a stranger's.
fn certificate(issuer: Option<&Issuer<'_, KeyPair>>, is_ca: bool) -> (CertificateParams, KeyPair, String) {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, EVIL);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if is_ca {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let signed = match issuer {
        Some(issuer) => parameters.signed_by(&key, issuer).unwrap(),
        None => parameters.self_signed(&key).unwrap(),
    };
    (parameters, key, signed.pem())
}

#[test]
fn policy_decode_escapes_the_text_and_the_signer() {
    let desk = Desk::new();
    let (_, key, pem) = certificate(None, false);
    desk.write("key", key.serialize_pem());
    desk.write("cert", pem);
    desk.write("policy", format!("version=1.0; // {EVIL}\nauthorizationrules{{=> permit();}};"));
    for signed in [&["--key", "@key", "--cert", "@cert"][..], &["--unsecured"]] {
        let sign = [&["policy", "sign", "@policy", "--unchecked", "--force", "--out", "@jws"], signed].concat();
        desk.run(&sign).expect(0);
        let decoded = desk.run(&["policy", "decode", "@jws"]).expect(0);
        let text = safe(&decoded);
        assert!(decoded.stdout.contains("version=1.0; // \\u{1b}]0;owned\\u{7}"), "{text}");
        assert!(decoded.stderr.contains("printed as escapes"), "{text}");
        if signed.len() > 1 {
            assert!(decoded.stderr.contains("signer   CN=\\1b]0\\;owned"), "{text}");
        }
        let json = desk.run(&["policy", "decode", "@jws", "--json"]).expect(0);
        safe(&json);
        assert!(json.json()["policy"].as_str().unwrap().contains(EVIL), "JSON has the exact text");
        // What is neither a file nor a policy JWS is repeated in the error.
        told(&desk.run(&["policy", "decode", &format!("{EVIL}.a.b")]).expect(3));
    }
}

#[test]
fn policy_explain_check_lint_and_fmt_escape_policy_and_claims() {
    let desk = Desk::new();
    let words = "\u{1b}]0;owned\u{7}\u{9b}1m\u{202e}\u{200b}\rx";
    desk.write("policy", format!("version=1.0;\nauthorizationrules{{ // {words}\nc:[type==\"{words}\"] => permit();\n}};\nissuancerules{{c:[type==\"{words}\"] => issue(claim=c);}};"));
    desk.write("claims", json!([{"type": words, "value": EVIL, "issuer": EVIL}]).to_string());
    for json in [&[][..], &["--json"]] {
        let explain = [&["policy", "explain", "@policy", "--claims", "@claims"], json].concat();
        told(&desk.run(&explain));
        let lint = [&["policy", "lint", "@policy"], json].concat();
        safe(&desk.run(&lint));
    }
    for broken in [
        format!("version=1.0;\nauthorizationrules{{ {words} => permit(); }};"),
        format!("version=1.0;\nauthorizationrules{{ c:[type==\"{words}\" value] => {words}(); }}; // {words}"),
        format!("version=1.0;\nauthorizationrules{{ => add(type=\"{words}\", valu=1); }};"),
        words.to_owned(),
    ] {
        desk.write("broken", &broken);
        for command in ["check", "lint", "fmt"] {
            let ran = desk.run(&["policy", command, "@broken"]).expect(1);
            let text = safe(&ran);
            assert!(text.contains("error"), "{text}");
        }
        safe(&desk.run(&["policy", "check", "@broken", "--json"]).expect(1));
        safe(&desk.run(&["policy", "sign", "@broken", "--unsecured"]).expect(1));
        safe(&desk.run(&["policy", "hash", "@broken"]));
    }
}

#[test]
fn inspect_escapes_tokens_and_key_sets() {
    let desk = Desk::new();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "ES256", "kid": EVIL, EVIL: EVIL}));
    let claims = part(json!({"iss": EVIL, EVIL: {EVIL: [EVIL, [EVIL], {"a": EVIL}]}}));
    desk.write("token", format!("{header}.{claims}.AAAA"));
    desk.write("keys", json!({"keys": [{"kid": EVIL, "kty": EVIL, "alg": EVIL}]}).to_string());
    for file in ["@token", "@keys"] {
        told(&desk.run(&["inspect", file]).expect(0));
        told(&desk.run(&["inspect", file, "--json"]).expect(0));
    }
}

#[test]
fn verify_escapes_names_in_certificates() {
    let desk = Desk::new();
    let (root, root_key, root_pem) = certificate(None, true);
    let root = Issuer::new(root, root_key);
    let (middle, middle_key, middle_pem) = certificate(Some(&root), true);
    let (_, _, leaf_pem) = certificate(Some(&Issuer::new(middle, middle_key)), false);
    let chain = desk.write("chain", format!("{leaf_pem}{middle_pem}{root_pem}"));
    let root = desk.write("root", &root_pem);
    let (quote, collateral) = sample();
    let arguments = |json: &'static [&'static str]| {
        let (quote, collateral) = (quote.to_str().unwrap(), collateral.to_str().unwrap());
        let fixed = ["verify", quote, "--collateral", collateral, "--pck-chain", &chain, "--trust-root", &root];
        veritee(fixed.iter().chain(json).map(|word| (*word).to_owned()))
    };
    for json in [&[][..], &["--json"], &["--diagnose"]] {
        safe(&arguments(json));
    }
}

#[test]
fn collateral_show_escapes_names_of_files_and_signers() {
    let desk = Desk::new();
    fs::create_dir(desk.path("pieces")).unwrap();
    let (_, collateral) = sample();
    fs::copy(collateral, desk.path(&format!("pieces/{EVIL}.json"))).unwrap();
    let (_, _, pem) = certificate(None, true);
    desk.write(&format!("pieces/{EVIL}.pem"), pem);
    desk.write(&format!("pieces/other {EVIL}.json"), format!("{{\"{BIDI}\": 1}}"));
    told(&desk.run(&["collateral", "show", "@pieces"]).expect(0));
    told(&desk.run(&["collateral", "show", "@pieces", "--json"]).expect(0));
    told(&desk.run(&["collateral", "bundle", "@pieces", "--output", "@bundle"]).expect(0));
    // Without a piece of collateral.
    fs::remove_file(desk.path(&format!("pieces/{EVIL}.json"))).unwrap();
    safe(&desk.run(&["collateral", "show", "@pieces"]));
}

#[test]
fn token_verify_escapes_claims_and_what_it_refuses() {
    let desk = Desk::new();
    let key = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    let (issuer, now) = ("https://attest.example", UnixTime::of_system_clock().seconds());
    let claims = json!({"x-ms-attestation-type": "sgx", EVIL: EVIL, "nested": {EVIL: [EVIL]}});
    let token =
        token::issue(&key, issuer, claims.as_object().unwrap().clone(), UnixTime::from_seconds(now), 600).unwrap();
    desk.write("token", &token);
    let keys = json!({"keys": [jwk_of(&key, issuer, now)]});
    desk.write("keys", keys.to_string());
    let verify = |token: &str, issuer: &str, more: &[&str]| {
        let fixed = ["token", "verify", token, "--keys", "@keys", "--issuer", issuer, "--without-freshness"];
        desk.run(&[&fixed, more].concat())
    };
    told(&verify("@token", issuer, &[]).expect(0));
    told(&verify("@token", issuer, &["--json"]).expect(0));
    // Refusals repeat what the token says of itself.
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = token.split('.').nth(1).unwrap();
    for header in [
        json!({"alg": EVIL, "typ": "JWT", "kid": "x"}),
        json!({"alg": "ES256", "typ": EVIL, "kid": "x"}),
        json!({"alg": "ES256", "typ": "JWT", "kid": EVIL}),
    ] {
        desk.write("other", format!("{}.{payload}.AAAA", part(header)));
        told(&verify("@other", issuer, &[]).expect(1));
    }
    safe(&verify("@token", &format!("https://{EVIL}"), &[]));
}

fn jwk_of(key: &SigningKey, issuer: &str, now: i64) -> Value {
    let certificate = attestation::signing_certificate(
        key,
        issuer,
        ValidityPeriod { from: UnixTime::from_seconds(now), until: UnixTime::from_seconds(now + 600) },
        None,
    )
    .unwrap();
    let keys = Jwks::new(vec![Jwk::new(key.kid(), &certificate)]);
    serde_json::to_value(keys).unwrap()["keys"][0].clone()
}

/// A service in which everything is a stranger's; every answer is this one.
fn hostile(status: &'static str, answer: Value) -> String {
    hostile_once(status, answer.clone(), answer)
}

/// The same, whose first answer differs from all others.
fn hostile_once(status: &'static str, first: Value, others: Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            std::io::Read::read_exact(&mut reader, &mut vec![0; length]).unwrap();
            let body = if number == 0 { &first } else { &others }.to_string();
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
            write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}").unwrap();
        }
    });
    url
}

#[test]
fn listings_and_refusals_of_a_service_are_escaped() {
    let desk = Desk::new();
    desk.write("admin", "token");
    let (quote, _) = sample();
    let quote = quote.to_str().unwrap();
    let provider = json!({"name": EVIL, "location": EVIL, "tags": {EVIL: EVIL}, "properties": {"trustModel": EVIL, "attestUri": EVIL}});
    let client = json!({"clientId": EVIL, "name": EVIL, "role": EVIL, "provider": EVIL, "expiresAt": EVIL});
    let change = json!({"number": 1, "result": EVIL, "changedAt": EVIL, "policyHash": EVIL, "changedBy": EVIL});
    let (_, _, pem) = certificate(None, false);
    let der = pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    assert!(STANDARD.decode(&der).is_ok());
    let signer = json!({"kty": "EC", "x5c": [der]});
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = |claims: Value| json!({"token": format!("{}.{}.", part(json!({"alg": "none"})), part(claims))});
    let policy = format!(
        "{}.{}.",
        part(json!({"alg": "none"})),
        part(json!({"AttestationPolicy": URL_SAFE_NO_PAD.encode(format!("// owned{EVIL}"))}))
    );
    let list = |value: &Value| json!({"value": [value]});
    for (answer, command) in [
        (list(&provider), "provider list"),
        (provider.clone(), "provider show one"),
        (list(&provider), "provider default"),
        (list(&client), "token list"),
        (list(&change), "provider policy history"),
        (token(json!({"x-ms-policy-certificates": {"keys": [signer]}})), "signer list"),
        (
            token(json!({"x-ms-policy-signer": signer, "x-ms-policy-result": EVIL, "x-ms-owned": EVIL})),
            "provider policy reset",
        ),
    ] {
        let url = hostile("200 OK", answer);
        for json in [&[][..], &["--json"]] {
            let words = command.split(' ').chain(["--url", &url, "--token-file", "@admin"]).chain(json.iter().copied());
            let ran = desk.run(&words.collect::<Vec<_>>()).expect(0);
            // JSON of a certificate has it in base64.
            if json.is_empty() || command != "signer list" {
                told(&ran)
            } else {
                safe(&ran)
            };
        }
    }
    let url = hostile("200 OK", token(json!({"x-ms-policy": policy})));
    let shown = desk.run(&["provider", "policy", "show", "--url", &url, "--token-file", "@admin"]).expect(0);
    assert!(safe(&shown).contains("owned"), "{}", shown.stdout);
    let refusal = json!({"error": {"code": EVIL, "message": EVIL, "innererror": {"code": EVIL}}});
    let url = hostile("400 Bad Request", refusal);
    for command in ["provider list", "provider policy show", "signer list", "audit platforms"] {
        let words = command.split(' ').chain(["--url", &url, "--token-file", "@admin"]);
        told(&desk.run(&words.collect::<Vec<_>>()).expect(1));
    }
    told(&desk.run(&["attest", quote, "--url", &url]).expect(1));
    // Pages end with an empty one.
    let platforms = hostile_once("200 OK", json!({"value": [EVIL]}), json!({"value": []}));
    told(&desk.run(&["audit", "platforms", "--url", &platforms, "--token-file", "@admin"]).expect(0));
    // A message is cut.
    let url = hostile("400 Bad Request", json!({"error": {"code": "x", "message": "y".repeat(1 << 20)}}));
    let ran = desk.run(&["provider", "list", "--url", &url, "--token-file", "@admin"]).expect(1);
    assert!(ran.stderr.len() < 20_000 && ran.stderr.contains("more bytes"), "{}", ran.stderr.len());
}

#[test]
fn audit_export_escapes_names_and_its_records_are_still_verified() {
    let desk = Desk::new();
    let serving = Serving::start(&desk.path("data"), &["--http"]);
    let run = |words: &[&str]| {
        let service = ["--url", &serving.url, "--token-file", "@data/admin-token"];
        desk.run(&[words, &service].concat())
    };
    safe(&run(&["token", "create", "--client", BIDI, "--role", "reader"]).expect(0));
    safe(&run(&["token", "list"]).expect(0));
    let exported = run(&["audit", "export"]).expect(0);
    assert!(safe(&exported).contains("a\\\\u202eb") || safe(&exported).contains("a\\u202eb"), "{}", exported.stdout);
    desk.write("records", &exported.stdout);
    run(&["audit", "export", "--out", "@exact"]).expect(0);
    let value = |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    assert_eq!(value(&exported.stdout), value(&fs::read_to_string(desk.path("exact")).unwrap()));
}

//! Tokens and their signers, as a relying party checks them; and the key that keys are sealed under.

mod command;

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use command::{Ran, Serving, veritee};
use jose::{Jwk, Jwks};
use serde_json::{Value, json};
use simulator::{EnclaveReport, Platform};
use token::{SigningKey, TokenAlgorithm};
use unix_time::{UnixTime, ValidityPeriod};

struct Service {
    serving: Serving,
    directory: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let serving = Serving::start(&directory.path().join("data"), &["--simulated"]);
        let service = Self { serving, directory };
        let platform = Platform::open(&service.serving.data.join("simulation/platforms/default")).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"runtime data");
        let mut report_data = [0; 64];
        report_data[..32].copy_from_slice(digest.as_ref());
        let enclave = EnclaveReport {
            mr_enclave: [7; 32],
            mr_signer: [8; 32],
            isv_prod_id: 1,
            isv_svn: 2,
            debug: false,
            report_data,
        };
        service.write("quote", &platform.quote_enclave(&enclave).unwrap());
        service.write("runtime", b"runtime data");
        let attested = service
            .run("attest DIR/quote --runtime-data DIR/runtime --accept-simulated --json --url URL --ca CA")
            .expect(0)
            .json();
        service.write("token", attested["token"].as_str().unwrap().as_bytes());
        service
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// `DIR` stands for the directory of the test, `URL` and `CA` for the service.
    fn run(&self, command: &str) -> Ran {
        let ca = self.serving.ca();
        veritee(command.split(' ').map(|word| match word {
            "URL" => self.serving.url.clone(),
            "CA" => ca.to_str().unwrap().to_owned(),
            word => word.replace("DIR", self.directory.path().to_str().unwrap()),
        }))
    }

    /// The issuer's keys, with the first certificate changed.
    fn keys(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .add_root_certificate(reqwest::Certificate::from_pem(&std::fs::read(self.serving.ca()).unwrap()).unwrap())
            .build()
            .unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = format!("{}/certs", self.serving.url);
        let body = runtime.block_on(async { client.get(url).send().await.unwrap().bytes().await.unwrap() });
        let mut keys: Value = serde_json::from_slice(&body).unwrap();
        let certificate = STANDARD.decode(keys["keys"][0]["x5c"][0].as_str().unwrap()).unwrap();
        keys["keys"][0]["x5c"][0] = STANDARD.encode(change(certificate)).into();
        self.write("keys", keys.to_string().as_bytes());
    }
}

const ATTESTED: &str =
    "--require-attested-signer --collateral DIR/data/simulation/collateral --trust-root DIR/data/simulation/root.pem";

#[test]
fn a_token_is_verified_with_whoever_signed_it() {
    let service = Service::start();
    let verify = "token verify DIR/token --url URL --ca CA --runtime-data DIR/runtime --accept-simulated";
    let verified = service.run(&format!("{verify} --json")).expect(0).json();
    assert_eq!((&verified["verified"], &verified["signer"]), (&json!(true), &json!(null)));
    let attested = service.run(&format!("{verify} {ATTESTED} --json")).expect(0).json();
    let signer = &attested["signer"];
    assert_eq!((&signer["tcbStatus"], &signer["simulated"]), (&json!("UpToDate"), &json!(true)));
    let mrsigner = signer["mrSigner"].as_str().unwrap();
    service.run(&format!("{verify} {ATTESTED} --signer-mrsigner {mrsigner}")).expect(0);
    let other = service.run(&format!("{verify} {ATTESTED} --signer-mrsigner {}", "00".repeat(32))).expect(1);
    assert!(other.stderr.contains("MRSIGNER") && other.stderr.contains("help:"), "{}", other.stderr);
    let other = service.run(&format!("{verify} {ATTESTED} --signer-mrenclave {}", "00".repeat(32))).expect(1);
    assert!(other.stderr.contains("MRENCLAVE"), "{}", other.stderr);
    // Intel's root does not stand behind a simulated machine.
    let intel = "--require-attested-signer --collateral DIR/data/simulation/collateral";
    assert!(service.run(&format!("{verify} {intel}")).expect(1).stderr.contains("root"));
    for (wrong, words) in [
        ("token verify DIR/token --url URL --ca CA", "--nonce"),
        ("token verify DIR/token --nonce a", "--url"),
        ("token verify DIR/token --keys DIR/token --nonce a", "--issuer"),
        ("token verify DIR/token --url URL --nonce a --signer-mrsigner 00", "64 hexadecimal digits"),
        ("token verify DIR/token --url URL --nonce a --require-attested-signer", "--collateral"),
    ] {
        assert!(service.run(wrong).expect(2).stderr.contains(words), "{wrong}");
    }
    let replay = service.run("token verify DIR/token --url URL --ca CA --nonce other --accept-simulated").expect(1);
    assert!(replay.stderr.contains("nonce"), "{}", replay.stderr);
    service.run("token verify DIR/token --url URL --ca CA --without-freshness --accept-simulated").expect(0);
    assert!(
        service
            .run("token verify DIR/token --url URL --ca CA --without-freshness")
            .expect(1)
            .stderr
            .contains("simulated")
    );
}

#[test]
fn a_signer_with_a_changed_quote_is_refused() {
    let service = Service::start();
    let verify = format!(
        "token verify DIR/token --keys DIR/keys --issuer {} --runtime-data DIR/runtime --accept-simulated {ATTESTED}",
        service.serving.url
    );
    service.keys(|certificate| certificate);
    service.run(&verify).expect(0);
    // One bit of the quote's report data.
    service.keys(|mut certificate| {
        let evidence = token::SignerEvidence::in_certificate(&certificate).unwrap();
        let at = certificate.windows(64).position(|window| *window == evidence.quote()[368..432]).unwrap();
        certificate[at] ^= 1;
        certificate
    });
    let changed = service.run(&verify).expect(1);
    assert!(changed.stderr.contains("not signed by its attestation key"), "{}", changed.stderr);
}

#[test]
fn a_signer_without_evidence_or_with_a_quote_about_another_key_is_refused() {
    let service = Service::start();
    let now = UnixTime::of_system_clock().seconds();
    let (issuer, key) = ("https://attest.example", SigningKey::generate(TokenAlgorithm::Es256).unwrap());
    let other = SigningKey::generate(TokenAlgorithm::Es256).unwrap();
    let claims = json!({"nonce": "n", "x-ms-attestation-type": "sgx"});
    let token =
        token::issue(&key, issuer, claims.as_object().unwrap().clone(), UnixTime::from_seconds(now), 60).unwrap();
    service.write("token", token.as_bytes());
    let platform = Platform::open(&service.serving.data.join("simulation/platforms/default")).unwrap();
    let report_about = |key: &SigningKey| {
        let report_data = key.report_data();
        let enclave = EnclaveReport {
            mr_enclave: [7; 32],
            mr_signer: [8; 32],
            isv_prod_id: 1,
            isv_svn: 2,
            debug: false,
            report_data,
        };
        let quote = platform.quote_enclave(&enclave).unwrap();
        [&[1, 0, 0, 0, 2, 0, 0, 0][..], &(quote.len() as u64).to_le_bytes(), &quote].concat()
    };
    let verified = |report: Option<Vec<u8>>| {
        let certificate = attestation::signing_certificate(
            &key,
            issuer,
            ValidityPeriod { from: UnixTime::from_seconds(now), until: UnixTime::from_seconds(now + 60) },
            report.as_deref(),
        )
        .unwrap();
        let keys = Jwks::new(vec![Jwk::new(key.kid(), &certificate)]);
        service.write("keys", serde_json::to_string(&keys).unwrap().as_bytes());
        service.run(&format!("token verify DIR/token --keys DIR/keys --issuer {issuer} --nonce n {ATTESTED}"))
    };
    verified(Some(report_about(&key))).expect(0);
    let another = verified(Some(report_about(&other))).expect(1);
    assert!(another.stderr.contains("about another key"), "{}", another.stderr);
    assert!(verified(None).expect(1).stderr.contains("carries no evidence"));
}

#[test]
fn keys_are_sealed_under_a_key_from_a_file_the_environment_or_of_our_own() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let own = path("own");
    Serving::start(&own, &["--http"]).terminate();
    let made = own.join("key-encryption-key");
    assert_eq!(std::fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o600);
    Serving::start(&own, &["--http"]).terminate();
    for (name, key) in [("key", "11".repeat(32)), ("short", "11".to_owned())] {
        std::fs::write(path(name), key).unwrap();
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let serve = |data: &std::path::Path, key: &str| {
        let key = path(key);
        let (data, key) = (data.to_str().unwrap().to_owned(), key.to_str().unwrap().to_owned());
        veritee(["serve", "--http", "--listen", "127.0.0.1:0", "--data", &data, "--key-encryption-key", &key])
    };
    let refused = serve(&own, "key").expect(2);
    assert!(refused.stderr.contains("key-encryption key") && refused.stderr.contains("help:"), "{}", refused.stderr);
    assert!(serve(&own, "short").expect(2).stderr.contains("32 bytes"));
    assert!(serve(&own, "missing").expect(3).stderr.contains("does not exist"));
    // Who can read it can open the signing keys of the database.
    for mode in [0o644, 0o604, 0o660] {
        std::fs::set_permissions(path("key"), std::fs::Permissions::from_mode(mode)).unwrap();
        let exposed = serve(&path("exposed"), "key").expect(3);
        assert!(exposed.stderr.contains("others can read or change"), "{}", exposed.stderr);
        assert!(exposed.stderr.contains("chmod 600") && exposed.stderr.contains("fsGroup"), "{}", exposed.stderr);
    }
    std::fs::set_permissions(path("key"), std::fs::Permissions::from_mode(0o400)).unwrap();
    let given = path("given");
    let key = path("key");
    Serving::start(&given, &["--http", "--key-encryption-key", key.to_str().unwrap()]).terminate();
    assert!(!given.join("key-encryption-key").exists());
}

#[test]
fn a_revoked_token_is_refused_by_whoever_asks() {
    let service = Service::start();
    let verify = "token verify DIR/token --runtime-data DIR/runtime --accept-simulated --url URL --ca CA";
    service.run(&format!("{verify} --check-revocation")).expect(0);
    service.run("token revoke --jti 00 --url URL --ca CA").expect(2);
    service.run("token revoke --jti 00 --url URL --ca CA --token-file DIR/data/admin-token").expect(1);
    service.run("token revoke DIR/token --url URL --ca CA").expect(0);
    let refused = service.run(&format!("{verify} --check-revocation")).expect(1);
    assert!(refused.stderr.contains("was revoked"), "{}", refused.stderr);
    // Whoever does not ask does not see it.
    service.run(verify).expect(0);
}

#[test]
fn a_token_of_a_withdrawn_key_is_refused_by_whoever_fetches_keys_or_asks() {
    let service = Service::start();
    let managed = "--url URL --ca CA --token-file DIR/data/admin-token --json";
    let shown = service.run(&format!("provider show default {managed}")).expect(0).json();
    let kid = shown["properties"]["veritee"]["keys"][0]["keyId"].as_str().unwrap().to_owned();
    service.run(&format!("provider withdraw-key default {kid} {managed}")).expect(0);
    let verify = "token verify DIR/token --runtime-data DIR/runtime --accept-simulated --url URL --ca CA";
    let refused = service.run(verify).expect(1);
    assert!(refused.stderr.contains("does not publish"), "{}", refused.stderr);
    let refused = service.run(&format!("{verify} --check-revocation")).expect(1);
    assert!(refused.stderr.contains("withdrew") && refused.stderr.contains("attest again"), "{}", refused.stderr);
}

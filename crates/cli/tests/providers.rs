//! Providers, signers and clients of a running service, from the command line.

mod command;

use command::{Ran, Serving, veritee};
use serde_json::json;

struct Service {
    serving: Serving,
    directory: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let serving = Serving::start(&directory.path().join("data"), &["--simulated"]);
        Self { serving, directory }
    }

    /// The command as whoever has that token file; `DIR` stands for the directory of the test.
    fn run_as(&self, token_file: &str, command: &str) -> Ran {
        let directory = self.directory.path().to_str().unwrap();
        let ca = self.serving.ca();
        let mut arguments: Vec<String> = command.split(' ').map(|word| word.replace("DIR", directory)).collect();
        let service = ["--url", &self.serving.url, "--ca", ca.to_str().unwrap(), "--token-file"];
        arguments.extend(service.iter().map(|&word| word.to_owned()));
        arguments.push(self.path(token_file).to_str().unwrap().to_owned());
        veritee(arguments)
    }

    fn run(&self, command: &str) -> Ran {
        self.run_as("data/admin-token", command)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// A key and its self-signed certificate.
    fn signer(&self, name: &str) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), made.cert.pem()).unwrap();
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }
}

const POLICY: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";

#[test]
fn a_provider_is_made_shown_listed_changed_and_deleted() {
    let service = Service::start();
    let create = "provider create contoso --location westeurope --default --tag team=a --trust-root \
                  DIR/data/simulation/root.pem --token-algorithm ES256 --json";
    let made = service.run(create).expect(0).json();
    assert_eq!(made["properties"]["attestUri"], format!("{}/p/contoso", service.serving.url));
    assert_eq!((&made["tags"], &made["location"]), (&json!({"team": "a"}), &json!("westeurope")));
    let veritee = &made["properties"]["veritee"];
    assert_eq!((&veritee["simulated"], &veritee["tokenAlgorithm"]), (&json!(true), &json!("ES256")));
    assert!(service.run("provider create contoso").expect(1).stderr.contains("exists already"));
    let update = "provider update contoso --token-lifetime 3600 --accept-tcb OutOfDate --minimum-evaluation-data-number 3 \
                  --anonymous-attestation false --public-network-access false --json";
    let changed = service.run(update).expect(0).json();
    let veritee = &changed["properties"]["veritee"];
    assert_eq!(veritee["acceptedTcb"], json!(["UpToDate", "OutOfDate"]));
    assert_eq!((&veritee["tokenLifetime"], &veritee["minimumEvaluationDataNumber"]), (&json!(3600), &json!(3)));
    assert_eq!((&veritee["anonymousAttestation"], &changed["tags"]), (&json!(false), &json!({"team": "a"})));
    assert_eq!(changed["properties"]["publicNetworkAccess"], "Disabled");
    let rotated = service.run("provider rotate-keys contoso --lead 2h --json").expect(0).json();
    assert_eq!(rotated["properties"]["veritee"]["keys"].as_array().unwrap().len(), 2);
    assert!(service.run("provider rotate-keys contoso --lead 30d").expect(1).stderr.contains("604800"));
    let kid = rotated["properties"]["veritee"]["keys"][1]["keyId"].as_str().unwrap();
    let withdrawn = service.run(&format!("provider withdraw-key contoso {kid} --json")).expect(0).json();
    let veritee = &withdrawn["properties"]["veritee"];
    assert_eq!(veritee["withdrawnKeys"][0]["keyId"], kid);
    assert_ne!(veritee["keys"][0]["keyId"], kid);
    assert!(service.run("provider show contoso").expect(0).stdout.contains(kid));
    assert!(service.run("provider withdraw-key contoso none").expect(1).stderr.contains("no signing key `none`"));
    let list = service.run("provider list").expect(0).stdout;
    assert!(list.contains("contoso") && list.contains("default"), "{list}");
    let default = service.run("provider default --location westeurope --json").expect(0).json();
    assert_eq!(default["name"], "contoso");
    assert!(service.run("provider show contoso").expect(0).stdout.contains("attestUri"));
    assert!(service.run("provider update contoso --token-lifetime 1").expect(1).stderr.contains("week"));
    service.run("provider delete contoso").expect(0);
    assert!(service.run("provider show contoso").expect(1).stderr.contains("does not exist"));
    assert!(service.run("provider delete contoso").expect(1).stderr.contains("does not exist"));
    service.run("provider create a_b").expect(1);
}

#[test]
fn policies_and_signers_of_an_isolated_provider() {
    let service = Service::start();
    service.signer("one");
    service.signer("two");
    service.write("p", POLICY);
    service.run("provider create iso --policy-signers DIR/one.pem").expect(0);
    let refused = service.run("provider policy set DIR/p --provider iso").expect(1);
    assert!(
        refused.stderr.contains("Unsigned JWS") && refused.stderr.contains("veritee policy sign"),
        "{}",
        refused.stderr
    );
    let audience = format!("{}/p/iso", service.serving.url);
    let sign = |policy: &str, signer: &str, out: &str| {
        let path = |name: &str| service.path(name).to_str().unwrap().to_owned();
        let (key, cert) = (path(&format!("{signer}.key")), path(&format!("{signer}.pem")));
        let (policy, out) = (path(policy), path(out));
        veritee(["policy", "sign", &policy, "--key", &key, "--cert", &cert, "--audience", &audience, "--out", &out])
            .expect(0);
    };
    sign("p", "one", "p.jws");
    let set = service.run("provider policy set DIR/p.jws --provider iso").expect(0).stdout;
    assert!(set.contains("Updated") && set.contains("CN="), "{set}");
    assert_eq!(service.run("provider policy show --provider iso").expect(0).stdout, POLICY);

    let add = "signer add --provider iso --certificate DIR/two.pem --key DIR/one.key --cert DIR/one.pem";
    assert!(service.run(add).expect(0).stdout.contains("IsPresent"));
    assert_eq!(service.run("signer list --provider iso").expect(0).stdout.lines().count(), 2);
    // Each request is unique and names this provider.
    let again =
        service.run("signer remove --provider iso --certificate DIR/two.pem --key DIR/one.key --cert DIR/one.pem");
    assert!(again.expect(0).stdout.contains("IsAbsent"));
    assert!(service.run(add).expect(0).stdout.contains("IsPresent"));
    let elsewhere = service.run(&format!("{add} --audience {}", service.serving.url));
    assert!(elsewhere.expect(1).stderr.contains("somebody else"));
    let remove = "signer remove --provider iso --certificate DIR/one.pem --key DIR/two.key --cert DIR/two.pem";
    assert!(service.run(remove).expect(0).stdout.contains("IsAbsent"));
    let last = "signer remove --provider iso --certificate DIR/two.pem --key DIR/two.key --cert DIR/two.pem";
    assert!(service.run(last).expect(1).stderr.contains("last one"));
    service.write("q", &POLICY.replace("=> permit", " => permit"));
    sign("q", "one", "q.jws");
    assert!(service.run("provider policy set DIR/q.jws --provider iso").expect(1).stderr.contains("not trusted"));

    sign("q", "two", "r.jws");
    service.run("provider policy set DIR/r.jws --provider iso").expect(0);
    // The same text, signed again, is another request.
    sign("q", "two", "s.jws");
    service.run("provider policy set DIR/s.jws --provider iso").expect(0);
    service.run("provider policy set DIR/s.jws --provider iso").expect(0);
    let superseded = service.run("provider policy set DIR/r.jws --provider iso").expect(1).stderr;
    assert!(superseded.contains("superseded") && superseded.contains("veritee policy sign"), "{superseded}");
    assert!(service.run("provider policy set DIR/p.jws --provider iso").expect(1).stderr.contains("not trusted"));
    service.run("provider policy rollback 1 --provider iso").expect(0);
    let history = service.run("provider policy history --provider iso").expect(0).stdout;
    assert_eq!(history.lines().count(), 4);
    assert!(history.lines().next().unwrap().ends_with("administrator (again 1)"), "{history}");
    assert!(service.run("signer list").expect(0).stdout.contains("no signature"));
    assert!(service.run("signer add --certificate DIR/two.pem").expect(2).stderr.contains("--jws"));
}

#[test]
fn a_client_does_what_its_role_allows() {
    let service = Service::start();
    service.write("p", POLICY);
    service.run("provider create contoso").expect(0);
    let create =
        "token create --client deployer --role contributor --provider contoso --expires 30d --out DIR/client.json";
    let made = service.run(create).expect(0).stdout;
    assert!(made.contains("clientId") && !made.contains("clientSecret"), "{made}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&service.path("client.json").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(service.run(create).expect(3).stderr.contains("already exists"));
    service.run_as("client.json", "provider policy set DIR/p --provider contoso").expect(0);
    service.run_as("client.json", "provider policy reset --provider contoso").expect(0);
    let history = service.run_as("client.json", "provider policy history --provider contoso --json").expect(0).json();
    assert_eq!(history["value"][0]["changedBy"], "deployer");
    assert!(service.run_as("client.json", "provider policy set DIR/p").expect(3).stderr.contains("403"));
    assert!(service.run_as("client.json", "provider delete contoso").expect(3).stderr.contains("owner"));
    let list = service.run("token list --json").expect(0).json();
    let id = list["value"][0]["clientId"].as_str().unwrap().to_owned();
    service.run(&format!("token delete {id}")).expect(0);
    assert!(service.run_as("client.json", "provider list").expect(3).stderr.contains("client is unknown"));
    for (command, words) in [
        ("token create --client a --role king", "possible values"),
        ("token create --client a --role reader --expires 30", "such as 30d"),
        ("token create --client a --role reader --expires 0d", "such as 30d"),
    ] {
        assert!(service.run(command).expect(2).stderr.contains(words), "{command}");
    }
    assert!(
        service.run("token create --client a --role reader --provider none").expect(1).stderr.contains("no provider")
    );
}

#[test]
fn wrong_token_files_are_told_apart() {
    let service = Service::start();
    service.write("empty", "");
    service.write("other.json", "{\"a\":1}");
    service.write("wrong.json", "{\"clientId\":\"a\",\"clientSecret\":\"b\"}");
    service.write("wrong", "somebody");
    for (file, exit, words) in [
        ("missing", 3, "cannot read"),
        ("empty", 2, "neither a bearer token nor a client"),
        ("other.json", 2, "neither a bearer token nor a client"),
        ("wrong.json", 3, "client is unknown"),
        ("wrong", 3, "refused"),
    ] {
        let ran = service.run_as(file, "provider list").expect(exit);
        assert!(ran.stderr.contains(words), "{file}: {}", ran.stderr);
    }
    let without = veritee(["provider", "list", "--url", "http://attest.example", "--token-file", "x"]).expect(2);
    assert!(without.stderr.contains("help:"), "{}", without.stderr);
}

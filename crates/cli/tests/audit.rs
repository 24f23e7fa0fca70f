//! The audit, as an auditor reads and verifies it.

mod command;

use std::path::PathBuf;

use command::{Ran, Serving, veritee};
use serde_json::{Value, json};
use simulator::{EnclaveReport, Platform};

struct Service {
    serving: Serving,
    directory: tempfile::TempDir,
}

impl Service {
    fn start(audit: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let serving = Serving::start(&directory.path().join("data"), &["--simulated", "--audit", audit]);
        Self { serving, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `DIR` stands for the directory of the test, `SERVICE` for where the service is, `OWNER` for its administrator there.
    fn run(&self, command: &str) -> Ran {
        let service = format!("--url {} --ca DIR/data/tls/ca.pem", self.serving.url);
        let owner = format!("{service} --token-file DIR/data/admin-token");
        let command = command.replace("SERVICE", &service).replace("OWNER", &owner);
        veritee(command.replace("DIR", self.directory.path().to_str().unwrap()).split(' '))
    }

    /// Changes something `count` times.
    fn change(&self, name: &str, count: usize) {
        for number in 0..count {
            let made = self.run(&format!("token create --client {name}-{number} --role reader --json OWNER")).expect(0);
            self.run(&format!("token delete {} OWNER", made.json()["clientId"].as_str().unwrap())).expect(0);
        }
    }

    fn refused(&self, command: &str, exit: i32, words: &str) {
        let ran = self.run(command).expect(exit);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }

    /// The exported records, changed.
    fn changed(&self, change: impl FnOnce(&mut Vec<Value>)) {
        let text = std::fs::read_to_string(self.path("records")).unwrap();
        let mut records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        change(&mut records);
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        std::fs::write(self.path("changed"), text).unwrap();
    }
}

#[test]
fn an_auditor_sees_what_was_changed_and_what_was_cut_off() {
    let service = Service::start("changes");
    service.change("before", 1);
    let saved = service.run("audit heads --out DIR/head SERVICE").expect(0);
    assert!(saved.stdout.starts_with("1 chains as of "), "{}", saved.stdout);
    service.change("after", 1);
    service.run("audit export --out DIR/records OWNER").expect(0);
    let verified = service.run("audit verify --head DIR/head --json OWNER").expect(0).json();
    assert_eq!(verified["heads"][0]["signatureVerified"], json!(true));
    assert_eq!(verified["chains"][0]["records"], json!(7));
    let from_file = service.run("audit verify DIR/records --head DIR/head").expect(0);
    assert!(from_file.stdout.contains("7 records, none changed") && from_file.stdout.contains("nothing is missing"));
    let without = service.run("audit verify DIR/records").expect(0);
    assert!(without.stdout.contains("a tail that was cut off is not seen"), "{}", without.stdout);

    // Of what the head speaks of: cut off, changed, taken out, written anew.
    service.changed(|records| records.truncate(4));
    service.refused("audit verify DIR/changed --head DIR/head", 1, "ends at record 4; a head says that there were 5");
    service.run("audit verify DIR/changed").expect(0);
    service.changed(|records| records[2]["text"] = json!("{}"));
    service.refused("audit verify DIR/changed", 1, "record 3 was changed");
    service.changed(|records| drop(records.remove(2)));
    service.refused("audit verify DIR/changed", 1, "record 3 is missing");
    service.changed(|records| {
        let mut previous = [0; 32];
        for (record, number) in records.iter_mut().zip(1..) {
            let (replica, text) = (record["replica"].as_str().unwrap().to_owned(), format!("{{\"number\":{number}}}"));
            let hash = store::link(&replica, number, &previous, &text);
            (record["text"], record["previous"], record["hash"]) =
                (json!(text), json!(hex::encode(previous)), json!(hex::encode(hash)));
            previous = hash;
        }
    });
    service.run("audit verify DIR/changed").expect(0);
    service.refused("audit verify DIR/changed --head DIR/head", 1, "another hash than the head says");

    // What is no head, and what is no record.
    std::fs::write(service.path("nothing"), "nothing\n").unwrap();
    service.refused("audit verify DIR/records --head DIR/nothing", 2, "holds no head of an audit");
    service.refused("audit verify --head DIR/nothing OWNER", 1, "is no head of this service");
    service.refused("audit verify DIR/nothing", 1, "line 1 of");
    service.refused("audit verify DIR/absent", 3, "cannot read");
    service.refused("audit heads --out DIR/head SERVICE", 2, "exists already");
    service.refused("audit verify", 2, "--token-file");
}

#[test]
fn a_database_that_was_put_back_is_seen_by_whoever_kept_a_head() {
    let service = Service::start("changes");
    let data = service.serving.data.clone();
    let (database, copy) = (data.join("veritee.db"), service.path("copy"));
    let Service { serving, directory } = service;
    assert_eq!(serving.terminate(), Some(0));
    std::fs::copy(&database, &copy).unwrap();
    let service = Service { serving: Serving::start(&data, &["--simulated"]), directory };
    service.change("lost", 1);
    service.run("audit heads --out DIR/head SERVICE").expect(0);
    let Service { serving, directory } = service;
    assert_eq!(serving.terminate(), Some(0));
    for rest in ["veritee.db-wal", "veritee.db-shm"] {
        let _ = std::fs::remove_file(data.join(rest));
    }
    std::fs::copy(&copy, &database).unwrap();
    let service = Service { serving: Serving::start(&data, &["--simulated"]), directory };
    service.run("audit verify OWNER").expect(0);
    service.refused("audit verify --head DIR/head OWNER", 1, "; a head says that there were");
}

#[test]
fn what_was_decided_is_written_down_before_the_service_ends_and_can_be_decided_again() {
    let service = Service::start("all-inputs");
    let platform = Platform::open(&service.serving.data.join("simulation/platforms/default")).unwrap();
    let enclave = EnclaveReport {
        mr_enclave: [7; 32],
        mr_signer: [8; 32],
        isv_prod_id: 1,
        isv_svn: 2,
        debug: false,
        report_data: [0; 64],
    };
    std::fs::write(service.path("quote"), platform.quote_enclave(&enclave).unwrap()).unwrap();
    service.run("attest DIR/quote --accept-simulated SERVICE").expect(0);
    // At once, whatever still waits.
    let data = service.serving.data.clone();
    let Service { serving, directory } = service;
    assert_eq!(serving.terminate(), Some(0));
    let service = Service { serving: Serving::start(&data, &["--simulated"]), directory };
    let exported = service.run("audit export OWNER").expect(0).stdout;
    let decided = exported.lines().find(|line| line.contains("decisions")).unwrap_or_else(|| panic!("{exported}"));
    let text: Value = serde_json::from_str(decided).unwrap();
    let record: Value = serde_json::from_str(text["text"].as_str().unwrap()).unwrap();
    let decision = &record["decisions"][0];
    let request = decision["requestSha256"].as_str().unwrap();
    service.run(&format!("audit input {request} --out DIR/request OWNER")).expect(0);
    assert!(std::fs::read_to_string(service.path("request")).unwrap().contains("quote"));
    service.refused(&format!("audit input {} --out DIR/other OWNER", "0".repeat(64)), 1, "there is no such input");

    let platforms = service.run("audit platforms --json OWNER").expect(0).json();
    assert_eq!(platforms["platforms"], json!([decision["platform"]]));
    let platform = decision["platform"].as_str().unwrap();
    let evidence = format!("audit evidence {platform} --out DIR/evidence --collateral-out DIR/collateral OWNER");
    assert!(service.run(&evidence).expect(0).stdout.contains("judged by collateral"));
    let at = decision["at"].as_str().unwrap();
    let verify = "verify DIR/evidence --collateral DIR/collateral --trust-root DIR/data/simulation/root.pem --at";
    service.run(&format!("{verify} {at}")).expect(0);
    assert_eq!(std::fs::read(service.path("evidence")).unwrap(), std::fs::read(service.path("quote")).unwrap());
}

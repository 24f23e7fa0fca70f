//! The audit, as an auditor reads and verifies it.

mod command;

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use command::{Ran, Serving, veritee};
use serde_json::{Value, json};
use simulator::{EnclaveReport, Platform};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use store::Record;
use unix_time::UnixTime;

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
    service.refused("audit verify --head DIR/nothing OWNER", 1, "is not a head of this service");
    service.refused("audit verify DIR/nothing", 1, "line 1 of");
    service.refused("audit verify DIR/absent", 3, "cannot read");
    service.refused("audit heads --out DIR/head SERVICE", 2, "exists already");
    service.refused("audit verify", 2, "--token-file");
}

/// Executes statements on the database, as somebody who can write it.
fn sql(data: &Path, statements: &str) {
    let options = SqliteConnectOptions::new().filename(data.join("veritee.db")).busy_timeout(Duration::from_secs(10));
    let statements = statements.to_owned();
    tokio::runtime::Runtime::new().unwrap().block_on(async move {
        let pool = SqlitePool::connect_with(options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&pool).await.unwrap();
        pool.close().await;
    });
}

/// The head of the only chain.
fn head(data: &Path) -> store::Head {
    use store::AuditLog;
    let data = data.join("veritee.db");
    let heads = async move { store::Sqlite::open(&data).await.unwrap().heads().await.unwrap() };
    tokio::runtime::Runtime::new().unwrap().block_on(heads).remove(0)
}

/// The record with that text that follows a head.
fn following(head: &store::Head, text: String) -> Record {
    let number = head.number + 1;
    let hash = store::link(&head.replica, number, &head.hash, &text);
    Record { replica: head.replica.clone(), number, previous: head.hash, hash, text }
}

/// The statements that add a record.
fn adding(record: &Record) -> String {
    let Record { replica, number, text, .. } = record;
    let (previous, hash) = (hex::encode(record.previous), hex::encode(record.hash));
    format!(
        "INSERT INTO audit_record (replica, number, previous, hash, text) VALUES ('{replica}', {number}, x'{previous}', x'{hash}', '{text}');\
         UPDATE audit_head SET number = {number}, hash = x'{hash}';"
    )
}

/// A text that announces the deletion of the records up to the one of that hash.
fn announcement(through: i64, hash: &str, statement: &str) -> String {
    json!({"action": "audit.retention", "at": "2026-11-29T00:00:00Z", "by": "veritee", "through": through, "hash": hash,
        "statement": statement})
    .to_string()
}

#[test]
fn an_audit_without_chains_is_not_verified() {
    let service = Service::start("changes");
    std::fs::write(service.path("nothing"), "\n").unwrap();
    service.refused("audit verify DIR/nothing", 1, "holds no audit record: nothing was verified");
    // A head of no chains would match everything.
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    service.run("audit export --out DIR/records OWNER").expect(0);
    let of_no_record = json!([{"replica": "b", "number": 0, "hash": "00".repeat(32)}]);
    for heads in [json!([]), of_no_record] {
        let claims = json!({"iat": 1, "x-veritee-audit-heads": heads}).to_string();
        std::fs::write(service.path("head"), format!("{}.{}.", encode("{\"alg\":\"none\"}"), encode(&claims))).unwrap();
        service.refused("audit verify DIR/records --head DIR/head", 2, "holds no head of an audit");
    }
    service.run("audit verify OWNER").expect(0);
    sql(
        &service.serving.data,
        "DROP TRIGGER audit_head_is_not_deleted; DROP TRIGGER audit_record_is_deleted_up_to_the_anchor;\
         DELETE FROM audit_record; DELETE FROM audit_head;",
    );
    // Signed heads are given again for a second.
    std::thread::sleep(Duration::from_millis(1100));
    for _ in 0..2 {
        for command in ["audit verify OWNER", "audit heads SERVICE", "audit export OWNER"] {
            service.refused(command, 1, "the service has no audit chains: nothing was verified");
        }
        // A chain that has no record yet is none either.
        sql(
            &service.serving.data,
            "INSERT OR IGNORE INTO audit_head (replica, number, hash) SELECT 'b', 0, zeroblob(32) \
             WHERE NOT EXISTS (SELECT 1 FROM audit_head)",
        );
    }
}

#[test]
fn a_chain_that_somebody_else_shortened_is_refused() {
    let service = Service::start("changes");
    service.run("audit heads --out DIR/early SERVICE").expect(0);
    service.change("client", 2);
    service.run("audit export --out DIR/records OWNER").expect(0);
    // Cut off, and nothing says so.
    service.changed(|records| drop(records.drain(..2)));
    let nothing_says = "no record says that retention deleted them";
    service.refused(
        "audit verify DIR/changed",
        1,
        &format!("records 1 to 2 of replica {}", head(&service.serving.data).replica),
    );
    service.refused("audit verify DIR/changed", 1, nothing_says);
    service.refused("audit verify DIR/changed --head DIR/early", 1, nothing_says);
    // Announced by somebody who can write records, and cannot sign.
    let last = head(&service.serving.data);
    service.changed(|records| {
        let text = announcement(2, records[1]["hash"].as_str().unwrap(), "");
        let record = following(&last, text);
        records
            .push(json!({"replica": record.replica, "number": record.number, "previous": hex::encode(record.previous),
            "hash": hex::encode(record.hash), "text": record.text}));
        records.drain(..2);
    });
    let not_proven = "it is not proven that the service did it";
    service.refused("audit verify DIR/changed", 1, not_proven);
    service.refused("audit verify DIR/changed --head DIR/early", 1, not_proven);
    // In the database itself, with something that the service signed about something else.
    let exported = std::fs::read_to_string(service.path("records")).unwrap();
    let second: Value = serde_json::from_str(exported.lines().nth(1).unwrap()).unwrap();
    let (hash, signed) = (second["hash"].as_str().unwrap(), std::fs::read_to_string(service.path("early")).unwrap());
    let forged = adding(&following(&last, announcement(2, hash, signed.trim())));
    sql(
        &service.serving.data,
        &format!(
            "BEGIN;{forged}UPDATE audit_head SET anchor_number = 2, anchor_hash = x'{hash}';\
             DELETE FROM audit_record WHERE number <= 2;COMMIT;"
        ),
    );
    service.refused("audit verify OWNER", 1, "a deletion that the service did not sign: it is about something else");
}

#[test]
fn a_service_that_keeps_its_audit_for_a_size_shortens_it_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let serving = Serving::start(&data, &["--simulated"]);
    let service = Service { serving, directory };
    service.run("audit heads --out DIR/early SERVICE").expect(0);
    let Service { serving, directory } = service;
    assert_eq!(serving.terminate(), Some(0));
    let (mut last, mut statements) = (head(&data), String::from("BEGIN;"));
    let now = UnixTime::of_system_clock().seconds();
    for second in 0..1500 {
        let at = UnixTime::from_seconds(now - 2000 + second);
        let text = json!({"at": at, "padding": "x".repeat(1000)}).to_string();
        let record = following(&last, text);
        statements += &adding(&record);
        last = last.follow(&record).unwrap();
    }
    sql(&data, &format!("{statements}COMMIT;"));
    let serving = Serving::start(&data, &["--simulated", "--audit-retention", "90d,1MiB"]);
    let service = Service { serving, directory };
    let shortened = || {
        let text = service.run("audit verify --head DIR/early OWNER").expect(0).stdout;
        text.contains("were deleted by retention").then_some(text)
    };
    let text = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        shortened()
    });
    let text = text.unwrap();
    assert!(
        text.contains("none changed; records 1 to ") && text.contains("was deleted: its hash was not compared"),
        "{text}"
    );
    let verified = service.run("audit verify --json OWNER").expect(0).json();
    let deleted = &verified["chains"][0]["deleted"];
    assert_eq!(
        (&deleted["signatureVerified"], deleted["through"].as_i64() > Some(500)),
        (&json!(true), true),
        "{verified}"
    );
    // Offline the signature is not verified: a head that was saved afterwards says that the announcement was there.
    service.run("audit export --out DIR/records OWNER").expect(0);
    service.refused("audit verify DIR/records", 1, "it is not proven that the service did it");
    service.refused("audit verify DIR/records --head DIR/early", 1, "it is not proven that the service did it");
    service.run("audit heads --out DIR/late SERVICE").expect(0);
    let offline = service.run("audit verify DIR/records --head DIR/early --head DIR/late --json").expect(0).json();
    assert_eq!(offline["chains"][0]["deleted"]["signatureVerified"], json!(false));
    // More records are missing than the announcement says.
    service.changed(|records| drop(records.remove(0)));
    service.refused("audit verify DIR/changed --head DIR/late", 1, "no record says that retention deleted them");
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

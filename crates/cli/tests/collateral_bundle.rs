//! `veritee collateral bundle`.

mod command;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use command::{Ran, sample, veritee};
use serde_json::{Value, json};
use simulator::{CaType, EnclaveReport, Simulation};
use tempfile::TempDir;
use unix_time::UnixTime;

const AT: &str = "2025-06-20T00:00:00Z";

fn bundle(paths: &[&Path], output: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["collateral".into(), "bundle".into()];
    arguments.extend(paths.iter().map(|path| path.as_os_str().to_owned()));
    arguments.extend(["--output".into(), output.as_os_str().to_owned()]);
    arguments.extend(more.iter().map(std::ffi::OsString::from));
    veritee(arguments)
}

fn output(directory: &TempDir) -> PathBuf {
    directory.path().join("site.json")
}

/// A simulation: a quote of its platform, its collateral, its root.
fn platform(now: i64) -> (TempDir, PathBuf, PathBuf, PathBuf) {
    let now = UnixTime::from_seconds(now);
    let directory = tempfile::tempdir().unwrap();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), now).unwrap();
    let platform = simulation.open_or_create_platform("default", now).unwrap();
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 3,
        isv_svn: 4,
        debug: false,
        report_data: [5; 64],
    };
    let quote = directory.path().join("quote.bin");
    fs::write(&quote, platform.quote_enclave(&enclave).unwrap()).unwrap();
    let (collateral, root) = (directory.path().join("collateral"), directory.path().join("root.pem"));
    simulation.intel().collateral(CaType::Platform, now).unwrap().write_to(&collateral).unwrap();
    fs::write(&root, simulation.intel().root_certificate_pem()).unwrap();
    (directory, quote, collateral, root)
}

/// The verdict without where each piece came from.
fn verdict(quote: &Path, collateral: &Path, more: &[&str]) -> (i32, Value) {
    let mut arguments = vec!["verify".into(), quote.into(), "--collateral".into(), collateral.as_os_str().to_owned()];
    arguments.extend(more.iter().chain(&["--json"]).map(std::ffi::OsString::from));
    let ran = veritee(arguments);
    let mut report = ran.json();
    let pieces = report["collateral"].as_array_mut().unwrap();
    assert_eq!(pieces.len(), 4);
    pieces.iter_mut().for_each(|piece| piece["source"] = Value::Null);
    (ran.exit, report)
}

#[test]
fn a_bundle_gives_the_verdict_of_its_pieces() {
    let now = 1_790_000_000;
    let (directory, quote, collateral, root) = platform(now);
    let simulated = output(&directory);
    let told = bundle(&[&collateral], &simulated, &[]).expect(0).stdout;
    assert!(told.contains("1 TCB Info, 1 identity, 2 revocation lists, 3 certificates"), "{told}");
    assert!(told.contains("FMSPCs: 5653494d0000 (SGX)"), "{told}");
    assert!(told.contains("all of it is valid from 2026-09-21T14:13:20Z to 2026-10-21T14:13:20Z"), "{told}");
    assert!(!told.contains("warning"), "{told}");
    let trusted = ["--trust-root", root.to_str().unwrap(), "--at", "2026-09-22T00:00:00Z"];
    let through_bundle = verdict(&quote, &simulated, &trusted);
    assert_eq!(through_bundle, verdict(&quote, &collateral, &trusted));
    assert_eq!((through_bundle.0, &through_bundle.1["verdict"]), (0, &json!("accepted")));

    let (quote, collateral) = sample();
    let genuine = directory.path().join("genuine.json");
    bundle(&[&collateral], &genuine, &[]).expect(0);
    let through_bundle = verdict(&quote, &genuine, &["--at", AT]);
    assert_eq!(through_bundle, verdict(&quote, &collateral, &["--at", AT]));
    assert_eq!(through_bundle.1["tcb"]["status"], "ConfigurationAndSWHardeningNeeded");
}

#[test]
fn several_paths_are_merged_and_pieces_that_are_there_twice_are_taken_once() {
    let (directory, _, collateral, _) = platform(1_790_000_000);
    let (_, sample) = sample();
    let one = output(&directory);
    let other = directory.path().join("again.json");
    let said = bundle(&[&collateral, &sample], &one, &["--json"]).expect(0).json();
    let pieces = json!({"tcbInfos": 2, "identities": 2, "revocationLists": 4, "certificates": 6});
    assert_eq!(said["pieces"], pieces);
    assert_eq!(said["bytes"], fs::metadata(&one).unwrap().len());
    let families = json!([{"fmspc": "00a067110000", "tee": "SGX"}, {"fmspc": "5653494d0000", "tee": "SGX"}]);
    assert_eq!(said["families"], families);
    assert_eq!((&said["from"], &said["until"]), (&Value::Null, &Value::Null), "one ended before the other began");
    assert_eq!((&said["withoutSigner"], &said["unrecognised"]), (&json!([]), &json!([])));
    let told = bundle(&[&sample, &one, &collateral], &other, &[]).expect(0).stdout;
    assert!(told.contains("the pieces are never all valid at the same time"), "{told}");
    assert_eq!(fs::read(&one).unwrap(), fs::read(&other).unwrap());
}

#[test]
fn pieces_without_signer_and_files_that_are_no_collateral_are_warned_of() {
    let (directory, _, collateral, _) = platform(1_790_000_000);
    fs::remove_file(collateral.join("tcb_signing_chain.pem")).unwrap();
    (0..30).for_each(|number| fs::write(collateral.join(format!("note{number:02}.txt")), "note").unwrap());
    let told = bundle(&[&collateral], &output(&directory), &[]).expect(0).stdout;
    let warnings: Vec<&str> = told.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(warnings[0].contains("no certificate here signed this TCB Info"), "{told}");
    assert!(warnings[1].contains("no certificate here signed this identity"), "{told}");
    assert!(warnings[2].contains("note00.txt: passed over"), "{told}");
    assert_eq!((warnings.len(), warnings[20]), (21, "warning: and 12 more; --json has all of them"));
    let said = bundle(&[&collateral], &output(&directory), &["--json", "--force"]).expect(0).json();
    assert_eq!(said["withoutSigner"].as_array().unwrap().len(), 2);
    assert_eq!(said["unrecognised"].as_array().unwrap().len(), 30);
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force_and_as_a_whole() {
    let (directory, _, collateral, _) = platform(1_790_000_000);
    let path = output(&directory);
    fs::write(&path, "kept").unwrap();
    let refused = bundle(&[&collateral], &path, &[]).expect(2);
    assert!(refused.stderr.contains("exists already") && refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    bundle(&[&collateral], &path, &["--force"]).expect(0);
    assert!(fs::read(&path).unwrap().starts_with(b"{\n\"format\": \"veritee-collateral-bundle\""));
    // Whoever reads the pieces may read the bundle.
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o600, 0o600);
    let loose = fs::metadata(collateral.join("pck_crl.der")).unwrap().permissions().mode();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode(), loose);
    let left = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with('.')).count(), 0, "no temporary file stays");
}

#[test]
fn what_cannot_be_read_or_written_leaves_no_file() {
    let (directory, quote, collateral, _) = platform(1_790_000_000);
    let path = output(&directory);
    let not_collateral = bundle(&[&collateral, &quote], &path, &[]).expect(1);
    assert!(not_collateral.stderr.contains("quote.bin` is no collateral"), "{}", not_collateral.stderr);
    bundle(&[Path::new("/nonexistent")], &path, &[]).expect(3);
    let empty = directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let nothing = bundle(&[&collateral, &empty], &path, &[]).expect(1);
    assert!(nothing.stderr.contains("holds no piece of collateral"), "{}", nothing.stderr);
    assert!(!path.exists());
    let nowhere = bundle(&[&collateral], Path::new("/nonexistent/site.json"), &[]).expect(3);
    assert!(nowhere.stderr.contains("cannot write `/nonexistent/site.json`"), "{}", nowhere.stderr);
    bundle(&[&collateral], directory.path(), &["--force"]).expect(3);
    veritee(["collateral", "bundle", "-o", "site.json"]).expect(2);
    veritee(["collateral", "bundle", collateral.to_str().unwrap()]).expect(2);
}

#[test]
fn a_damaged_bundle_is_refused_where_collateral_is_taken() {
    let (directory, quote, collateral, _) = platform(1_790_000_000);
    let path = output(&directory);
    bundle(&[&collateral], &path, &[]).expect(0);
    let text = fs::read_to_string(&path).unwrap();
    for (changed, words) in [
        (text.replacen("\"version\": 1", "\"version\": 2", 1), "version 2, which is not known"),
        (text.replacen("\"pieces\"", "\"comment\": 1,\n\"pieces\"", 1), "unknown field"),
        (text.replacen("tcbType", "tcbTypo", 1), "`pieces[0]`"),
    ] {
        fs::write(&path, changed).unwrap();
        for refused in [
            veritee(["collateral", "show", path.to_str().unwrap()]).expect(1).stderr,
            veritee(["verify", quote.to_str().unwrap(), "--collateral", path.to_str().unwrap()]).expect(1).stdout,
        ] {
            assert!(refused.contains(words) && refused.contains("help:"), "{refused}");
        }
    }
}

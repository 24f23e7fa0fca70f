//! `veritee platform`: simulated machines on the command line.

mod command;

use std::path::Path;

use command::{Ran, veritee};
use serde_json::Value;

/// Runs a command over the data directory.
fn platform(data: &Path, command: &str) -> Ran {
    let arguments = command.split(' ').map(|word| word.replace("DATA", data.to_str().unwrap()));
    veritee(
        ["platform".to_owned()].into_iter().chain(arguments).chain(["--data".into(), data.to_str().unwrap().into()]),
    )
}

fn verify(data: &Path, quote: &str, more: &[&str]) -> Ran {
    let path = |name: &str| data.join(name).to_str().unwrap().to_owned();
    let arguments = ["verify".to_owned(), path(quote), "--collateral".into(), path("simulation/collateral")];
    let trust = ["--trust-root".to_owned(), path("simulation/root.pem"), "--json".into()];
    veritee(arguments.into_iter().chain(trust).chain(more.iter().map(|word| (*word).to_owned())))
}

fn verdict(data: &Path, quote: &str) -> Value {
    let report = verify(data, quote, &[]).json();
    if report["error"].is_null() { report["tcb"]["status"].clone() } else { report["error"]["code"].clone() }
}

#[test]
fn a_machine_is_made_quotes_and_is_judged_by_its_levels() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let made = platform(data, "create alpha --json").expect(0).json();
    assert_eq!(
        (&made["tcbStatus"], &made["ca"], &made["sdkCompat"]),
        (&"UpToDate".into(), &"platform".into(), &false.into())
    );
    platform(data, "create beta --ca processor --sdk-compat").expect(0);
    let listed = platform(data, "list --json").expect(0).json();
    let names: Vec<&str> =
        listed["platforms"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["alpha", "beta"]);

    let measured = "ab".repeat(32);
    let enclave = format!("quote alpha --out DATA/q --mrenclave {measured} --isv-svn 7 --report-data 0102");
    platform(data, &enclave).expect(0);
    let report = verify(data, "q", &[]).expect(0).json();
    assert_eq!((&report["report"]["mrEnclave"], &report["report"]["isvSvn"]), (&measured.into(), &7.into()));
    assert!(report["report"]["reportData"].as_str().unwrap().starts_with("010200"));
    platform(data, "quote beta --out DATA/sdk").expect(0);
    assert_eq!(verdict(data, "sdk"), "UpToDate");
    platform(data, "quote alpha --trust-domain --out DATA/td").expect(0);
    assert_eq!(verdict(data, "td"), "UpToDate");

    let lowered = platform(data, "set-tcb alpha --level older --json").expect(0).json();
    assert_eq!((&lowered["tcbStatus"], &lowered["qeId"]), (&"OutOfDate".into(), &made["qeId"]));
    platform(data, "quote alpha --out DATA/older").expect(0);
    assert_eq!((verdict(data, "older"), verdict(data, "q")), ("tcb_status_not_accepted".into(), "UpToDate".into()));

    assert_eq!(platform(data, "revoke alpha --json").expect(0).json()["tcbStatus"], "Revoked");
    assert_eq!(platform(data, "show alpha --json").expect(0).json()["tcbStatus"], "Revoked");
    assert_eq!((verdict(data, "q"), verdict(data, "sdk")), ("pck_certificate_revoked".into(), "UpToDate".into()));
    platform(data, "revoke alpha --undo").expect(0);
    assert_eq!(verdict(data, "q"), "UpToDate");
}

#[test]
fn what_a_machine_tells_a_cache_is_for_its_intel() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let made = platform(data, "create alpha --json").expect(0).json();
    let told = platform(data, "registration alpha").expect(0).json();
    assert_eq!((&told["qe_id"], &told["cpu_svn"], &told["pce_svn"]), (&made["qeId"], &made["cpuSvn"], &"0d00".into()));
    assert_eq!(told["enc_ppid"].as_str().unwrap().len(), 768);
    let line = platform(data, "registration alpha --csv").expect(0).stdout;
    let fields: Vec<&str> = line.trim().split(',').collect();
    assert_eq!(fields[1..], ["0000", made["cpuSvn"].as_str().unwrap(), "0d00", made["qeId"].as_str().unwrap()]);
    let mut simulation = simulator::Simulation::open(&data.join("simulation")).unwrap();
    let ppid = simulation.ppid_key().unwrap().decrypt(&hex::decode(fields[0]).unwrap()).unwrap();
    assert_eq!(hex::encode(ppid), made["ppid"].as_str().unwrap());
}

#[test]
fn refuses_by_name_what_cannot_be() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let refused = |command: &str, exit: i32, says: &str| {
        let ran = platform(data, command).expect(exit);
        assert!(ran.stderr.contains(says) && ran.stderr.contains("help: "), "{command}: {}", ran.stderr);
    };
    refused("list", 3, "holds no simulated machine");
    platform(data, "create alpha").expect(0);
    platform(data, "create sdk --sdk-compat").expect(0);
    refused("create alpha", 3, "already");
    refused("create a/b", 3, "no name");
    refused("show nobody", 3, "holds no simulated machine");
    refused("set-tcb alpha --level upgraded", 2, "SDK");
    refused(&format!("set-tcb sdk --cpu-svn {}", "00".repeat(16)), 2, "SDK's levels alone");
    platform(data, "set-tcb alpha").expect(2);
    platform(data, "set-tcb alpha --cpu-svn 00").expect(2);
    platform(data, "create gamma --ca intel").expect(2);
    std::fs::write(data.join("body"), [0; 384]).unwrap();
    std::fs::write(data.join("zeros"), [0; 432]).unwrap();
    refused("quote alpha --report DATA/body --out DATA/q", 1, "384 bytes");
    refused("quote alpha --report DATA/zeros --out DATA/q", 1, "not for this enclave of this machine");
    refused("quote alpha --report DATA/absent --out DATA/q", 3, "cannot read");
    platform(data, &format!("quote alpha --report-data {} --out DATA/q", "00".repeat(65))).expect(2);
    platform(data, "quote alpha --mrtd 00 --out DATA/q").expect(2);
    refused("quote alpha --out DATA/zeros", 2, "exists already");
    platform(data, &format!("set-tcb alpha --cpu-svn {}", "00".repeat(16))).expect(0);
    refused("quote alpha --out DATA/q", 1, "certifies no level");
    refused("registration alpha", 1, "certifies no level");
    refused("registration alpha --manifest DATA/q", 1, "certifies no level");
    platform(data, "create small --ca processor").expect(0);
    refused("registration small --manifest DATA/q", 2, "one package");
    assert_eq!(platform(data, "registration small").expect(0).json()["platform_manifest"], "");
    assert!(!data.join("q").exists());
}

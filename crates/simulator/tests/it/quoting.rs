//! The architectural enclaves: who gets what from them. That quotes are good is what `peer` judges.

use abi::sgx::Attributes;
use abi::tdx::{TdReport, TeeTcbInfo};
use sgx::Secs;
use sgx::enclu::verifies;
use simulator::architectural::{EnclaveError, Pce, Requester};
use simulator::cpu::{Cpu, EreportError};
use simulator::{EnclaveReport, Platform, PlatformQuoteError, PpidKey, Simulation, Tcb, TrustDomainReport};
use unix_time::UnixTime;
use zerocopy::{FromZeros, IntoBytes};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

fn simulation() -> (tempfile::TempDir, Simulation) {
    let directory = tempfile::tempdir().unwrap();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), NOW).unwrap();
    (directory, simulation)
}

fn platforms() -> (tempfile::TempDir, [Platform; 2]) {
    let (directory, simulation) = simulation();
    let platforms = ["one", "other"].map(|name| simulation.open_or_create_platform(name, NOW).unwrap());
    (directory, platforms)
}

fn enclave() -> EnclaveReport {
    EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 3,
        isv_svn: 4,
        debug: false,
        report_data: [5; 64],
    }
}

fn trust_domain() -> TrustDomainReport {
    TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [3; 64] }
}

fn is_invalid(quoted: Result<Vec<u8>, PlatformQuoteError>) -> bool {
    matches!(quoted, Err(PlatformQuoteError::Enclave(EnclaveError::InvalidReport)))
}

#[test]
fn quotes_only_reports_that_its_own_machine_made_for_it() {
    let (_keep, [platform, other]) = platforms();
    let target = platform.quoting_enclave().unwrap().target_info();
    let report = platform.report(&enclave(), &target).unwrap();
    let quote = platform.quote(&report).unwrap();
    assert_eq!((&quote[48..432], quote.len()), (report.body.as_bytes(), platform.quote_size().unwrap()));
    assert!(is_invalid(other.quote(&report)), "another machine");
    let elsewhere = Pce::new(platform.cpu(), 13).target_info();
    assert!(is_invalid(platform.quote(&platform.report(&enclave(), &elsewhere).unwrap())), "another target");
    for at in [0, 64, 383, 384, 431] {
        let mut changed = report;
        changed.as_mut_bytes()[at] ^= 1;
        assert!(is_invalid(platform.quote(&changed)), "byte {at}");
    }
    // A report from before the machine was started again is good still.
    let simulation = Simulation::open(&_keep.path().join("simulation")).unwrap();
    simulation.platform("one").unwrap().quote(&report).unwrap();
}

#[test]
fn whoever_asks_for_a_quote_can_learn_that_the_quoting_enclave_made_it() {
    let (_keep, [platform, _]) = platforms();
    let requester = Secs { attributes: attributes(Attributes::INIT), ..Secs::from(&enclave()) };
    let quoting_enclave = platform.quoting_enclave().unwrap();
    let report = platform.report(&enclave(), &quoting_enclave.target_info()).unwrap();
    let quote = platform.quote(&report).unwrap();
    let asked = Requester { nonce: [9; 16], target: requester.target_info() };
    let answer = quoting_enclave.report_of(&asked, &quote).unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &[&[9; 16][..], &quote].concat());
    assert_eq!((&answer.body.report_data[..32], answer.body.report_data[32..] == [0; 32]), (hash.as_ref(), true));
    assert!(verifies(&answer, &report_key(platform.cpu(), &requester, answer.key_id)).unwrap());
    let mut malformed = asked;
    malformed.target.reserved3[383] = 1;
    let refused = quoting_enclave.report_of(&malformed, &quote);
    assert!(matches!(refused, Err(EnclaveError::Report(EreportError::MalformedTarget))));
}

fn attributes(flags: u64) -> Attributes {
    Attributes { flags: flags.into(), xfrm: 3.into() }
}

fn report_key(cpu: &Cpu, secs: &Secs, key_id: [u8; 32]) -> sgx::enclu::Key128 {
    use abi::sgx::KeyRequest;
    let request = KeyRequest {
        key_name: KeyRequest::REPORT.into(),
        cpu_svn: cpu.cpu_svn().bytes(),
        key_id,
        ..KeyRequest::new_zeroed()
    };
    cpu.egetkey(secs, &request).unwrap()
}

#[test]
fn the_certification_enclave_serves_quoting_enclaves_of_its_machine_alone() {
    let (_keep, [platform, other]) = platforms();
    let pce = Pce::new(platform.cpu(), 13);
    let certify = |machine: &Platform, flags, target| {
        let secs = Secs { attributes: attributes(flags), ..Secs::from(&enclave()) };
        let report = machine.cpu().ereport(&secs, &target, [0; 64]).unwrap();
        pce.certify(&report, Tcb::NEWEST.cpu_svn, Tcb::NEWEST.pce_svn)
    };
    let privileged = Attributes::INIT | Attributes::PROVISION_KEY;
    certify(&platform, privileged, pce.target_info()).unwrap();
    let plain = certify(&platform, Attributes::INIT, pce.target_info());
    assert!(matches!(plain, Err(EnclaveError::NotPrivileged)));
    let foreign = certify(&other, privileged, pce.target_info());
    assert!(matches!(foreign, Err(EnclaveError::InvalidReport)));
    let elsewhere = certify(&platform, privileged, platform.quoting_enclave().unwrap().target_info());
    assert!(matches!(elsewhere, Err(EnclaveError::InvalidReport)));
    // A machine cannot speak for a level that it has not reached.
    let secs = Secs { attributes: attributes(privileged), ..Secs::from(&enclave()) };
    let report = platform.cpu().ereport(&secs, &pce.target_info(), [0; 64]).unwrap();
    assert!(matches!(pce.certify(&report, [255; 16], 13), Err(EnclaveError::Key(_))));
    assert!(matches!(pce.certify(&report, Tcb::NEWEST.cpu_svn, 14), Err(EnclaveError::Key(_))));
}

#[test]
fn intel_alone_reads_the_ppid_of_a_machine() {
    let (_keep, mut simulation) = simulation();
    let platform = simulation.open_or_create_platform("one", NOW).unwrap();
    let key = simulation.ppid_key().unwrap();
    let encrypted = platform.encrypted_ppid(&key).unwrap();
    assert_eq!((encrypted.len(), key.decrypt(&encrypted)), (384, Some(platform.ppid())));
    let other = PpidKey::generate().unwrap();
    assert_eq!(other.decrypt(&encrypted), None);
    // Whoever asks has committed to the key.
    let pce = Pce::new(platform.cpu(), 13);
    let secs = Secs { attributes: attributes(Attributes::INIT | Attributes::PROVISION_KEY), ..Secs::from(&enclave()) };
    let asked = platform.cpu().ereport(&secs, &pce.target_info(), [0; 64]).unwrap();
    assert!(matches!(pce.encrypted_ppid(&asked, &key), Err(EnclaveError::Commitment)));
    let again = Simulation::open(&_keep.path().join("simulation")).unwrap().ppid_key().unwrap();
    assert_eq!(again.decrypt(&encrypted), Some(platform.ppid()), "the key is kept");
}

#[test]
fn reports_of_trust_domains_are_quoted_on_their_own_machine_alone() {
    let (_keep, [platform, other]) = platforms();
    let report = platform.trust_domain_report(&trust_domain());
    let quote = platform.quote_trust_domain(&report).unwrap();
    assert_eq!(quote[..8], [4, 0, 2, 0, 0x81, 0, 0, 0]);
    assert_eq!(quote[48 + 520..48 + 584], [3; 64]);
    assert!(is_invalid(other.quote_trust_domain(&report)));
    for at in [0, 1, 2, 5, 16, 40, 90, 128, 200, 224, 256, 270, 384, 500, 512, 700, 1023] {
        let mut changed = report;
        changed.as_mut_bytes()[at] ^= 1;
        assert!(is_invalid(platform.quote_trust_domain(&changed)), "byte {at}");
    }
}

#[test]
fn the_version_of_a_quote_follows_the_report_of_the_trust_domain() {
    let (_keep, [platform, _]) = platforms();
    let report = platform.trust_domain_report(&trust_domain());
    let version = |version: u8, change: fn(&mut TeeTcbInfo)| {
        let mut tcb = report.tee_tcb_info;
        change(&mut tcb);
        let report: TdReport = platform.cpu().seam_report(version, tcb, report.td_info, [0; 64]);
        let quote = platform.quote_trust_domain(&report).unwrap();
        (quote[0], quote[54 + 584])
    };
    assert_eq!(version(0, |_| ()).0, 4);
    assert_eq!(version(0, |tcb| tcb.valid = TeeTcbInfo::VALID_10.into()).0, 4);
    assert_eq!(version(0, |tcb| tcb.tee_tcb_svn2[0] = 77), (5, 77), "the module was changed since the launch");
    assert_eq!(version(1, |_| ()), (5, report.tee_tcb_info.tee_tcb_svn[0]));
    for (kind, valid) in [(2, TeeTcbInfo::VALID_15), (0, 0), (0, 0x1fe)] {
        let tcb = TeeTcbInfo { valid: valid.into(), ..report.tee_tcb_info };
        let malformed = platform.cpu().seam_report(kind, tcb, report.td_info, [0; 64]);
        assert!(is_invalid(platform.quote_trust_domain(&malformed)), "{kind} {valid:x}");
    }
    let unknown = |tcb: &mut TeeTcbInfo| {
        tcb.valid = TeeTcbInfo::VALID_10.into();
        tcb.tee_tcb_svn2[0] = 77;
    };
    assert_eq!(
        version(1, unknown),
        (5, report.tee_tcb_info.tee_tcb_svn[0]),
        "a field that is not valid does not count"
    );
}

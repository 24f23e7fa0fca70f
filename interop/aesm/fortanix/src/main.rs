//! Fortanix's client for quote daemons, unmodified, against ours; and dcap-qvl as the judge of the quotes.
//!
//!     aesm-interop quote SOCKET PLATFORM OUT    writes OUT/report and OUT/quote
//!     aesm-interop judge SIMULATION QUOTE...

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use abi::sgx::{AttestationKeyIdExt, Report, TargetInfo};
use aesm_client::unix::AesmClientExt;
use aesm_client::{AesmClient, AesmError, Error, QuoteType};
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use serde_json::value::RawValue;
use simulator::{CaType, Collateral, EnclaveReport, Platform, Simulation};
use unix_time::UnixTime;
use zerocopy::{FromBytes, IntoBytes};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["quote", socket, platform, out] => quote(socket, Path::new(platform), Path::new(out)),
        ["judge", simulation, quotes @ ..] => judge(Path::new(simulation), quotes),
        _ => panic!("aesm-interop quote SOCKET PLATFORM OUT, or judge SIMULATION QUOTE..."),
    }
}

fn quote(socket: &str, platform: &Path, out: &Path) {
    let platform = Platform::open(platform).unwrap();
    let client = AesmClient::with_path(socket);
    client.try_connect().unwrap();

    let keys = client.get_supported_att_key_ids().unwrap();
    assert_eq!(keys, [AttestationKeyIdExt::dcap().as_bytes()]);
    let info = client.init_quote_ex(keys[0].clone()).unwrap();
    assert_eq!(info.pub_key_id().len(), 32);
    let target = TargetInfo::read_from_bytes(info.target_info()).unwrap();
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 3,
        isv_svn: 4,
        debug: false,
        report_data: [5; 64],
    };
    let report = platform.report(&enclave, &target).unwrap();
    let quoted = client.get_quote_ex(keys[0].clone(), report.as_bytes().to_vec(), None, vec![7; 16]).unwrap();
    assert_eq!(quoted.quote()[48..432], *report.body.as_bytes());
    assert!(Report::read_from_bytes(quoted.qe_report()).unwrap().body.report_data[..32] != [0; 32]);

    let code = |refused: Result<_, Error>| match refused {
        Err(Error::AesmCode(code)) => code,
        other => panic!("not refused: {}", other.is_ok()),
    };
    let zeros = client.get_quote_ex(keys[0].clone(), vec![0; 432], None, vec![7; 16]).map(drop);
    assert!(matches!(code(zeros), AesmError::InvalidReport_47), "a report of zeros");
    assert!(matches!(code(client.init_quote().map(drop)), AesmError::ServiceUnavailable_30), "EPID");
    let epid = client.get_quote(vec![0; 432], vec![0; 16], vec![], QuoteType::Linkable, vec![0; 16]).map(drop);
    assert!(matches!(code(epid), AesmError::ServiceUnavailable_30), "EPID");
    let other = client.init_quote_ex(vec![0; 256]).map(drop);
    assert!(matches!(code(other), AesmError::UnsupportedAttKeyId_38), "another key");

    fs::write(out.join("report"), report.as_bytes()).unwrap();
    fs::write(out.join("quote"), quoted.quote()).unwrap();
    println!("aesm-client: key ids, initialisation, a quote of {} bytes, refusals", quoted.quote().len());
}

fn judge(simulation: &Path, quotes: &[&str]) {
    let simulation = Simulation::open(simulation).unwrap();
    let now = UnixTime::of_system_clock();
    for path in quotes {
        let collateral = simulation.intel().collateral(CaType::Platform, now).unwrap();
        let verifier = QuoteVerifier::new(simulation.intel().root_certificate_der().to_vec());
        let judged = verifier.verify(&fs::read(path).unwrap(), &qvl(collateral), now.seconds().try_into().unwrap()).unwrap();
        assert_eq!(judged.status, "UpToDate", "{path}");
    }
    println!("dcap-qvl: {} quotes are UpToDate under the simulated root", quotes.len());
}

fn qvl(collateral: Collateral) -> QuoteCollateralV3 {
    let (tcb_info, tcb_info_signature) = split(&collateral.tcb_info, "tcbInfo");
    let (qe_identity, qe_identity_signature) = split(&collateral.qe_identity, "enclaveIdentity");
    QuoteCollateralV3 {
        pck_crl_issuer_chain: collateral.pck_crl_chain_pem,
        root_ca_crl: collateral.root_crl,
        pck_crl: collateral.pck_crl,
        tcb_info_issuer_chain: collateral.tcb_info_chain_pem,
        tcb_info,
        tcb_info_signature,
        qe_identity_issuer_chain: collateral.qe_identity_chain_pem,
        qe_identity,
        qe_identity_signature,
        pck_certificate_chain: None,
    }
}

/// The inner object of signed JSON as text, and the signature.
fn split(document: &[u8], member: &str) -> (String, Vec<u8>) {
    let parsed: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(document).unwrap();
    let signature: String = serde_json::from_str(parsed["signature"].get()).unwrap();
    (parsed[member].get().to_owned(), hex::decode(signature).unwrap())
}

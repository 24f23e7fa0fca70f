//! Another verifier judges what the simulator makes: dcap-qvl, which knows nothing of simulations.

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use serde_json::Value;
use serde_json::value::RawValue;
use simulator::cpu::CpuSvn;
use simulator::pki::RawExtension;
use simulator::{
    Blueprint, Body, CaType, Collateral, DAY, EcdsaKey, EnclaveReport, Link, PlatformSpec, Signer, Simulation,
    Specification, Tcb, TrustDomainReport,
};
use unix_time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

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

/// The inner object of signed JSON as text, and the signature.
fn split(document: &[u8], member: &str) -> (String, Vec<u8>) {
    let parsed: std::collections::BTreeMap<String, Box<RawValue>> = serde_json::from_slice(document).unwrap();
    let signature: Value = serde_json::from_str(parsed["signature"].get()).unwrap();
    (parsed[member].get().to_owned(), hex::decode(signature.as_str().unwrap()).unwrap())
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

/// The TCB status that dcap-qvl finds, or its whole complaint.
fn judge(quote: &[u8], collateral: Collateral, root: &[u8], at: UnixTime) -> Result<String, String> {
    let verifier = QuoteVerifier::new(root.to_vec());
    match verifier.verify(quote, &qvl(collateral), u64::try_from(at.seconds()).unwrap()) {
        Ok(report) => Ok(report.status),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn judge_blueprint(blueprint: &Blueprint) -> Result<String, String> {
    let issued = blueprint.issue().unwrap();
    let quote = issued.quote(&enclave().on(blueprint.cpu_svn())).unwrap();
    judge(&quote, issued.collateral().unwrap(), &issued.certificates().root, NOW)
}

#[test]
fn a_fresh_machine_is_up_to_date_under_either_ca() {
    for ca in [CaType::Platform, CaType::Processor] {
        assert_eq!(judge_blueprint(&Blueprint::under(ca, NOW).unwrap()), Ok("UpToDate".to_owned()), "{ca:?}");
    }
}

#[test]
fn a_kept_platform_is_up_to_date_at_once_and_years_later() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = Simulation::open_or_create(&directory.path().join("simulation"), NOW).unwrap();
    simulation.open_or_create_platform("one", NOW).unwrap();
    let platform = simulation.platform("one").unwrap();
    let quote = platform.quote_enclave(&enclave()).unwrap();
    for at in [NOW, NOW.plus(6 * 365 * DAY)] {
        let collateral = simulation.intel().collateral(CaType::Platform, at).unwrap();
        let verdict = judge(&quote, collateral, simulation.intel().root_certificate_der(), at);
        assert_eq!(verdict, Ok("UpToDate".to_owned()));
    }
}

#[test]
fn quote_and_collateral_signed_apart_still_belong_together() {
    let blueprint = Blueprint::new(NOW).unwrap();
    let quote = blueprint.quote(&enclave().on(blueprint.cpu_svn())).unwrap();
    let root = blueprint.certificates.root.build().unwrap();
    assert_eq!(judge(&quote, blueprint.collateral().unwrap(), &root, NOW), Ok("UpToDate".to_owned()));
}

#[test]
fn another_machines_root_vouches_for_nothing() {
    let blueprint = Blueprint::new(NOW).unwrap();
    let quote = blueprint.quote(&enclave().on(blueprint.cpu_svn())).unwrap();
    let other = Blueprint::new(NOW).unwrap().certificates.root.build().unwrap();
    assert!(judge(&quote, blueprint.collateral().unwrap(), &other, NOW).is_err());
}

#[test]
fn a_kept_platform_is_judged_by_its_levels_and_by_what_intel_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let mut simulation = Simulation::open_or_create(&directory.path().join("simulation"), NOW).unwrap();
    let spec = PlatformSpec { ca: CaType::Processor, sdk_compat: true };
    simulation.create_platform("sdk", spec, NOW).unwrap();
    simulation.open_or_create_platform("one", NOW).unwrap();
    let judged = |simulation: &Simulation, name: &str| {
        let platform = simulation.platform(name).unwrap();
        let (root, td) = (simulation.intel().root_certificate_der(), trust_domain());
        let sgx = simulation.intel().collateral(platform.ca(), NOW).unwrap();
        let tdx = simulation.intel().td_collateral(platform.ca(), NOW).unwrap();
        let td_quote = platform.quote_trust_domain(&platform.trust_domain_report(&td)).unwrap();
        [judge(&platform.quote_enclave(&enclave()).unwrap(), sgx, root, NOW), judge(&td_quote, tdx, root, NOW)]
    };
    let both = |status: &str| [Ok(status.to_owned()), Ok(status.to_owned())];
    assert_eq!(judged(&simulation, "one"), both("UpToDate"));
    assert_eq!(judged(&simulation, "sdk"), both("UpToDate"));
    simulation.set_tcb("one", CpuSvn::Components(Tcb::OLDER.cpu_svn), Tcb::OLDER.pce_svn).unwrap();
    simulation.set_tcb("sdk", CpuSvn::SdkDowngraded, 13).unwrap();
    assert_eq!(judged(&simulation, "one"), both("OutOfDate"));
    assert_eq!(judged(&simulation, "sdk"), both("OutOfDate"));
    simulation.set_revoked("one", true).unwrap();
    for verdict in judged(&simulation, "one") {
        assert!(verdict.unwrap_err().contains("CertRevoked"));
    }
    assert_eq!(judged(&simulation, "sdk"), both("OutOfDate"), "another platform");
    let mut again = Simulation::open(&directory.path().join("simulation")).unwrap();
    assert!(judged(&again, "one")[0].is_err(), "it is kept");
    again.set_revoked("one", false).unwrap();
    assert_eq!(judged(&again, "one"), both("OutOfDate"));
}

#[test]
fn the_status_of_a_level_is_the_status_of_the_platform() {
    let statuses = [
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
    ];
    for status in statuses {
        let mut blueprint = Blueprint::new(NOW).unwrap();
        blueprint.tcb_info.spec.tcb_levels[0].tcb_status = status.to_owned();
        assert_eq!(judge_blueprint(&blueprint), Ok(status.to_owned()));
    }
}

fn trust_domain() -> TrustDomainReport {
    TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [5; 64] }
}

fn judge_trust_domain<'b>(blueprint: &Blueprint, version: u16, body: impl Into<Body<'b>>) -> Result<String, String> {
    let mut blueprint = blueprint.clone();
    blueprint.quoting.header.version = version.into();
    let issued = blueprint.issue().unwrap();
    let quote = issued.quote(body).unwrap();
    judge(&quote, issued.collateral().unwrap(), &issued.certificates().root, NOW)
}

#[test]
fn a_trust_domain_is_up_to_date_in_every_body() {
    let (blueprint, td) = (Blueprint::for_tdx(NOW).unwrap(), trust_domain());
    let verdicts = [
        judge_trust_domain(&blueprint, 4, &td.td10()),
        judge_trust_domain(&blueprint, 5, &td.td10()),
        judge_trust_domain(&blueprint, 5, &td.td15()),
        judge_trust_domain(&blueprint, 5, &td.td15_ex()),
    ];
    assert_eq!(verdicts, [(); 4].map(|()| Ok("UpToDate".to_owned())));
}

#[test]
fn an_old_or_unknown_tdx_module_is_noticed() {
    let (blueprint, td) = (Blueprint::for_tdx(NOW).unwrap(), trust_domain());
    let modules: [(u8, u8, &str); 5] = [
        (11, 1, "UpToDate"),
        (10, 1, "OutOfDate"),
        (4, 3, "OutOfDate"),
        (2, 3, "below minimum required"),
        (5, 2, "No TDX module identity"),
    ];
    for (minor, major, expected) in modules {
        let mut report = td.td10();
        report.tee_tcb_svn[..2].copy_from_slice(&[minor, major]);
        let verdict = judge_trust_domain(&blueprint, 4, &report);
        let said = verdict.unwrap_or_else(|complaint| complaint);
        assert!(said.contains(expected), "{major}.{minor}: {said}");
    }
    let mut updated = td.td15();
    updated.base.tee_tcb_svn[0] = 4;
    assert_eq!(judge_trust_domain(&blueprint, 5, &updated), Ok("TDRelaunchAdvised".to_owned()));
    let complaint = judge_trust_domain(&blueprint, 4, &TrustDomainReport { debug: true, ..td }.td10()).unwrap_err();
    assert!(complaint.contains("Debug mode is enabled"), "{complaint}");
}

fn key() -> EcdsaKey {
    EcdsaKey::generate().unwrap()
}

type Change = fn(&mut Blueprint);

/// Faults that dcap-qvl notices, one at a time, with what it says of each: the fault that was meant and no other.
const FAULTS: &[(&str, &str, Change)] = &[
    ("pck not yet valid", "CertNotValidYet", |b| b.certificates.pck.spec.not_before = NOW.plus(1)),
    ("pck expired", "CertExpired", |b| b.certificates.pck.spec.not_after = NOW.plus(-1)),
    ("ca expired", "CertExpired", |b| b.certificates.platform_ca.spec.not_after = NOW.plus(-1)),
    ("tcb signing expired", "CertExpired", |b| b.certificates.tcb_signing.spec.not_after = NOW.plus(-1)),
    ("pck of another signer", "InvalidSignatureForPublicKey", |b| b.certificates.pck.signer = key().into()),
    ("pck with another issuer", "UnknownIssuer", |b| {
        let issuer = &mut b.certificates.pck.spec.issuer;
        *issuer = issuer.with_common_name("Intel SGX PCK Processor CA");
    }),
    ("pck without sgx extension", "Intel extension not found", |b| b.certificates.pck.spec.sgx_extension = None),
    ("pck with unknown critical extension", "UnsupportedCriticalExtension", |b| {
        let oid = const_oid::ObjectIdentifier::new_unwrap("1.2.3");
        let unknown = RawExtension { oid, critical: true, value: vec![5, 0] };
        b.certificates.pck.spec.more_extensions.push(unknown);
    }),
    ("ca that is no ca", "EndEntityUsedAsCa", |b| b.certificates.platform_ca.spec.basic_constraints = None),
    ("pck revoked", "CertRevoked", |b| {
        let serial = b.certificates.pck.spec.serial.clone();
        b.pck_crl.spec.revoked.push(serial);
    }),
    ("ca revoked", "CertRevoked", |b| {
        let serial = b.certificates.platform_ca.spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    }),
    ("tcb signing revoked", "CertRevoked", |b| {
        let serial = b.certificates.tcb_signing.spec.serial.clone();
        b.root_crl.spec.revoked.push(serial);
    }),
    ("pck crl expired", "CrlExpired", |b| b.pck_crl.spec.next_update = Some(NOW.plus(-1))),
    ("root crl expired", "CrlExpired", |b| b.root_crl.spec.next_update = Some(NOW.plus(-1))),
    ("pck crl of another signer", "InvalidCrlSignatureForPublicKey", |b| b.pck_crl.signer = key().into()),
    ("pck crl of the other ca", "UnknownRevocationStatus", |b| b.pck_crl = b.pck_crl_of(CaType::Processor)),
    ("tcb info of the future", "TCBInfo issue date is in the future", |b| b.tcb_info.spec.issue_date = NOW.plus(1)),
    ("tcb info expired", "TCBInfo expired", |b| b.tcb_info.spec.next_update = NOW.plus(-1)),
    ("tcb info of another signer", "Signature is invalid for tcb_info in quote_collateral", |b| {
        b.tcb_info.signer = key().into()
    }),
    ("tcb info unsigned", "Signature is invalid for tcb_info in quote_collateral", |b| {
        b.tcb_info.signer = Signer::Bytes([0; 64])
    }),
    ("tcb info of another family", "Fmspc mismatch", |b| b.tcb_info.spec.fmspc = "00606A000000".to_owned()),
    ("tcb info about tdx", "SGX quote with non-SGX TCB info in the collateral", |b| {
        b.tcb_info.spec.id = "TDX".to_owned()
    }),
    ("tcb info with 15 components", "SGX component count mismatch", |b| {
        b.tcb_info.spec.tcb_levels[0].components.pop();
    }),
    ("tcb info with 17 components", "SGX component count mismatch", |b| {
        let components = &mut b.tcb_info.spec.tcb_levels[0].components;
        components.push(components[15].clone());
    }),
    ("tcb info beyond the machine", "No matching TCB level found", |b| {
        b.tcb_info.spec.tcb_levels.iter_mut().for_each(|level| level.pce_svn = 99)
    }),
    ("level revoked", "TCB status is invalid: Revoked", |b| {
        b.tcb_info.spec.tcb_levels[0].tcb_status = "Revoked".to_owned()
    }),
    ("tcb info chain without its signer", "CaUsedAsEndEntity", |b| {
        b.tcb_info_chain.remove(0);
    }),
    ("qe identity expired", "QE Identity expired", |b| b.qe_identity.spec.next_update = NOW.plus(-1)),
    ("qe identity of another signer", "Signature is invalid for qe_identity in quote_collateral", |b| {
        b.qe_identity.signer = key().into()
    }),
    ("qe identity of another enclave", "QE MRSIGNER mismatch", |b| b.qe_identity.spec.mr_signer[0] ^= 1),
    ("qe identity of another product", "QE ISVPRODID mismatch", |b| b.qe_identity.spec.isv_prod_id += 1),
    ("qe with debugger", "Debug mode is enabled", |b| b.quoting.qe_report.attributes.flags = 0x17.into()),
    ("qe with misc select", "QE MISCSELECT mismatch", |b| b.quoting.qe_report.misc_select = 1.into()),
    ("qe revoked", "TCB status is invalid: Revoked", |b| {
        b.qe_identity.spec.tcb_levels[0].tcb_status = "Revoked".to_owned()
    }),
    ("qe report of another signer", "Signature is invalid for qe_report in quote", |b| {
        b.quoting.qe_report_signer = key().into()
    }),
    ("attestation key not bound", "QE report hash mismatch", |b| b.quoting.qe_report_data = Some([0; 64])),
    ("quote of another signer", "ISV enclave report signature is invalid", |b| b.quoting.signer = key().into()),
    ("unknown quote version", "Unsupported quote version", |b| b.quoting.header.version = 6.into()),
    ("unknown key type", "Unsupported DCAP attestation key type", |b| b.quoting.header.attestation_key_type = 3.into()),
    ("another qe vendor", "Unknown QE vendor ID", |b| b.quoting.header.qe_vendor_id[0] ^= 1),
    ("chain in the wrong order", "CaUsedAsEndEntity", |b| b.pck_chain.reverse()),
    ("chain of another machine", "UnknownIssuer", |b| {
        b.pck_chain = vec![Link::Der(Blueprint::new(NOW).unwrap().certificates.pck.build().unwrap())];
    }),
    ("certification data of another type", "Unsupported DCAP PCK cert format: 4", |b| {
        b.quoting.certification_data_type = 4
    }),
];

#[test]
fn each_fault_alone_is_refused_by_another_verifier() {
    for (name, complaint, change) in FAULTS {
        let mut blueprint = Blueprint::new(NOW).unwrap();
        change(&mut blueprint);
        let verdict = judge_blueprint(&blueprint);
        assert!(verdict.as_ref().is_err_and(|said| said.contains(complaint)), "{name}: {verdict:?}");
    }
}

#[test]
fn what_must_not_matter_does_not() {
    let harmless: &[(&str, Change)] = &[
        ("chain with CRLF and without NUL", |b| {
            b.pck_chain_style.line_end = "\r\n";
            b.pck_chain_style.nul = false;
        }),
        ("other authentication data", |b| b.quoting.auth_data = vec![7; 32]),
        ("another attestation key, bound", |b| b.quoting.use_attestation_key(&key())),
        ("a true signature over reformatted members", |b| {
            let text = String::from_utf8(b.tcb_info.spec.to_be_signed().unwrap()).unwrap();
            b.tcb_info.instead = Some(text.replace("\"tcbType\":0", "\"tcbType\": 0").into_bytes());
        }),
        ("a revoked stranger", |b| b.pck_crl.spec.revoked.push(vec![1, 2, 3])),
    ];
    for (name, change) in harmless {
        let mut blueprint = Blueprint::new(NOW).unwrap();
        change(&mut blueprint);
        assert_eq!(judge_blueprint(&blueprint), Ok("UpToDate".to_owned()), "{name}");
    }
}

//! What certificates of the hierarchy must hold, whatever part they play, and Intel's SGX extension in the PCK's.

use std::error::Error;

use crate::simulated::{NOW, at, blueprint, quote_of, roots_of};
use const_oid::ObjectIdentifier;
use dcap::PckError;
use der::{Any, Decode, Encode, Tag};
use simulator::pki::{CertificateSpec, Configuration, RawExtension, SGX_EXTENSION, SgxExtensionSpec};
use simulator::{Blueprint, CaType};

fn refusal(made: &Blueprint) -> PckError {
    crate::simulated::prove_quote(&quote_of(made), &roots_of(made), at(NOW)).unwrap_err()
}

fn raw(oid: &str, critical: bool, value: &[u8]) -> RawExtension {
    RawExtension { oid: ObjectIdentifier::new_unwrap(oid), critical, value: value.to_vec() }
}

/// A key on another curve: P-384, an uncompressed point of 97 bytes.
fn p384() -> Vec<u8> {
    let mut spki = hex::decode("3076301006072a8648ce3d020106052b81040022036200").unwrap();
    spki.push(4);
    spki.extend([9; 96]);
    spki
}

/// The same P-256 key with its point compressed.
fn compressed(spki: &[u8]) -> Vec<u8> {
    let x = &spki[spki.len() - 64..spki.len() - 32];
    [&hex::decode("3039301306072a8648ce3d020106082a8648ce3d03010703220002").unwrap(), x].concat()
}

type SpecChange = fn(&mut CertificateSpec);

/// What is wrong, what the message says of it, the change.
const MALFORMED: &[(&str, SpecChange)] = &[
    ("no X.509 in DER", |c| c.subject_public_key_info.truncate(5)),
    ("not of X.509 version 3", |c| c.version = 1),
    ("instead of ecdsa-with-SHA256", |c| {
        c.signature_algorithm = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
    }),
    ("no uncompressed P-256 point", |c| c.subject_public_key_info = p384()),
    // Its curve alone is another one, with a point of the right length; and its algorithm alone.
    ("no uncompressed P-256 point", |c| *c.subject_public_key_info.get_mut(22).unwrap() ^= 1),
    ("no uncompressed P-256 point", |c| *c.subject_public_key_info.get_mut(12).unwrap() ^= 2),
    ("no uncompressed P-256 point", |c| c.subject_public_key_info = compressed(&c.subject_public_key_info)),
    ("has extension `2.5.29.15` twice", |c| c.more_extensions.push(raw("2.5.29.15", true, &[3, 2, 7, 0x80]))),
    ("has extension `1.2.3` twice", |c| {
        c.more_extensions.extend([raw("1.2.3", false, &[]), raw("1.2.3", false, &[1])])
    }),
    ("unknown critical extension `1.2.3`", |c| c.more_extensions.push(raw("1.2.3", true, &[5, 0]))),
    ("unknown critical extension `2.5.29.30`", |c| c.more_extensions.push(raw("2.5.29.30", true, &[0x30, 0]))),
    ("has 33 extensions", |c| {
        let known = 5 + usize::from(c.sgx_extension.is_some());
        c.more_extensions.extend((known..33).map(|n| raw(&format!("1.2.{n}"), false, &[])));
    }),
    ("lacks the extension authority key identifier", |c| c.authority_key_id = None),
    ("lacks the extension authority key identifier", |c| c.authority_key_id = Some(vec![])),
    ("lacks the extension subject key identifier", |c| c.subject_key_id = None),
    ("lacks the extension subject key identifier", |c| c.subject_key_id = Some(vec![])),
    ("lacks the extension CRL distribution points", |c| c.crl_distribution_point = None),
    ("lacks the extension key usage", |c| c.key_usage = None),
    ("lacks the extension basic constraints", |c| c.basic_constraints = None),
    ("exactly one common name", |c| c.subject.attributes.retain(|(oid, _)| *oid != COMMON_NAME)),
    ("exactly one common name", |c| c.subject.attributes.push((COMMON_NAME, "Intel SGX Root CA".to_owned()))),
    ("longer than 16384 bytes", |c| c.more_extensions.push(raw("1.2.3", false, &[0; 16 << 10]))),
];

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

#[test]
fn pitfall_29_rejects_each_malformed_certificate_in_each_part() {
    for (complaint, change) in MALFORMED {
        let mut made = [(); 3].map(|()| blueprint(|_| ()));
        change(&mut made[0].certificates.pck.spec);
        change(&mut made[1].certificates.platform_ca.spec);
        change(&mut made[2].certificates.root.spec);
        let codes = ["pck_certificate_malformed", "pck_ca_certificate_malformed", "root_certificate_malformed"];
        for (made, code) in made.iter().zip(codes) {
            let refused = refusal(made);
            assert_eq!(crate::simulated::pck_code(&refused), code, "{complaint}");
            let message = problem::chain(&refused);
            assert!(message.contains(complaint), "{complaint}: {message}");
        }
    }
}

#[test]
fn accepts_an_unknown_extension_that_is_not_critical() {
    crate::simulated::accepts(crate::simulated::prove, |b| {
        b.certificates.pck.spec.more_extensions.push(raw("1.2.3", false, &[5, 0]));
    });
}

type ExtensionChange = fn(&mut SgxExtensionSpec);

/// What the error says, the change.
const EXTENSION: &[(&str, ExtensionChange)] = &[
    ("impossible value for PPID", |e| e.ppid.truncate(15)),
    ("impossible value for PCEID", |e| e.pce_id.push(0)),
    ("impossible value for FMSPC", |e| e.fmspc.push(0)),
    ("impossible value for CPUSVN", |e| e.cpu_svn.truncate(15)),
    ("impossible value for SGX type", |e| e.sgx_type = 3),
    ("impossible value for platform instance id", |e| e.platform_instance_id = Some(vec![0; 15])),
    ("lacks a component SVN", |e| e.component_svns.truncate(15)),
    ("twice or where it does not belong", |e| e.component_svns.push(0)),
    ("not the documented DER", |e| e.component_svns[15] = 256),
    ("not the documented DER", |e| e.pce_svn = 65_536),
    ("lacks configuration", |e| e.configuration = None),
    ("lacks platform instance id", |e| e.platform_instance_id = None),
];

#[test]
fn rejects_each_malformed_sgx_extension() {
    for (complaint, change) in EXTENSION {
        let mut made = blueprint(|_| ());
        change(made.certificates.pck.spec.sgx_extension.as_mut().unwrap());
        extension_refused(&made, complaint);
    }
}

fn extension_refused(made: &Blueprint, complaint: &str) {
    let refused = refusal(made);
    assert_eq!(crate::simulated::pck_code(&refused), "pck_certificate_sgx_extension_malformed", "{complaint}");
    let source = refused.source().unwrap().to_string();
    assert!(source.contains(complaint), "{complaint}: {source}");
}

/// The extension rewritten as a list of pairs, with whatever bytes come out.
fn with_pairs(change: impl Fn(&mut Vec<Any>)) -> Blueprint {
    let mut made = blueprint(|_| ());
    let spec = &mut made.certificates.pck.spec;
    let mut pairs = Vec::<Any>::from_der(&spec.sgx_extension.take().unwrap().to_der().unwrap()).unwrap();
    change(&mut pairs);
    let value = pairs.to_der().unwrap();
    spec.more_extensions.push(RawExtension { oid: SGX_EXTENSION, critical: false, value });
    made
}

fn pair(arc: &str) -> Any {
    let oid = ObjectIdentifier::new_unwrap(&format!("{SGX_EXTENSION}{arc}")).to_der().unwrap();
    Any::new(Tag::Sequence, [oid, vec![4, 1, 0]].concat()).unwrap()
}

#[test]
fn rejects_sgx_extension_with_pairs_that_do_not_belong() {
    assert!(crate::simulated::prove(&with_pairs(|_| ())).is_ok());
    let misplaced = "twice or where it does not belong";
    extension_refused(&with_pairs(|pairs| pairs.push(pairs[0].clone())), misplaced);
    extension_refused(&with_pairs(|pairs| pairs.push(pair(".8"))), misplaced);
    extension_refused(&with_pairs(|pairs| pairs.push(pair(".4.1"))), misplaced);
    extension_refused(&with_pairs(|pairs| pairs.push(pair(""))), misplaced);
    extension_refused(&with_pairs(|pairs| drop(pairs.remove(0))), "lacks PPID");
    extension_refused(&with_pairs(|pairs| pairs.push(Any::new(Tag::Integer, [1]).unwrap())), "documented DER");
}

#[test]
fn the_order_of_pairs_does_not_matter() {
    assert!(crate::simulated::prove(&with_pairs(|pairs| pairs.reverse())).is_ok());
}

#[test]
fn rejects_absent_and_truncated_sgx_extension() {
    extension_refused(&blueprint(|b| b.certificates.pck.spec.sgx_extension = None), "has no SGX extension");
    let whole = blueprint(|_| ()).certificates.pck.spec.sgx_extension.unwrap().to_der().unwrap();
    for length in (0..whole.len()).step_by(7) {
        let mut made = blueprint(|_| ());
        made.certificates.pck.spec.sgx_extension = None;
        let value = whole[..length].to_vec();
        made.certificates.pck.spec.more_extensions.push(RawExtension { oid: SGX_EXTENSION, critical: false, value });
        extension_refused(&made, "not the documented DER");
    }
}

#[test]
fn rejects_platform_instance_id_under_the_processor_ca_and_its_absence_under_the_platform_ca() {
    let multi = blueprint(|_| ()).certificates.pck.spec.sgx_extension.unwrap();
    let mut processor = Blueprint::under(CaType::Processor, at(NOW)).unwrap();
    let single = processor.certificates.pck.spec.sgx_extension.replace(multi);
    assert_eq!(crate::simulated::prove(&processor).unwrap_err(), "pck_certificate_wrong_ca");
    let mut platform = blueprint(|_| ());
    platform.certificates.pck.spec.sgx_extension = single;
    assert_eq!(crate::simulated::prove(&platform).unwrap_err(), "pck_certificate_wrong_ca");
}

#[test]
fn a_certificate_may_be_as_long_and_have_as_many_extensions_as_the_limits_say() {
    use dcap::{Certificate, MAX_CERTIFICATE, MalformedCertificate};
    assert_eq!(Certificate::from_der(&vec![0x30; MAX_CERTIFICATE + 1]), Err(MalformedCertificate::TooLong));
    assert!(matches!(Certificate::from_der(&vec![0x30; MAX_CERTIFICATE]), Err(MalformedCertificate::Der(_))));
    let mut root = blueprint(|_| ()).certificates.root;
    root.spec.more_extensions = (5..32).map(|n| raw(&format!("1.2.{n}"), false, &[])).collect();
    let certificate = Certificate::from_der(&root.build().unwrap()).unwrap();
    assert!(certificate.is_self_issued());
    let ca = Certificate::from_der(&blueprint(|_| ()).certificates.platform_ca.build().unwrap()).unwrap();
    assert!(!ca.is_self_issued());
    assert!(certificate.signed(&certificate) && !certificate.signed(&ca) && !ca.signed(&certificate));
}

#[test]
fn accepts_a_configuration_of_which_nothing_is_said() {
    let mut made = blueprint(|_| ());
    let extension = made.certificates.pck.spec.sgx_extension.as_mut().unwrap();
    extension.configuration = Some(Configuration { dynamic_platform: None, cached_keys: None, smt_enabled: None });
    let proven = crate::simulated::prove(&made).unwrap();
    let multi = proven.platform().multi_package().unwrap();
    assert_eq!((multi.dynamic_platform, multi.cached_keys, multi.smt_enabled), (None, None, None));
    let description = serde_json::to_value(dcap::SgxExtensionDescription::from(proven.platform())).unwrap();
    assert_eq!((description.as_object().unwrap().len(), &description["cached keys"]), (11, &"absent".into()));
}

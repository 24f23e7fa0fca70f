//! Whether a signer is trusted: the chains that are, and one for each rule that is broken.

use attestation::policy_jws::{PolicyJws, PolicySigner, SignerCertificate, SignerTrustError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use problem::Problem;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use unix_time::UnixTime;

use crate::policy_fixture::{Signer, TEXT, curve_key, parameters, payload};

const AT: i64 = 1_800_000_000;

/// A certificate with its key, so that it can sign others.
struct Party {
    parameters: CertificateParams,
    key: KeyPair,
    der: Vec<u8>,
}

impl Party {
    fn new(name: &str, is_ca: bool, issuer: Option<&Self>, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut parameters = parameters(name, is_ca);
        let at = OffsetDateTime::from_unix_timestamp(AT).unwrap();
        (parameters.not_before, parameters.not_after) = (at - Duration::days(1), at + Duration::days(1));
        change(&mut parameters);
        let key = curve_key(&PKCS_ECDSA_P256_SHA256);
        let certificate = match issuer {
            None => parameters.self_signed(&key).unwrap(),
            Some(issuer) => {
                let by =
                    Issuer::new(issuer.parameters.clone(), KeyPair::from_pem(&issuer.key.serialize_pem()).unwrap());
                parameters.signed_by(&key, &by).unwrap()
            }
        };
        Self { der: certificate.der().to_vec(), parameters, key }
    }

    fn root() -> Self {
        Self::new("root", true, None, |_| {})
    }

    fn certificate(&self) -> SignerCertificate {
        SignerCertificate::from_der(&self.der).unwrap()
    }
}

/// A policy signed by the first of the chain.
fn signed_by(chain: &[&Party]) -> PolicySigner {
    let signer = Signer::of(KeyPair::from_pem(&chain[0].key.serialize_pem()).unwrap(), "only its key is of use");
    let x5c: Vec<String> = chain.iter().map(|party| STANDARD.encode(&party.der)).collect();
    let jws = signer.jws(&json!({"alg": "ES256", "x5c": x5c}), &payload(TEXT));
    PolicyJws::read(&jws).unwrap().signer().unwrap().clone()
}

fn judged(chain: &[&Party], trusted: &[&Party]) -> Result<SignerCertificate, SignerTrustError> {
    let trusted: Vec<SignerCertificate> = trusted.iter().map(|party| party.certificate()).collect();
    let judged = signed_by(chain).chains_to(&trusted, UnixTime::from_seconds(AT)).cloned();
    if let Err(error) = &judged {
        assert!(error.code().starts_with("signer_") && !error.help().is_empty());
    }
    judged
}

#[test]
fn a_trusted_certificate_vouches_for_itself_and_for_those_below_it() {
    let root = Party::root();
    let middle = Party::new("middle", true, Some(&root), |_| {});
    let leaf = Party::new("leaf", false, Some(&middle), |_| {});
    for (chain, trusted) in [
        (vec![&leaf], vec![&leaf]),
        (vec![&leaf, &middle, &root], vec![&leaf]),
        (vec![&leaf, &middle], vec![&middle]),
        (vec![&leaf, &middle, &root], vec![&middle]),
        (vec![&leaf, &middle, &root], vec![&root]),
        // The chain need not hold the one that is trusted.
        (vec![&leaf, &middle], vec![&root]),
        (vec![&leaf], vec![&root, &middle]),
    ] {
        assert!(trusted.iter().any(|party| judged(&chain, &trusted).as_ref() == Ok(&party.certificate())));
    }
}

#[test]
fn whoever_is_below_no_trusted_certificate_is_refused() {
    let (root, other) = (Party::root(), Party::root());
    let leaf = Party::new("leaf", false, Some(&root), |_| {});
    assert_eq!(judged(&[&leaf, &root], &[&other]), Err(SignerTrustError::NotTrusted));
    assert_eq!(judged(&[&leaf, &root], &[]), Err(SignerTrustError::NotTrusted));
    // The same name and the same key in other bytes are another certificate.
    let twin_key = KeyPair::from_pem(&root.key.serialize_pem()).unwrap();
    let mut parameters = parameters("root", true);
    parameters.serial_number = Some(vec![7].into());
    let der = parameters.self_signed(&twin_key).unwrap().der().to_vec();
    let twin = Party { parameters, key: twin_key, der };
    assert_eq!(judged(&[&twin], &[&leaf]), Err(SignerTrustError::NotTrusted));
    let self_signed = Party::new("root", false, None, |_| {});
    assert_eq!(judged(&[&self_signed], &[&root]), Err(SignerTrustError::NotTrusted));
}

#[test]
fn a_chain_with_a_gap_is_refused() {
    let root = Party::root();
    let middle = Party::new("middle", true, Some(&root), |_| {});
    let stranger = Party::new("leaf", false, None, |_| {});
    let broken = judged(&[&stranger, &middle, &root], &[&root]);
    assert_eq!(broken, Err(SignerTrustError::Broken { subject: "CN=leaf".to_owned() }));
    // A forged certificate with the issuer's name and another key.
    let forger = Party::root();
    let forged = Party::new("leaf", false, Some(&forger), |_| {});
    assert_eq!(judged(&[&forged, &root], &[&root]), Err(SignerTrustError::Broken { subject: "CN=leaf".to_owned() }));
}

#[test]
fn who_is_no_authority_vouches_for_nobody_even_if_trusted() {
    let root = Party::root();
    let middle = Party::new("middle", false, Some(&root), |_| {});
    let leaf = Party::new("leaf", false, Some(&middle), |_| {});
    for (chain, trusted) in [(vec![&leaf, &middle], &middle), (vec![&leaf], &middle), (vec![&leaf, &middle], &root)] {
        let refused = judged(&chain, &[trusted]);
        assert_eq!(refused, Err(SignerTrustError::NotAuthority { subject: "CN=middle".to_owned() }));
    }
    let explicit = Party::new("middle", false, Some(&root), |it| it.is_ca = IsCa::ExplicitNoCa);
    let leaf = Party::new("leaf", false, Some(&explicit), |_| {});
    assert!(matches!(judged(&[&leaf, &explicit], &[&root]), Err(SignerTrustError::NotAuthority { .. })));
}

#[test]
fn path_lengths_are_kept_to() {
    let root = Party::new("root", true, None, |it| it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let direct = Party::new("leaf", false, Some(&root), |_| {});
    assert!(judged(&[&direct, &root], &[&root]).is_ok());
    let middle = Party::new("middle", true, Some(&root), |_| {});
    let leaf = Party::new("leaf", false, Some(&middle), |_| {});
    let refused = judged(&[&leaf, &middle, &root], &[&root]);
    assert_eq!(refused, Err(SignerTrustError::PathLength { subject: "CN=root".to_owned() }));
    assert!(judged(&[&leaf, &middle, &root], &[&middle]).is_ok());
}

#[test]
fn key_usages_are_kept_to() {
    let root = Party::new("root", true, None, |it| it.key_usages = vec![KeyUsagePurpose::CrlSign]);
    let leaf = Party::new("leaf", false, Some(&root), |_| {});
    let refused = judged(&[&leaf, &root], &[&root]);
    assert_eq!(refused, Err(SignerTrustError::KeyUsage { subject: "CN=root".to_owned() }));
    let root = Party::new("root", true, None, |it| it.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    let usage = |usage| Party::new("leaf", false, Some(&root), |it| it.key_usages = vec![usage]);
    assert!(judged(&[&usage(KeyUsagePurpose::DigitalSignature), &root], &[&root]).is_ok());
    let other = usage(KeyUsagePurpose::KeyEncipherment);
    let refused = SignerTrustError::KeyUsage { subject: "CN=leaf".to_owned() };
    assert_eq!(judged(&[&other, &root], &[&root]), Err(refused.clone()));
    assert_eq!(judged(&[&other], &[&other]), Err(refused));
}

#[test]
fn critical_extensions_that_nobody_understands_are_refused() {
    let root = Party::root();
    let leaf = |critical| {
        Party::new("leaf", false, Some(&root), |it| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(critical);
            it.custom_extensions.push(extension);
        })
    };
    assert!(judged(&[&leaf(false)], &[&root]).is_ok());
    let refused =
        SignerTrustError::CriticalExtension { subject: "CN=leaf".to_owned(), extension: "1.2.3.4".to_owned() };
    assert_eq!(judged(&[&leaf(true)], &[&root]), Err(refused));
}

#[test]
fn certificates_below_the_anchor_are_valid_now_and_the_anchor_is_for_whoever_configured_it() {
    let at = OffsetDateTime::from_unix_timestamp(AT).unwrap();
    let root = Party::new("root", true, None, |it| it.not_after = at - Duration::seconds(1));
    let leaf = Party::new("leaf", false, Some(&root), |_| {});
    assert!(judged(&[&leaf, &root], &[&root]).is_ok());
    let refused = SignerTrustError::OutsideValidity { subject: "CN=leaf".to_owned() };
    let expired = Party::new("leaf", false, Some(&root), |it| it.not_after = at - Duration::seconds(1));
    assert_eq!(judged(&[&expired, &root], &[&root]), Err(refused.clone()));
    assert!(judged(&[&expired], &[&expired]).is_ok());
    let future = Party::new("leaf", false, Some(&root), |it| it.not_before = at + Duration::seconds(1));
    assert_eq!(judged(&[&future, &root], &[&root]), Err(refused));
}

#[test]
fn an_authority_may_have_an_rsa_key() {
    let mut root = Party::root();
    let key = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    root.der = root.parameters.self_signed(&key).unwrap().der().to_vec();
    root.key = key;
    let leaf = Party::new("leaf", false, Some(&root), |_| {});
    assert!(judged(&[&leaf, &root], &[&root]).is_ok());
}

#[test]
fn an_authority_with_too_long_an_rsa_key_is_refused() {
    if !test_support::runs("openssl", &["version"]) {
        return;
    }
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4104"])
        .output()
        .unwrap();
    let mut root = Party::root();
    root.key = KeyPair::from_pem(std::str::from_utf8(&made.stdout).unwrap()).unwrap();
    root.der = root.parameters.self_signed(&root.key).unwrap().der().to_vec();
    let leaf = Party::new("leaf", false, Some(&root), |_| {});
    let refused = SignerTrustError::KeySize { subject: "CN=root".to_owned(), bits: 4104 };
    assert_eq!(judged(&[&leaf, &root], &[&root]), Err(refused));
}

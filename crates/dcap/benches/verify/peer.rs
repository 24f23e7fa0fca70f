//! The peer: dcap-qvl, with its own choice of cryptography (ring) and with ours (aws-lc-rs). It has no other path than
//! from collateral in memory as bytes and text.

use aws_lc_rs::digest;
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::config::{Config, CryptoProvider};
use dcap_qvl::configs::RingConfig;
use dcap_qvl::signature::DerSigEncoder;
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::x509::X509CertBackend;
use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::evidence::Evidence;

/// dcap-qvl on aws-lc-rs.
pub struct AwsLc;

impl Config for AwsLc {
    type X509 = X509CertBackend;
    type SigEncoder = DerSigEncoder;
    type Crypto = Self;
}

impl CryptoProvider for AwsLc {
    fn sig_algo() -> &'static dyn SignatureVerificationAlgorithm {
        webpki::aws_lc_rs::ECDSA_P256_SHA256
    }

    fn sha256(data: &[u8]) -> [u8; 32] {
        digest::digest(&digest::SHA256, data).as_ref().try_into().unwrap()
    }

    fn sha384(data: &[u8]) -> [u8; 48] {
        digest::digest(&digest::SHA384, data).as_ref().try_into().unwrap()
    }
}

pub struct Peer {
    collateral: QuoteCollateralV3,
    at: u64,
    ring: QuoteVerifier<RingConfig>,
    aws_lc: QuoteVerifier<AwsLc>,
}

impl Peer {
    pub fn new(evidence: &Evidence) -> Self {
        let pieces = evidence.pieces.clone();
        let collateral = QuoteCollateralV3 {
            pck_crl_issuer_chain: pieces.pck_crl_chain,
            root_ca_crl: pieces.root_crl,
            pck_crl: pieces.pck_crl,
            tcb_info_issuer_chain: pieces.tcb_info_chain,
            tcb_info: pieces.tcb_info,
            tcb_info_signature: hex::decode(pieces.tcb_info_signature).unwrap(),
            qe_identity_issuer_chain: pieces.qe_identity_chain,
            qe_identity: pieces.qe_identity,
            qe_identity_signature: hex::decode(pieces.qe_identity_signature).unwrap(),
            pck_certificate_chain: None,
        };
        let [ring, aws_lc] = [evidence.root.clone(), evidence.root.clone()];
        Self {
            collateral,
            at: evidence.at.seconds().unsigned_abs(),
            ring: QuoteVerifier::new_with_config(ring),
            aws_lc: QuoteVerifier::new_with_config(aws_lc),
        }
    }

    pub fn ring(&self, quote: &[u8]) {
        self.ring.verify(quote, &self.collateral, self.at).unwrap();
    }

    pub fn aws_lc(&self, quote: &[u8]) {
        self.aws_lc.verify(quote, &self.collateral, self.at).unwrap();
    }
}

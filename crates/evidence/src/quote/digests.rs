//! Digests of collateral as Azure Attestation's tokens carry them: lowercase hexadecimal SHA-256.

use dcap::{Certificate, VerifiedCollateral, pem};
use serde_json::{Map, Value};

use crate::digest::sha256;

/// The members of `x-ms-sgx-collateral` that depend on collateral alone; computed once per collateral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CollateralDigests {
    tcb_info: String,
    tcb_info_certificates: String,
    qe_identity: String,
    qe_identity_certificates: String,
    root_crl: String,
}

impl CollateralDigests {
    /// Computes the digests. Documents are hashed as Intel's service sends them and closed by a NUL, as the C strings they are in Azure's
    /// service; the CRL in DER, for its encoding there is not known.
    pub(crate) fn of(collateral: &VerifiedCollateral) -> Self {
        let read = collateral.read();
        Self {
            tcb_info: with_nul(&[&read.tcb_info.wrapped()]),
            tcb_info_certificates: certificates(&read.tcb_info_chain),
            qe_identity: with_nul(&[&read.qe_identity.wrapped()]),
            qe_identity_certificates: certificates(&read.qe_identity_chain),
            root_crl: with_nul(&[read.root_crl.der()]),
        }
    }

    /// Returns the whole object, for evidence whose SHA-256 in hexadecimal is given.
    pub(crate) fn claim(&self, evidence_sha256: &str) -> Map<String, Value> {
        let members = [
            ("qeidcertshash", self.qe_identity_certificates.as_str()),
            ("qeidcrlhash", &self.root_crl),
            ("qeidhash", &self.qe_identity),
            ("quotehash", evidence_sha256),
            ("tcbinfocertshash", &self.tcb_info_certificates),
            ("tcbinfocrlhash", &self.root_crl),
            ("tcbinfohash", &self.tcb_info),
        ];
        members.into_iter().map(|(name, hash)| (name.to_owned(), Value::from(hash))).collect()
    }
}

fn certificates(chain: &[Certificate]) -> String {
    let text: String = chain.iter().map(|certificate| pem::encode(certificate.der(), "CERTIFICATE")).collect();
    with_nul(&[text.as_bytes()])
}

fn with_nul(parts: &[&[u8]]) -> String {
    hex::encode(sha256(&[&parts.concat(), &[0]]))
}

//! What `veritee verify` reads: evidence, collateral, a PCK chain beside the quote, a root.

use std::path::Path;

use collateral::{CollateralSet, VerificationRequest};
use dcap::{Certificate, pem};
use evidence::{Anchors, EvidenceFile};

use crate::failure::{self, Failure};

/// What is judged, and by what.
pub struct Inputs {
    evidence: EvidenceFile,
    pieces: CollateralSet,
    pck_chain: Option<Vec<u8>>,
}

impl Inputs {
    pub fn read(quote: &Path, collateral: &Path, pck_chain: Option<&Path>) -> Result<Self, Failure> {
        let read_chain = |path: &Path| failure::read_file(path, pem::MAX_PEM as u64);
        Ok(Self {
            evidence: crate::evidence::read(quote)?,
            pieces: crate::collateral::load(collateral)?,
            pck_chain: pck_chain.map(read_chain).transpose()?,
        })
    }

    pub fn request(&self) -> VerificationRequest<'_> {
        let certificates = self.pck_chain.as_deref();
        VerificationRequest { evidence: &self.evidence, certificates, collateral: &self.pieces }
    }
}

/// Reads the root certificate that is to be trusted instead of Intel's.
pub fn trusted_root(path: &Path) -> Result<Anchors, Failure> {
    let text = failure::read_file(path, dcap::MAX_CERTIFICATE as u64 * 4).map_err(Failure::or_usage)?;
    let help = "pass one self-signed root certificate in PEM";
    let wrong = |message: String| {
        Failure::usage("trust_root_malformed", format!("`{}` is no root certificate: {message}", path.display()), help)
    };
    let blocks = pem::blocks(&text, "CERTIFICATE").map_err(|error| wrong(error.to_string()))?;
    let [der] = blocks.as_slice() else { return Err(wrong(format!("it holds {} certificates", blocks.len()))) };
    let root = Certificate::from_der(der).map_err(|error| wrong(failure::chain(&error)))?;
    if !root.is_self_issued() || !root.signed(&root) {
        return Err(wrong("it is not self-signed".to_owned()));
    }
    Ok(Anchors::only(&root))
}

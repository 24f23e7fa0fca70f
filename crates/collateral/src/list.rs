//! Listing what a set holds, for people.

use dcap::{Certificate, UnixTime, Window};

use crate::set::CollateralSet;

/// One piece of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The file it came from, with the member where one file holds several pieces.
    pub source: String,
    /// What it is and what it is about.
    pub what: String,
    /// Its evaluation number; revocation lists and certificates have none.
    pub evaluation_data_number: Option<u32>,
    /// When it is valid.
    pub validity: Window,
    /// The certificate of the set whose key signed it, if one did; not proven to lead to any root.
    pub signer: Option<String>,
}

impl CollateralSet {
    /// Every piece: TCB Infos, identities, revocation lists, certificates. Signers are judged as of `at`, where several
    /// certificates of one key are there.
    pub fn list(&self, at: UnixTime) -> Vec<Listed> {
        let mut listed = Vec::new();
        for (source, document, info) in &self.tcb_infos {
            listed.push(Listed {
                source: source.clone(),
                what: format!("TCB Info for {} on FMSPC {}, version {}", info.tee, info.fmspc_text(), info.version),
                evaluation_data_number: Some(info.evaluation_data_number),
                validity: info.validity,
                signer: self.signer_of(document, at).map(name),
            });
        }
        for (source, document, identity) in &self.identities {
            listed.push(Listed {
                source: source.clone(),
                what: format!("identity of {}", identity.id),
                evaluation_data_number: Some(identity.evaluation_data_number),
                validity: identity.validity,
                signer: self.signer_of(document, at).map(name),
            });
        }
        for (source, crl) in &self.crls {
            let issuer = self.certificates.iter().find(|(_, certificate)| crl.is_issued_by(certificate));
            listed.push(Listed {
                source: source.clone(),
                what: format!("revocation list with {} certificates of `{}`", crl.len(), crl.issuer_text()),
                evaluation_data_number: None,
                validity: crl.validity(),
                signer: issuer.map(|(_, certificate)| name(certificate)),
            });
        }
        for (source, certificate) in &self.certificates {
            let issuer = self.certificates.iter().find(|(_, above)| above.signed(certificate));
            listed.push(Listed {
                source: source.clone(),
                what: format!("certificate of `{}`", certificate.common_name()),
                evaluation_data_number: None,
                validity: certificate.validity(),
                signer: issuer.map(|(_, certificate)| name(certificate)),
            });
        }
        listed
    }
}

fn name(certificate: &Certificate) -> String {
    certificate.common_name().to_owned()
}

//! Certification data of a quote, with the certificates in it.

use serde::Serialize;

use crate::pki::certificate::Certificate;
use crate::pki::pem;
use crate::quote::parse::CertificationData;
use crate::report::description::certificate::CertificateDescription;
use crate::report::description::readable::Readable;

/// Certificates in PEM, each described.
pub type CertificatesDescription = Readable<Vec<Readable<CertificateDescription>>>;

/// Certification data of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CertificationDescription {
    /// Types 1 to 3, which name the PCK certificate.
    #[serde(rename_all = "camelCase")]
    PlatformIdentity {
        /// Type of the certification data.
        r#type: u16,
        /// Size in bytes of what names the certificate.
        platform_identity_bytes: usize,
        /// Where the chain is.
        pck_chain: &'static str,
    },
    /// Types 4 and 5, which carry certificates.
    Certificates {
        /// Type of the certification data.
        r#type: u16,
        /// The certificates.
        certificates: CertificatesDescription,
    },
}

impl From<&CertificationData<'_>> for CertificationDescription {
    fn from(certification: &CertificationData<'_>) -> Self {
        match certification {
            CertificationData::PlatformIdentity(kind, data) => Self::PlatformIdentity {
                r#type: *kind,
                platform_identity_bytes: data.len(),
                pck_chain: "not in the quote",
            },
            CertificationData::PckCertificate(text) => Self::Certificates { r#type: 4, certificates: of_pem(text) },
            CertificationData::PckChain(text) => Self::Certificates { r#type: 5, certificates: of_pem(text) },
        }
    }
}

fn of_pem(text: &[u8]) -> CertificatesDescription {
    let describe = |der: &Vec<u8>| {
        Readable::of(Certificate::from_der(der).map(|certificate| CertificateDescription::from(&certificate)))
    };
    Readable::of(pem::blocks(text, "CERTIFICATE").map(|blocks| blocks.iter().map(describe).collect()))
}

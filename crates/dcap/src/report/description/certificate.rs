//! Certificates, with Intel's SGX extension where they have it, and revocation lists.

use serde::Serialize;
use unix_time::UnixTime;

use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::sgx_extension::{Fmspc, SgxExtension};
use crate::report::description::readable::Readable;

/// The fields of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateDescription {
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// The serial number.
    #[serde(with = "hex::serde")]
    pub serial: Vec<u8>,
    /// When its validity begins.
    pub not_before: UnixTime,
    /// When its validity ends.
    pub not_after: UnixTime,
    /// The public key as an uncompressed point, 65 bytes.
    #[serde(with = "hex::serde")]
    pub public_key: [u8; 65],
    /// Intel's SGX extension, which PCK certificates have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sgx_extension: Option<Readable<SgxExtensionDescription>>,
}

impl From<&Certificate> for CertificateDescription {
    fn from(certificate: &Certificate) -> Self {
        let extension = |der| Readable::of(SgxExtension::from_der(der).map(|read| (&read).into()));
        Self {
            subject: certificate.subject_text(),
            issuer: certificate.issuer_text(),
            serial: certificate.serial().to_vec(),
            not_before: certificate.validity().from,
            not_after: certificate.validity().until,
            public_key: *certificate.public_key(),
            sgx_extension: certificate.sgx_extension().map(extension),
        }
    }
}

/// The fields of Intel's SGX extension under Intel's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SgxExtensionDescription {
    /// PPID.
    #[serde(rename = "PPID", with = "hex::serde")]
    pub ppid: [u8; 16],
    /// FMSPC.
    #[serde(rename = "FMSPC")]
    pub fmspc: Fmspc,
    /// PCEID.
    #[serde(rename = "PCEID", with = "hex::serde")]
    pub pce_id: [u8; 2],
    /// The SVNs of the 16 components, as a list in brackets.
    #[serde(rename = "component SVNs")]
    pub component_svns: String,
    /// PCESVN in decimal.
    #[serde(rename = "PCESVN")]
    pub pce_svn: String,
    /// CPUSVN.
    #[serde(rename = "CPUSVN", with = "hex::serde")]
    pub cpu_svn: [u8; 16],
    /// How the platform protects enclave memory.
    #[serde(rename = "SGX type")]
    pub sgx_type: String,
    /// The fields that only multi-package platforms have.
    #[serde(flatten)]
    pub multi_package: Option<MultiPackageDescription>,
}

/// The fields of the SGX extension that only multi-package platforms have. Flags are `true`, `false` or `absent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MultiPackageDescription {
    /// Names the platform with all its packages.
    #[serde(rename = "platform instance id", with = "hex::serde")]
    pub platform_instance_id: [u8; 16],
    /// Whether packages can be added later.
    #[serde(rename = "dynamic platform")]
    pub dynamic_platform: String,
    /// Whether Intel keeps platform keys.
    #[serde(rename = "cached keys")]
    pub cached_keys: String,
    /// Whether simultaneous multithreading is on.
    #[serde(rename = "SMT enabled")]
    pub smt_enabled: String,
}

impl From<&SgxExtension> for SgxExtensionDescription {
    fn from(extension: &SgxExtension) -> Self {
        let flag = |flag: Option<bool>| flag.map_or("absent".to_owned(), |flag| flag.to_string());
        Self {
            ppid: *extension.ppid(),
            fmspc: extension.fmspc,
            pce_id: *extension.pce_id(),
            component_svns: format!("{:?}", extension.component_svns()),
            pce_svn: extension.pce_svn().to_string(),
            cpu_svn: *extension.cpu_svn(),
            sgx_type: format!("{:?}", extension.sgx_type()),
            multi_package: extension.multi_package().map(|multi| MultiPackageDescription {
                platform_instance_id: multi.platform_instance_id,
                dynamic_platform: flag(multi.dynamic_platform),
                cached_keys: flag(multi.cached_keys),
                smt_enabled: flag(multi.smt_enabled),
            }),
        }
    }
}

/// The fields of a certificate revocation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrlDescription {
    /// The issuer.
    pub issuer: String,
    /// CRL number, big-endian.
    #[serde(with = "hex::serde")]
    pub number: Vec<u8>,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next list is due.
    pub next_update: UnixTime,
    /// How many certificates it revokes.
    pub revoked_certificates: usize,
}

impl From<&Crl> for CrlDescription {
    fn from(crl: &Crl) -> Self {
        Self {
            issuer: crl.issuer_text(),
            number: crl.number().to_vec(),
            this_update: crl.validity().from,
            next_update: crl.validity().until,
            revoked_certificates: crl.len(),
        }
    }
}

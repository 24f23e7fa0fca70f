//! A well-formed quote, field by field; nothing in it is proven.

use abi::quote::{Header, tee_type};
use serde::Serialize;
use zerocopy::FromBytes;

use crate::quote::parse::Quote;
use crate::report::description::body::{EnclaveDescription, ReportByLayout};
use crate::report::description::certification::CertificationDescription;

/// The fields of a quote; nothing in it is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteDescription {
    /// The header.
    pub header: HeaderDescription,
    /// What the quote attests.
    pub body: ReportByLayout,
    /// The report of the quoting enclave.
    pub qe_report: EnclaveDescription,
    /// What vouches for the quoting enclave.
    pub certification: CertificationDescription,
    /// Zero bytes after the quote.
    pub padding_bytes: usize,
}

impl From<&Quote<'_>> for QuoteDescription {
    fn from(quote: &Quote<'_>) -> Self {
        Self {
            header: quote.header().into(),
            body: quote.report().into(),
            qe_report: quote.qe_report().into(),
            certification: (&quote.certification()).into(),
            padding_bytes: quote.padding(),
        }
    }
}

/// The fields of a quote header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderDescription {
    /// Version of the quote.
    pub version: u16,
    /// Kind of the attestation key.
    pub attestation_key_type: u16,
    /// `SGX`, `TDX`, or the number of an unknown TEE in hexadecimal.
    pub tee: String,
    /// SVN of the quoting enclave.
    pub qe_svn: u16,
    /// SVN of the provisioning certification enclave.
    pub pce_svn: u16,
    /// QE vendor id.
    #[serde(with = "hex::serde")]
    pub qe_vendor_id: [u8; 16],
    /// QE id, which names the platform.
    #[serde(with = "hex::serde")]
    pub qe_id: Vec<u8>,
}

impl HeaderDescription {
    /// Describes the header of bytes that begin as an Intel quote does, whether or not the rest can be read.
    pub fn of_intel_quote(bytes: &[u8]) -> Option<Self> {
        let (header, _) = Header::ref_from_prefix(bytes).ok()?;
        (header.qe_vendor_id == abi::quote::INTEL_QE_VENDOR_ID).then(|| header.into())
    }
}

impl From<&Header> for HeaderDescription {
    fn from(header: &Header) -> Self {
        let tee = match header.tee_type.get() {
            tee_type::SGX => "SGX".to_owned(),
            tee_type::TDX => "TDX".to_owned(),
            other => format!("{other:#x}"),
        };
        let (qe_id, _) = header.user_data.split_at(16);
        Self {
            version: header.version.get(),
            attestation_key_type: header.attestation_key_type.get(),
            tee,
            qe_svn: header.qe_svn.get(),
            pce_svn: header.pce_svn.get(),
            qe_vendor_id: header.qe_vendor_id,
            qe_id: qe_id.to_vec(),
        }
    }
}

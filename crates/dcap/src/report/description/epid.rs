//! EPID quotes, which can no longer be verified.

use abi::sgx::ReportBody;
use problem::Problem;
use serde::Serialize;
use zerocopy::FromBytes;

use crate::quote::error::QuoteError;
use crate::report::description::body::EnclaveDescription;

/// The fields of an EPID quote: 48 bytes of header, the enclave's report, and a signature that only Intel's service could check.
/// Fields beyond the end of the bytes are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EpidDescription {
    /// Why it can no longer be verified.
    #[serde(rename = "why it can no longer be verified")]
    pub why_unverifiable: String,
    /// Version of the quote: 1 or 2.
    pub version: Option<u16>,
    /// Whether signatures of one platform can be linked.
    pub linkable: Option<bool>,
    /// EPID group id.
    pub epid_group_id: Option<String>,
    /// SVN of the quoting enclave.
    pub qe_svn: Option<u16>,
    /// SVN of the provisioning certification enclave.
    pub pce_svn: Option<u16>,
    /// The report of the enclave.
    pub sgx_enclave_report: Option<EnclaveDescription>,
}

impl EpidDescription {
    /// Describes the bytes of an EPID quote.
    pub fn of(bytes: &[u8]) -> Self {
        let number =
            |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|two| u16::from_le_bytes(*two));
        let report = bytes.get(48..).and_then(|rest| ReportBody::ref_from_prefix(rest).ok());
        Self {
            why_unverifiable: QuoteError::Epid.help().into_owned(),
            version: number(0),
            linkable: number(2).map(|kind| kind == 1),
            epid_group_id: bytes.get(4..8).map(hex::encode),
            qe_svn: number(8),
            pce_svn: number(10),
            sgx_enclave_report: report.map(|(report, _)| report.into()),
        }
    }
}

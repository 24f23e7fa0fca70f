//! Enclave identity: what Intel says of its quoting enclaves, version 2.

use std::borrow::Cow;

use abi::sgx::ReportBody;
use problem::Problem;
use serde::Deserialize;
use zerocopy::IntoBytes;

use crate::documents::isv_level::{self, IsvLevel};
use crate::documents::known_members;
use crate::documents::signed_document::{self, Content, Document, MAX_DEPTH, MalformedJson, hex_field};
use crate::documents::tcb_status::TcbStatus;
use unix_time::{UnixTime, ValidityPeriod};

/// Which of Intel's enclaves an identity is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[allow(non_camel_case_types)]
pub enum EnclaveId {
    /// Quoting enclave for SGX.
    QE,
    /// Quoting enclave for TDX.
    TD_QE,
    /// Quote verification enclave.
    QVE,
    /// Quote appraisal enclave.
    QAE,
}

impl std::fmt::Display for EnclaveId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// An enclave identity as it was read; nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnclaveIdentity {
    /// Which enclave it is about.
    pub id: EnclaveId,
    /// From issueDate to nextUpdate.
    pub validity: ValidityPeriod,
    /// The set of levels it belongs to: rises with every TCB recovery.
    pub evaluation_data_number: u32,
    misc_select: [u8; 4],
    misc_select_mask: [u8; 4],
    attributes: [u8; 16],
    attributes_mask: [u8; 16],
    /// MRSIGNER that the enclave must have.
    pub mr_signer: [u8; 32],
    /// ISVPRODID that the enclave must have.
    pub isv_prod_id: u16,
    /// Highest first.
    pub levels: Vec<IsvLevel>,
}

/// Which part of an enclave's identity differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityMismatch {
    /// MISCSELECT under its mask.
    #[error("MISCSELECT differs")]
    MiscSelect,
    /// ATTRIBUTES under their mask; a debug quoting enclave differs here.
    #[error("ATTRIBUTES differ")]
    Attributes,
    /// MRSIGNER.
    #[error("MRSIGNER differs")]
    MrSigner,
    /// ISVPRODID.
    #[error("ISVPRODID differs")]
    IsvProdId,
}

impl Problem for IdentityMismatch {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::MiscSelect => "qe_misc_select_mismatch",
            Self::Attributes => "qe_attributes_mismatch",
            Self::MrSigner => "qe_mr_signer_mismatch",
            Self::IsvProdId => "qe_isv_prod_id_mismatch",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "the quote was changed or not made by Intel's quoting enclave; do not trust it".into()
    }
}

impl EnclaveIdentity {
    /// Reads the inner object. The caller verifies the signature over these bytes first.
    ///
    /// # Errors
    /// Where a member is absent or has an impossible value, two levels have one ISVSVN and one date, or the version is not 2.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MalformedJson> {
        Self::of(strict_json::from_slice(bytes, MAX_DEPTH)?)
    }

    fn of(wire: Wire) -> Result<Self, MalformedJson> {
        if wire.version != 2 {
            return Err(MalformedJson::Field(format!(
                "enclave identity version {} is not known, only 2",
                wire.version
            )));
        }
        Ok(Self {
            id: wire.id,
            validity: ValidityPeriod { from: wire.issue_date, until: wire.next_update },
            evaluation_data_number: wire.tcb_evaluation_data_number,
            misc_select: wire.miscselect,
            misc_select_mask: wire.miscselect_mask,
            attributes: wire.attributes,
            attributes_mask: wire.attributes_mask,
            mr_signer: wire.mrsigner,
            isv_prod_id: wire.isvprodid,
            levels: isv_level::of_enclave(wire.tcb_levels)?,
        })
    }

    /// Whether the report is of that enclave, at whichever SVN. (Appraisal step 4.12.)
    pub(crate) fn check(&self, report: &ReportBody) -> Result<(), IdentityMismatch> {
        // The identity writes MISCSELECT byte by byte as it lies in the report.
        if !equal_under_mask(report.misc_select.as_bytes(), &self.misc_select_mask, &self.misc_select) {
            return Err(IdentityMismatch::MiscSelect);
        }
        if !equal_under_mask(report.attributes.as_bytes(), &self.attributes_mask, &self.attributes) {
            return Err(IdentityMismatch::Attributes);
        }
        if report.mr_signer != self.mr_signer {
            return Err(IdentityMismatch::MrSigner);
        }
        if report.isv_prod_id.get() != self.isv_prod_id {
            return Err(IdentityMismatch::IsvProdId);
        }
        Ok(())
    }
}

impl Document for EnclaveIdentity {}

impl Content for EnclaveIdentity {
    const MEMBER: &'static str = "enclaveIdentity";

    fn read(strict: &[u8]) -> Result<Self, MalformedJson> {
        Self::of(signed_document::content(strict)?)
    }

    fn read_known(text: &str) -> Option<Self> {
        Self::of(known_members::read(text)?).ok()
    }
}

fn equal_under_mask(actual: &[u8], mask: &[u8], expected: &[u8]) -> bool {
    actual.len() == expected.len()
        && actual.iter().zip(mask).zip(expected).all(|((actual, mask), expected)| actual & mask == *expected)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: EnclaveId,
    version: u32,
    issue_date: UnixTime,
    next_update: UnixTime,
    tcb_evaluation_data_number: u32,
    #[serde(deserialize_with = "hex_field")]
    miscselect: [u8; 4],
    #[serde(deserialize_with = "hex_field")]
    miscselect_mask: [u8; 4],
    #[serde(deserialize_with = "hex_field")]
    attributes: [u8; 16],
    #[serde(deserialize_with = "hex_field")]
    attributes_mask: [u8; 16],
    #[serde(deserialize_with = "hex_field")]
    mrsigner: [u8; 32],
    isvprodid: u16,
    tcb_levels: Vec<isv_level::Wire<TcbStatus>>,
}

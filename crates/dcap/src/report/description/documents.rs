//! TCB Info and enclave identities, field by field.

use serde::{Serialize, Serializer};
use unix_time::UnixTime;

use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::isv_level::IsvLevel;
use crate::documents::tcb_info::TcbInfo;
use crate::documents::tcb_info::level::TcbLevel;
use crate::documents::tcb_status::TcbStatus;
use crate::pki::sgx_extension::Fmspc;

/// The fields of a TCB Info.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbInfoDescription {
    /// The platform family it is about.
    pub fmspc: Fmspc,
    /// PCEID it is about.
    #[serde(with = "hex::serde")]
    pub pce_id: [u8; 2],
    /// When it was issued.
    pub issue_date: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// Evaluation data number.
    pub evaluation_data_number: u32,
    /// The TCB levels, highest first.
    pub levels: Vec<TcbLevelDescription>,
}

impl From<&TcbInfo> for TcbInfoDescription {
    fn from(info: &TcbInfo) -> Self {
        Self {
            fmspc: info.fmspc,
            pce_id: info.pce_id,
            issue_date: info.validity.from,
            next_update: info.validity.until,
            evaluation_data_number: info.evaluation_data_number,
            levels: info.levels.iter().map(TcbLevelDescription::from).collect(),
        }
    }
}

/// A TCB level of a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbLevelDescription {
    /// The status of platforms at this level.
    pub status: TcbStatus,
    /// The date of the level.
    pub date: UnixTime,
    /// The SVNs that the SGX components need; as text, a list in brackets.
    #[serde(serialize_with = "in_brackets")]
    pub sgx_components: [u8; 16],
    /// The SVNs that the TDX components need; as text, a list in brackets.
    #[serde(serialize_with = "in_brackets_or_null")]
    pub tdx_components: Option<[u8; 16]>,
    /// The PCESVN it needs.
    pub pce_svn: u16,
    /// The advisories that apply to it.
    pub advisory_ids: Vec<String>,
}

impl From<&TcbLevel> for TcbLevelDescription {
    fn from(level: &TcbLevel) -> Self {
        Self {
            status: level.status,
            date: level.date,
            sgx_components: level.sgx_components,
            tdx_components: level.tdx_components,
            pce_svn: level.pce_svn,
            advisory_ids: level.advisory_ids.clone(),
        }
    }
}

/// The fields of an enclave identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityDescription {
    /// MRSIGNER of the enclave.
    #[serde(with = "hex::serde")]
    pub mr_signer: [u8; 32],
    /// ISVPRODID of the enclave.
    pub isv_prod_id: u16,
    /// When it was issued.
    pub issue_date: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// Evaluation data number.
    pub evaluation_data_number: u32,
    /// The TCB levels, highest first.
    pub levels: Vec<IsvLevelDescription>,
}

impl From<&EnclaveIdentity> for IdentityDescription {
    fn from(identity: &EnclaveIdentity) -> Self {
        Self {
            mr_signer: identity.mr_signer,
            isv_prod_id: identity.isv_prod_id,
            issue_date: identity.validity.from,
            next_update: identity.validity.until,
            evaluation_data_number: identity.evaluation_data_number,
            levels: identity.levels.iter().map(IsvLevelDescription::from).collect(),
        }
    }
}

/// A TCB level of an enclave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IsvLevelDescription {
    /// The ISVSVN it needs.
    pub isv_svn: u16,
    /// The status of enclaves at this level.
    pub status: TcbStatus,
    /// The date of the level.
    pub date: UnixTime,
    /// The advisories that apply to it.
    pub advisory_ids: Vec<String>,
}

impl From<&IsvLevel> for IsvLevelDescription {
    fn from(level: &IsvLevel) -> Self {
        Self {
            isv_svn: level.isv_svn,
            status: level.status,
            date: level.date,
            advisory_ids: level.advisory_ids.clone(),
        }
    }
}

fn in_brackets<S: Serializer>(svns: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{svns:?}"))
}

fn in_brackets_or_null<S: Serializer>(svns: &Option<[u8; 16]>, serializer: S) -> Result<S::Ok, S::Error> {
    match svns {
        Some(svns) => in_brackets(svns, serializer),
        None => serializer.serialize_none(),
    }
}

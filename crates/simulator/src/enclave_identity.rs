//! Enclave identity: what simulated Intel says of its quoting enclaves, version 2.
//!
//! Source: Intel PCS API, `/sgx/certification/v4/qe/identity` and `/tdx/certification/v4/qe/identity`.

use serde::Serialize;
use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::isv_level::{self, IsvLevelSpec, WireLevel};
use crate::signed::Specification;
use crate::{signed_json, time};

/// What an enclave identity says. Members are written in Intel's order.
#[derive(Clone, Debug)]
pub struct EnclaveIdentitySpec {
    /// `QE`, `TD_QE`, `QVE` or `QAE`.
    pub id: String,
    /// 2.
    pub version: u32,
    /// Since when it holds.
    pub issue_date: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// The set of levels it belongs to.
    pub tcb_evaluation_data_number: u32,
    /// MISCSELECT under the mask, as it lies in a report.
    pub misc_select: [u8; 4],
    /// Bits of MISCSELECT that count.
    pub misc_select_mask: [u8; 4],
    /// ATTRIBUTES under the mask, as they lie in a report.
    pub attributes: [u8; 16],
    /// Bits of ATTRIBUTES that count.
    pub attributes_mask: [u8; 16],
    /// MRSIGNER of the enclave.
    pub mr_signer: [u8; 32],
    /// ISVPRODID of the enclave.
    pub isv_prod_id: u16,
    /// The levels, highest first.
    pub tcb_levels: Vec<IsvLevelSpec>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    id: &'a str,
    version: u32,
    issue_date: String,
    next_update: String,
    tcb_evaluation_data_number: u32,
    miscselect: String,
    #[serde(rename = "miscselectMask")]
    miscselect_mask: String,
    attributes: String,
    attributes_mask: String,
    mrsigner: String,
    isvprodid: u16,
    tcb_levels: Vec<WireLevel<'a>>,
}

impl Specification for EnclaveIdentitySpec {
    /// The inner object, compact.
    fn to_be_signed(&self) -> Result<Vec<u8>, BuildError> {
        let wire = Wire {
            id: &self.id,
            version: self.version,
            issue_date: time::iso8601(self.issue_date)?,
            next_update: time::iso8601(self.next_update)?,
            tcb_evaluation_data_number: self.tcb_evaluation_data_number,
            miscselect: hex::encode_upper(self.misc_select),
            miscselect_mask: hex::encode_upper(self.misc_select_mask),
            attributes: hex::encode_upper(self.attributes),
            attributes_mask: hex::encode_upper(self.attributes_mask),
            mrsigner: hex::encode_upper(self.mr_signer),
            isvprodid: self.isv_prod_id,
            tcb_levels: isv_level::wire(&self.tcb_levels)?,
        };
        Ok(serde_json::to_vec(&wire)?)
    }

    /// `{"enclaveIdentity":…,"signature":…}`.
    fn assemble(&self, to_be_signed: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
        signed_json::wrap("enclaveIdentity", to_be_signed, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_byte_for_byte_as_intel_writes_it() {
        let level = |isv_svn, tcb_date, tcb_status: &str, advisory_ids: &[&str]| IsvLevelSpec {
            isv_svn,
            tcb_date: UnixTime::from_seconds(tcb_date),
            tcb_status: tcb_status.to_owned(),
            advisory_ids: advisory_ids.iter().map(|&id| id.to_owned()).collect(),
        };
        let mut mr_signer = [0; 32];
        hex::decode_to_slice("8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff", &mut mr_signer)
            .unwrap();
        let spec = EnclaveIdentitySpec {
            id: "QE".to_owned(),
            version: 2,
            issue_date: UnixTime::from_seconds(1_684_162_120),
            next_update: UnixTime::from_seconds(1_686_754_120),
            tcb_evaluation_data_number: 15,
            misc_select: [0; 4],
            misc_select_mask: [0xff; 4],
            attributes: [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            attributes_mask: [0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
            mr_signer,
            isv_prod_id: 1,
            tcb_levels: vec![
                level(8, 1_676_419_200, "UpToDate", &[]),
                level(6, 1_636_502_400, "OutOfDate", &["INTEL-SA-00615"]),
            ],
        };
        let real = concat!(
            r#"{"id":"QE","version":2,"issueDate":"2023-05-15T14:48:40Z","nextUpdate":"2023-06-14T14:48:40Z","#,
            r#""tcbEvaluationDataNumber":15,"miscselect":"00000000","miscselectMask":"FFFFFFFF","#,
            r#""attributes":"11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","#,
            r#""mrsigner":"8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF","isvprodid":1,"#,
            r#""tcbLevels":[{"tcb":{"isvsvn":8},"tcbDate":"2023-02-15T00:00:00Z","tcbStatus":"UpToDate"},"#,
            r#"{"tcb":{"isvsvn":6},"tcbDate":"2021-11-10T00:00:00Z","tcbStatus":"OutOfDate","#,
            r#""advisoryIDs":["INTEL-SA-00615"]}]}"#
        );
        assert_eq!(String::from_utf8(spec.to_be_signed().unwrap()).unwrap(), real);
    }
}

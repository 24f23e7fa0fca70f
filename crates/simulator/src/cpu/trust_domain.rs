//! Reports of trust domains: SEAMREPORT makes them for the TDX module, EVERIFYREPORT2 verifies them for an enclave.

use abi::tdx::{ReportMac, TdInfo, TdReport, TeeTcbInfo};
use aws_lc_rs::digest::{SHA384, digest};
use aws_lc_rs::hmac;
use zerocopy::{FromZeros, IntoBytes};

use super::Cpu;

impl Cpu {
    /// What the TDX module gets for a trust domain: a report that only this machine can verify. `version` is that of the report
    /// type, 0 or 1.
    pub fn seam_report(
        &self,
        version: u8,
        tee_tcb_info: TeeTcbInfo,
        td_info: TdInfo,
        report_data: [u8; 64],
    ) -> TdReport {
        let mut mac = ReportMac {
            report_type: ReportMac::TDX,
            version,
            cpu_svn: self.cpu_svn.bytes(),
            tee_tcb_info_hash: sha384(tee_tcb_info.as_bytes()),
            td_info_hash: sha384(td_info.as_bytes()),
            report_data,
            ..ReportMac::new_zeroed()
        };
        let tag = hmac::sign(&self.td_report_key(), covered(&mac));
        mac.mac.copy_from_slice(tag.as_ref());
        TdReport { mac, tee_tcb_info, td_info, ..TdReport::new_zeroed() }
    }

    /// EVERIFYREPORT2: whether this machine made the report, and nothing in it was changed.
    pub fn everify_report2(&self, report: &TdReport) -> bool {
        let ReportMac { report_type, subtype, version, tee_tcb_info_hash, td_info_hash, .. } = report.mac;
        let is_known = report_type == ReportMac::TDX && subtype == 0 && version <= 1;
        let is_clean = report.reserved == [0; 17]
            && report.mac.reserved1 == [0; 13]
            && report.mac.reserved2 == [0; 32]
            && matches!(report.tee_tcb_info.valid.get(), TeeTcbInfo::VALID_10 | TeeTcbInfo::VALID_15);
        let is_covered = tee_tcb_info_hash == sha384(report.tee_tcb_info.as_bytes())
            && td_info_hash == sha384(report.td_info.as_bytes());
        let is_authentic = hmac::verify(&self.td_report_key(), covered(&report.mac), &report.mac.mac).is_ok();
        is_known && is_clean && is_covered && is_authentic
    }

    fn td_report_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.keys.td_report.as_slice())
    }
}

fn covered(mac: &ReportMac) -> &[u8] {
    mac.as_bytes().get(..ReportMac::COVERED).unwrap_or_default()
}

fn sha384(bytes: &[u8]) -> [u8; 48] {
    let mut hash = [0; 48];
    hash.copy_from_slice(digest(&SHA384, bytes).as_ref());
    hash
}

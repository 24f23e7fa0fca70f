//! What Intel's library tells beside a verdict, in its own terms (`sgx_ql_qv_supplemental_t`, version 3.4).

use aws_lc_rs::digest::{SHA384, digest};
use serde::Serialize;

use crate::documents::tcb_status::TcbStatus;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::sgx_extension::SgxType;
use crate::quote::tee::Tee;
use crate::verify::verified::VerifiedQuote;
use unix_time::UnixTime;

/// Supplemental data of a verified quote. Names and meanings of the fields are Intel's; dates are RFC 3339 and bytes
/// hexadecimal where it is serialised. It is no image of the C structure: its padding is Intel's affair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Supplemental {
    /// When the oldest piece was issued: certificates, revocation lists, TCB Info and QE identity.
    pub earliest_issue_date: UnixTime,
    /// When the newest piece was issued.
    pub latest_issue_date: UnixTime,
    /// When the first piece expires.
    pub earliest_expiration_date: UnixTime,
    /// The earlier one of the dates of the platform's and the quoting enclave's TCB levels.
    pub tcb_level_date_tag: UnixTime,
    /// CRL number of the PCK CRL; absent where it is beyond 32 bits.
    pub pck_crl_num: Option<u32>,
    /// CRL number of the root CA CRL; absent where it is beyond 32 bits.
    pub root_ca_crl_num: Option<u32>,
    /// The lower one of the evaluation numbers of TCB Info and QE identity.
    pub tcb_eval_ref_num: u32,
    /// SHA-384 of the root's public key as an uncompressed point (65 bytes).
    #[serde(serialize_with = "hex::serde::serialize")]
    pub root_key_id: [u8; 48],
    /// PPID in the PCK certificate.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub pck_ppid: [u8; 16],
    /// CPUSVN in the PCK certificate.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub tcb_cpusvn: [u8; 16],
    /// PCESVN in the PCK certificate.
    pub tcb_pce_isvsvn: u16,
    /// PCEID in the PCK certificate.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub pce_id: [u8; 2],
    /// 0 for SGX, 0x81 for TDX.
    pub tee_type: u32,
    /// 0 standard, 1 scalable, 2 scalable with integrity.
    pub sgx_type: u8,
    /// Platform instance id; zero where the Processor CA issued the certificate.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub platform_instance_id: [u8; 16],
    /// Whether packages can be added; absent is Intel's "undefined". (Intel says undefined for false, too.)
    pub dynamic_platform: Option<bool>,
    /// Whether Intel keeps platform keys; absent is "undefined". (Intel says undefined for false, too.)
    pub cached_keys: Option<bool>,
    /// Whether simultaneous multithreading is on; absent is "undefined".
    pub smt_enabled: Option<bool>,
    /// The advisories, separated by commas.
    pub sa_list: String,
    /// When the oldest of QE identity and its issuer chain was issued.
    pub qe_iden_earliest_issue_date: UnixTime,
    /// When the newest of them was issued.
    pub qe_iden_latest_issue_date: UnixTime,
    /// When the first of them expires.
    pub qe_iden_earliest_expiration_date: UnixTime,
    /// Date of the quoting enclave's TCB level.
    pub qe_iden_tcb_level_date_tag: UnixTime,
    /// Evaluation number of the QE identity.
    pub qe_iden_tcb_eval_ref_num: u32,
    /// Status of the quoting enclave.
    pub qe_iden_status: TcbStatus,
    /// Date of the platform's TCB level.
    pub platform_tcb_level_date_tag: UnixTime,
}

impl VerifiedQuote {
    /// Supplemental data of the quote, the platform and the collateral that it was verified with.
    pub fn supplemental(&self) -> Supplemental {
        let (quote, pck, collateral) = (self, self.pck(), self.collateral());
        let (tcb, platform, read) = (quote.tcb(), pck.platform(), collateral.read());
        let (tcb_info, identity) = (collateral.tcb_info(), collateral.qe_identity());
        let mut qe = Dates::of(identity.validity.from, identity.validity.until);
        qe.add_chain(&read.qe_identity_chain);
        let mut all = qe;
        all.add(tcb_info.validity.from, tcb_info.validity.until);
        all.add_chain(&read.tcb_info_chain);
        all.add_chain(&read.pck_crl_chain);
        for crl in [collateral.root_crl(), collateral.pck_crl()] {
            all.add(crl.validity().from, crl.validity().until);
        }
        for period in pck.certificate_validity_periods() {
            all.add(period.from, period.until);
        }
        let multi = platform.multi_package();
        Supplemental {
            earliest_issue_date: all.earliest_issue,
            latest_issue_date: all.latest_issue,
            earliest_expiration_date: all.earliest_expiration,
            tcb_level_date_tag: tcb.platform_date.min(tcb.qe_date),
            pck_crl_num: number(collateral.pck_crl()),
            root_ca_crl_num: number(collateral.root_crl()),
            tcb_eval_ref_num: tcb.evaluation_data_number(),
            root_key_id: sha384(&pck.root().key()),
            pck_ppid: *platform.ppid(),
            tcb_cpusvn: *platform.cpu_svn(),
            tcb_pce_isvsvn: platform.pce_svn(),
            pce_id: *platform.pce_id(),
            tee_type: match quote.tee() {
                Tee::Sgx => abi::quote::tee_type::SGX,
                Tee::Tdx => abi::quote::tee_type::TDX,
            },
            sgx_type: match platform.sgx_type() {
                SgxType::Standard => 0,
                SgxType::Scalable => 1,
                SgxType::ScalableWithIntegrity => 2,
            },
            platform_instance_id: multi.map_or([0; 16], |multi| multi.platform_instance_id),
            dynamic_platform: multi.and_then(|multi| multi.dynamic_platform),
            cached_keys: multi.and_then(|multi| multi.cached_keys),
            smt_enabled: multi.and_then(|multi| multi.smt_enabled),
            sa_list: tcb.advisory_ids.join(","),
            qe_iden_earliest_issue_date: qe.earliest_issue,
            qe_iden_latest_issue_date: qe.latest_issue,
            qe_iden_earliest_expiration_date: qe.earliest_expiration,
            qe_iden_tcb_level_date_tag: tcb.qe_date,
            qe_iden_tcb_eval_ref_num: identity.evaluation_data_number,
            qe_iden_status: tcb.qe_status,
            platform_tcb_level_date_tag: tcb.platform_date,
        }
    }
}

impl Supplemental {
    /// Intel's `collateral_expiration_status` as of a time: whether anything ends then or before. Intel counts the last
    /// second as expired, which verification here still accepts. All eight expiration dates bear on it.
    pub fn is_collateral_expired(&self, at: UnixTime) -> bool {
        self.earliest_expiration_date <= at
    }
}

#[derive(Clone, Copy)]
struct Dates {
    earliest_issue: UnixTime,
    latest_issue: UnixTime,
    earliest_expiration: UnixTime,
}

impl Dates {
    const fn of(issued: UnixTime, expires: UnixTime) -> Self {
        Self { earliest_issue: issued, latest_issue: issued, earliest_expiration: expires }
    }

    fn add(&mut self, issued: UnixTime, expires: UnixTime) {
        self.earliest_issue = self.earliest_issue.min(issued);
        self.latest_issue = self.latest_issue.max(issued);
        self.earliest_expiration = self.earliest_expiration.min(expires);
    }

    fn add_chain(&mut self, chain: &[Certificate]) {
        for certificate in chain {
            self.add(certificate.validity().from, certificate.validity().until);
        }
    }
}

/// CRL numbers are of any length in X.509, of 32 bits in Intel's structure.
fn number(crl: &Crl) -> Option<u32> {
    crl.number().iter().try_fold(0_u32, |number, &byte| number.checked_mul(256)?.checked_add(byte.into()))
}

fn sha384(bytes: &[u8]) -> [u8; 48] {
    let mut hash = [0; 48];
    hash.iter_mut().zip(digest(&SHA384, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

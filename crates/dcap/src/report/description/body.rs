//! Reports of enclaves and trust domains, field by field.

use abi::sgx::{Attributes, ReportBody};
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};
use serde::{Serialize, Serializer};

use crate::quote::report::Report;

/// The fields of a report, of whichever kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // one for each report that is described
pub enum ReportDescription {
    /// The report of an enclave.
    Enclave(EnclaveDescription),
    /// The report of a trust domain.
    TrustDomain(TrustDomainDescription),
}

impl From<&Report> for ReportDescription {
    fn from(report: &Report) -> Self {
        match report {
            Report::SgxEnclave(enclave) => Self::Enclave(enclave.into()),
            Report::Td10(report) => Self::TrustDomain(report.into()),
            Report::Td15(report) => Self::TrustDomain(report.into()),
            Report::Td15Ex(report) => Self::TrustDomain(report.into()),
        }
    }
}

/// The fields of a report under the name of its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(clippy::large_enum_variant)] // one for each report that is described
pub enum ReportByLayout {
    /// An SGX enclave.
    #[serde(rename = "sgxEnclaveReport")]
    SgxEnclave(EnclaveDescription),
    /// A trust domain, TDX 1.0.
    #[serde(rename = "tdReport10")]
    Td10(TrustDomainDescription),
    /// A trust domain, TDX 1.5.
    #[serde(rename = "tdReport15")]
    Td15(TrustDomainDescription),
    /// A trust domain, TDX 1.5 extended.
    #[serde(rename = "tdReport15ex")]
    Td15Ex(TrustDomainDescription),
}

impl From<&Report> for ReportByLayout {
    fn from(report: &Report) -> Self {
        match report {
            Report::SgxEnclave(enclave) => Self::SgxEnclave(enclave.into()),
            Report::Td10(report) => Self::Td10(report.into()),
            Report::Td15(report) => Self::Td15(report.into()),
            Report::Td15Ex(report) => Self::Td15Ex(report.into()),
        }
    }
}

/// The fields of an SGX report body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnclaveDescription {
    /// MRENCLAVE.
    #[serde(with = "hex::serde")]
    pub mr_enclave: [u8; 32],
    /// MRSIGNER.
    #[serde(with = "hex::serde")]
    pub mr_signer: [u8; 32],
    /// ISVPRODID.
    pub isv_prod_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// REPORTDATA.
    #[serde(with = "hex::serde")]
    pub report_data: [u8; 64],
    /// Whether a debugger may read the enclave.
    pub debug: bool,
    /// ATTRIBUTES.
    pub attributes: AttributesDescription,
    /// MISCSELECT.
    pub misc_select: u32,
    /// CPUSVN.
    #[serde(with = "hex::serde")]
    pub cpu_svn: [u8; 16],
    /// CONFIGID.
    #[serde(with = "hex::serde")]
    pub config_id: [u8; 64],
    /// CONFIGSVN.
    pub config_svn: u16,
    /// ISVEXTPRODID.
    #[serde(with = "hex::serde")]
    pub isv_ext_prod_id: [u8; 16],
    /// ISVFAMILYID.
    #[serde(with = "hex::serde")]
    pub isv_family_id: [u8; 16],
}

/// ATTRIBUTES of an enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AttributesDescription {
    /// FLAGS.
    #[serde(serialize_with = "bit_field")]
    pub flags: u64,
    /// XFRM.
    #[serde(serialize_with = "bit_field")]
    pub xfrm: u64,
}

impl From<&Attributes> for AttributesDescription {
    fn from(attributes: &Attributes) -> Self {
        Self { flags: attributes.flags.get(), xfrm: attributes.xfrm.get() }
    }
}

impl From<&ReportBody> for EnclaveDescription {
    fn from(enclave: &ReportBody) -> Self {
        Self {
            mr_enclave: enclave.mr_enclave,
            mr_signer: enclave.mr_signer,
            isv_prod_id: enclave.isv_prod_id.get(),
            isv_svn: enclave.isv_svn.get(),
            report_data: enclave.report_data,
            debug: enclave.attributes.is_debug(),
            attributes: (&enclave.attributes).into(),
            misc_select: enclave.misc_select.get(),
            cpu_svn: enclave.cpu_svn,
            config_id: enclave.config_id,
            config_svn: enclave.config_svn.get(),
            isv_ext_prod_id: enclave.isv_ext_prod_id,
            isv_family_id: enclave.isv_family_id,
        }
    }
}

/// The fields of a report of a trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustDomainDescription {
    /// TEE_TCB_SVN.
    #[serde(with = "hex::serde")]
    pub tee_tcb_svn: [u8; 16],
    /// MRSEAM.
    #[serde(with = "hex::serde")]
    pub mr_seam: [u8; 48],
    /// MRSIGNERSEAM.
    #[serde(with = "hex::serde")]
    pub mr_signer_seam: [u8; 48],
    /// SEAMATTRIBUTES.
    #[serde(with = "hex::serde")]
    pub seam_attributes: [u8; 8],
    /// TDATTRIBUTES.
    #[serde(serialize_with = "bit_field")]
    pub td_attributes: u64,
    /// Whether a debugger or profiler of the host may look into the trust domain.
    pub debug: bool,
    /// XFAM.
    #[serde(serialize_with = "bit_field")]
    pub xfam: u64,
    /// MRTD.
    #[serde(with = "hex::serde")]
    pub mr_td: [u8; 48],
    /// MRCONFIGID.
    #[serde(with = "hex::serde")]
    pub mr_config_id: [u8; 48],
    /// MROWNER.
    #[serde(with = "hex::serde")]
    pub mr_owner: [u8; 48],
    /// MROWNERCONFIG.
    #[serde(with = "hex::serde")]
    pub mr_owner_config: [u8; 48],
    /// RTMR0.
    #[serde(with = "hex::serde")]
    pub rtmr0: [u8; 48],
    /// RTMR1.
    #[serde(with = "hex::serde")]
    pub rtmr1: [u8; 48],
    /// RTMR2.
    #[serde(with = "hex::serde")]
    pub rtmr2: [u8; 48],
    /// RTMR3.
    #[serde(with = "hex::serde")]
    pub rtmr3: [u8; 48],
    /// REPORTDATA.
    #[serde(with = "hex::serde")]
    pub report_data: [u8; 64],
    /// The fields that TDX 1.5 added.
    #[serde(flatten)]
    pub td15: Option<Td15Description>,
    /// The fields of the extended report of TDX 1.5.
    #[serde(flatten)]
    pub td15ex: Option<Td15ExDescription>,
}

/// The fields that TDX 1.5 added to the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Td15Description {
    /// TEE_TCB_SVN2.
    #[serde(with = "hex::serde")]
    pub tee_tcb_svn2: [u8; 16],
    /// MRSERVICETD.
    #[serde(with = "hex::serde")]
    pub mr_service_td: [u8; 48],
}

/// The fields that the extended report of TDX 1.5 adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Td15ExDescription {
    /// VMID.
    pub vm_id: u8,
    /// TD_ID.
    #[serde(with = "hex::serde")]
    pub td_id: [u8; 32],
    /// SHA-384 over the information of assigned devices.
    #[serde(with = "hex::serde")]
    pub dev_info_hash: [u8; 48],
    /// Hash of the service trust domains at launch.
    #[serde(with = "hex::serde")]
    pub init_serv_td_hash: [u8; 48],
    /// Attributes of the service trust domains at launch.
    #[serde(with = "hex::serde")]
    pub init_serv_td_attributes: [u8; 8],
    /// CPUSVN at launch.
    #[serde(with = "hex::serde")]
    pub init_cpu_svn: [u8; 16],
    /// TEE_TCB_SVN at launch.
    #[serde(with = "hex::serde")]
    pub init_tee_tcb_svn: [u8; 16],
    /// FMSPC of the platform at launch, padded.
    #[serde(with = "hex::serde")]
    pub init_tee_fmspc: [u8; 12],
    /// Hash of the current service trust domains.
    #[serde(with = "hex::serde")]
    pub cur_serv_td_hash: [u8; 48],
    /// Attributes of the current service trust domains.
    #[serde(with = "hex::serde")]
    pub cur_serv_td_attributes: [u8; 8],
}

impl From<&TdReport10> for TrustDomainDescription {
    fn from(report: &TdReport10) -> Self {
        let [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr;
        Self {
            tee_tcb_svn: report.tee_tcb_svn,
            mr_seam: report.mr_seam,
            mr_signer_seam: report.mr_signer_seam,
            seam_attributes: report.seam_attributes,
            td_attributes: report.td_attributes.get(),
            debug: report.is_debug(),
            xfam: report.xfam.get(),
            mr_td: report.mr_td,
            mr_config_id: report.mr_config_id,
            mr_owner: report.mr_owner,
            mr_owner_config: report.mr_owner_config,
            rtmr0,
            rtmr1,
            rtmr2,
            rtmr3,
            report_data: report.report_data,
            td15: None,
            td15ex: None,
        }
    }
}

impl From<&TdReport15> for TrustDomainDescription {
    fn from(report: &TdReport15) -> Self {
        let added = Td15Description { tee_tcb_svn2: report.tee_tcb_svn2, mr_service_td: report.mr_service_td };
        Self { td15: Some(added), ..Self::from(&report.base) }
    }
}

impl From<&TdReport15Ex> for TrustDomainDescription {
    fn from(report: &TdReport15Ex) -> Self {
        let extension = Td15ExDescription {
            vm_id: report.vm_id,
            td_id: report.td_id,
            dev_info_hash: report.dev_info_hash,
            init_serv_td_hash: report.init_servtd_hash,
            init_serv_td_attributes: report.init_servtd_attributes,
            init_cpu_svn: report.init_cpu_svn,
            init_tee_tcb_svn: report.init_tee_tcb_svn,
            init_tee_fmspc: report.init_tee_fmspc,
            cur_serv_td_hash: report.cur_servtd_hash,
            cur_serv_td_attributes: report.cur_servtd_attributes,
        };
        Self { td15ex: Some(extension), ..Self::from(&report.base) }
    }
}

/// All 64 bits in hexadecimal.
fn bit_field<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{bits:#018x}"))
}

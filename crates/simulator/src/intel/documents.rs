//! TCB Info and enclave identities when nothing is wrong.

use unix_time::UnixTime;

use crate::architectural::identity::{QE_ISV_PROD_ID, QE_ISV_SVN, TD_QE_ISV_PROD_ID, qe_mr_signer, td_qe_mr_signer};
use crate::enclave_identity::EnclaveIdentitySpec;
use crate::isv_level::IsvLevelSpec;
use crate::machine::{FMSPC, PCE_ID, TEE_TCB_SVN, Tcb};
use crate::tcb_info::{TcbComponent, TcbInfoSpec, TcbLevelSpec, TdxModuleIdentitySpec, TdxModuleSpec};
use crate::time::{DAY, YEAR, midnight};

/// Evaluation number of all simulated TCB Info and QE identities.
pub const EVALUATION_DATA_NUMBER: u32 = 20;

pub(super) const DOCUMENT_LIFETIME: i64 = 30 * DAY;

/// The level that the machine has, and an older one that is out of date.
pub(super) fn tcb_info(at: UnixTime, created: UnixTime) -> TcbInfoSpec {
    let level = |tcb: Tcb, age, status: &str, advisories: &[&str]| TcbLevelSpec {
        components: TcbComponent::list(&tcb.cpu_svn),
        pce_svn: u32::from(tcb.pce_svn),
        tdx_components: None,
        tcb_date: level_date(created, age),
        tcb_status: status.to_owned(),
        advisory_ids: advisories.iter().map(|&id| id.to_owned()).collect(),
    };
    TcbInfoSpec {
        id: "SGX".to_owned(),
        version: 3,
        issue_date: at,
        next_update: at.plus(DOCUMENT_LIFETIME),
        fmspc: hex::encode_upper(FMSPC),
        pce_id: hex::encode_upper(PCE_ID),
        tcb_type: 0,
        tcb_evaluation_data_number: EVALUATION_DATA_NUMBER,
        tdx_module: None,
        tdx_module_identities: None,
        tcb_levels: vec![
            level(Tcb::NEWEST, 90 * DAY, "UpToDate", &[]),
            level(Tcb::OLDER, 2 * YEAR, "OutOfDate", &["INTEL-SA-00615", "INTEL-SA-00657"]),
        ],
    }
}

/// The level that the quoting enclave has, and an older one that is out of date.
pub(super) fn qe_identity(at: UnixTime, created: UnixTime) -> EnclaveIdentitySpec {
    EnclaveIdentitySpec {
        id: "QE".to_owned(),
        version: 2,
        issue_date: at,
        next_update: at.plus(DOCUMENT_LIFETIME),
        tcb_evaluation_data_number: EVALUATION_DATA_NUMBER,
        misc_select: [0; 4],
        misc_select_mask: [0xff; 4],
        // As Intel's: initialised with provisioning key, whether 64-bit or not, never debug, any XFRM.
        attributes: [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        attributes_mask: [0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
        mr_signer: qe_mr_signer(),
        isv_prod_id: QE_ISV_PROD_ID,
        tcb_levels: isv_levels(created, QE_ISV_SVN, 6),
    }
}

/// The same about TDX: each level with components, and two modules that have levels of their own.
pub(super) fn tdx_tcb_info(at: UnixTime, created: UnixTime) -> TcbInfoSpec {
    let identity = |id: &str, newest, older| TdxModuleIdentitySpec {
        id: id.to_owned(),
        module: TdxModuleSpec::intel(),
        tcb_levels: isv_levels(created, newest, older),
    };
    let [module_svn, _, microcode_svn, ..] = TEE_TCB_SVN;
    let mut spec = tcb_info(at, created);
    spec.id = "TDX".to_owned();
    spec.tdx_module = Some(TdxModuleSpec::intel());
    spec.tdx_module_identities = Some(vec![identity("TDX_03", u16::from(module_svn), 3), identity("TDX_01", 11, 4)]);
    // The major version is rated by its identity: levels demand 0.
    let components = [[module_svn, 0, microcode_svn], [3, 0, 9]];
    for (level, [module, major, microcode]) in spec.tcb_levels.iter_mut().zip(components) {
        let svns = [module, major, microcode, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        level.tdx_components = Some(TcbComponent::tdx_list(&svns));
    }
    spec
}

/// Identity of the quoting enclave for trust domains.
pub(super) fn td_qe_identity(at: UnixTime, created: UnixTime) -> EnclaveIdentitySpec {
    EnclaveIdentitySpec {
        id: "TD_QE".to_owned(),
        mr_signer: td_qe_mr_signer(),
        isv_prod_id: TD_QE_ISV_PROD_ID,
        ..qe_identity(at, created)
    }
}

/// The newest level, and an older one that is out of date.
fn isv_levels(created: UnixTime, newest: u16, older: u16) -> Vec<IsvLevelSpec> {
    let level = |isv_svn, age, status: &str, advisories: &[&str]| IsvLevelSpec {
        isv_svn,
        tcb_date: level_date(created, age),
        tcb_status: status.to_owned(),
        advisory_ids: advisories.iter().map(|&id| id.to_owned()).collect(),
    };
    vec![level(newest, 90 * DAY, "UpToDate", &[]), level(older, 2 * YEAR, "OutOfDate", &["INTEL-SA-00615"])]
}

fn level_date(created: UnixTime, age_seconds: i64) -> UnixTime {
    midnight(created.plus(age_seconds.saturating_neg())).max(UnixTime::EPOCH)
}

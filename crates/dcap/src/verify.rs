//! Verifying a quote against a proven platform and verified collateral.

mod error;
pub(crate) mod steps;
pub(crate) mod tcb;

use std::sync::Arc;

use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};

use crate::chain::{self, CertificateFault, Role};
use crate::collateral::{Collateral, CollateralError, VerifiedCollateral};
use crate::memory::{self, Memory};
use crate::pck::{self, PckError, ProvenPck};
use crate::quote::{Body, Quote};
use crate::root::{Root, TrustedRoots};
use crate::sgx_extension::Fmspc;
use crate::tcb_status::TcbStatus;
use crate::tee::Tee;
use unix_time::{UnixTime, ValidityPeriod};

pub use error::VerifyError;
use steps::*;
pub use tcb::{Evaluation, RelaunchRule, RevokedLevel, RevokedPart};

/// What is attested, in a quote that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // one per verified quote, read in place
pub enum Report {
    /// An SGX enclave.
    SgxEnclave(ReportBody),
    /// A trust domain, TDX 1.0.
    Td10(TdReport10),
    /// A trust domain, TDX 1.5.
    Td15(TdReport15),
    /// A trust domain, TDX 1.5 extended.
    Td15Ex(TdReport15Ex),
}

impl Report {
    const fn of(body: Body<'_>) -> Self {
        match body {
            Body::SgxEnclave(report) => Self::SgxEnclave(*report),
            Body::Td10(report) => Self::Td10(*report),
            Body::Td15(report) => Self::Td15(*report),
            Body::Td15Ex(report) => Self::Td15Ex(*report),
        }
    }

    /// The 64 bytes that the attested environment chose.
    pub const fn report_data(&self) -> &[u8; 64] {
        match self {
            Self::SgxEnclave(report) => &report.report_data,
            Self::Td10(report) => &report.report_data,
            Self::Td15(report) => &report.base.report_data,
            Self::Td15Ex(report) => &report.base.base.report_data,
        }
    }

    /// Whether the host can look into the attested environment: through a debugger, or a profiler.
    pub const fn is_debug(&self) -> bool {
        match self {
            Self::SgxEnclave(report) => report.attributes.is_debug(),
            Self::Td10(report) => report.is_debug(),
            Self::Td15(report) => report.base.is_debug(),
            Self::Td15Ex(report) => report.base.base.is_debug(),
        }
    }

    /// The fields that every TD report has, where it is one.
    pub const fn td_report(&self) -> Option<&TdReport10> {
        match self {
            Self::SgxEnclave(_) => None,
            Self::Td10(report) => Some(report),
            Self::Td15(report) => Some(&report.base),
            Self::Td15Ex(report) => Some(&report.base.base),
        }
    }

    /// Whether a service trust domain was bound to it at its launch, or is now.
    pub(crate) fn has_service_td(&self) -> bool {
        let bound = |hash: &[u8; 48]| *hash != [0; 48];
        match self {
            Self::SgxEnclave(_) | Self::Td10(_) => false,
            Self::Td15(report) => bound(&report.mr_service_td),
            Self::Td15Ex(report) => bound(&report.base.mr_service_td) || bound(&report.cur_servtd_hash),
        }
    }
}

/// How up to date the platform is: data for whoever judges, never `Revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// Platform, quoting enclave and TDX module together.
    pub status: TcbStatus,
    /// The platform alone.
    pub platform_status: TcbStatus,
    /// The quoting enclave alone.
    pub qe_status: TcbStatus,
    /// TDX: the module alone, where its major version has an identity of its own.
    pub tdx_module_status: Option<TcbStatus>,
    /// TDX 1.5: everything together with the module as it is now, not as it was at launch.
    pub current_status: Option<TcbStatus>,
    /// The earliest date of the levels reached.
    pub date: UnixTime,
    /// Date of the level that the platform reached.
    pub platform_date: UnixTime,
    /// Date of the level that the quoting enclave reached.
    pub qe_date: UnixTime,
    /// Intel's advisories that apply, sorted, each once.
    pub advisory_ids: Vec<String>,
    /// Evaluation number of TCB Info.
    pub tcb_info_evaluation_data_number: u32,
    /// Evaluation number of the QE identity.
    pub qe_identity_evaluation_data_number: u32,
}

impl Tcb {
    /// The lower of both evaluation numbers, which is what the verdict rests on.
    pub fn evaluation_data_number(&self) -> u32 {
        self.tcb_info_evaluation_data_number.min(self.qe_identity_evaluation_data_number)
    }
}

/// A quote whose signatures, identities, revocation and time windows hold. Whether it is good enough is for
/// [`Requirements`](crate::Requirements) to judge.
///
/// It is made by [`Verifier::verify`] alone:
///
/// ```compile_fail
/// let quote: dcap::VerifiedQuote = Default::default();
/// ```
/// ```compile_fail
/// fn read(json: &str) -> dcap::VerifiedQuote { serde_json::from_str(json).unwrap() }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedQuote {
    version: u16,
    tee: Tee,
    report: Report,
    fmspc: Fmspc,
    root: Root,
    tcb: Tcb,
    valid: ValidityPeriod,
    collateral_issued: UnixTime,
    at: UnixTime,
}

impl VerifiedQuote {
    /// Version of the quote: 3, 4 or 5.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// SGX or TDX.
    pub const fn tee(&self) -> Tee {
        self.tee
    }

    /// What is attested.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The platform family.
    pub const fn fmspc(&self) -> Fmspc {
        self.fmspc
    }

    /// The root that platform and collateral lead to.
    pub const fn root(&self) -> Root {
        self.root
    }

    /// How up to date the platform is.
    pub const fn tcb(&self) -> &Tcb {
        &self.tcb
    }

    /// When chain and collateral are valid: until its end the same verdict would come out again.
    pub const fn validity(&self) -> ValidityPeriod {
        self.valid
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued.
    pub const fn collateral_issued(&self) -> UnixTime {
        self.collateral_issued
    }

    /// As of when it was verified.
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

/// Verifies quotes under one set of roots, and remembers what it has proven of hosts: clones share that memory.
///
/// A quote of a host that it has seen costs one signature, the quote's own; its time windows and revocation are checked
/// every time. What is remembered is bounded and holds no secret: public keys and hashes.
#[derive(Clone, Debug)]
pub struct Verifier {
    roots: TrustedRoots,
    relaunch: RelaunchRule,
    memory: Arc<Memory>,
}

impl Verifier {
    /// A verifier that trusts these roots and remembers some 16,000 hosts, in at most about 15 MiB.
    pub fn new(roots: TrustedRoots) -> Self {
        let memory = Arc::new(Memory::of_hosts(memory::HOSTS));
        Self { roots, relaunch: RelaunchRule::default(), memory }
    }

    /// Remembers so many hosts instead, and nothing so far; with 0 it proves everything on every call.
    #[must_use]
    pub fn remembering(mut self, hosts: usize) -> Self {
        self.memory = Arc::new(Memory::of_hosts(hosts));
        self
    }

    /// Advises relaunches by that rule instead of the current one.
    #[must_use]
    pub const fn relaunch_rule(mut self, rule: RelaunchRule) -> Self {
        self.relaunch = rule;
        self
    }

    /// The roots it trusts.
    pub const fn roots(&self) -> &TrustedRoots {
        &self.roots
    }

    /// Proves the platform of a quote as of `at`: from the chain that the quote carries (certification data of type 5),
    /// otherwise (types 1 to 4) from the chain in PEM beside it, leaf first. A chain beside a quote that has its own is
    /// not looked at. With type 4, which is the leaf, the two certificates above it are enough.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(
        &self,
        quote: &Quote<'_>,
        chain_beside: Option<&[u8]>,
        at: UnixTime,
    ) -> Result<Arc<ProvenPck>, PckError> {
        pck::of_quote(quote.certification(), chain_beside, &self.roots, &self.memory.pcks, at)
    }

    /// Verifies collateral as [`Collateral::verify`] does under this verifier's roots.
    ///
    /// # Errors
    /// See [`CollateralError`]: which piece, and why.
    pub fn verify_collateral(
        &self,
        collateral: Collateral,
        at: UnixTime,
    ) -> Result<VerifiedCollateral, CollateralError> {
        collateral.verify_with(&self.roots, &self.memory, at)
    }

    /// Verifies a quote as of `at`. Numbers are those of the appraisal in Intel's order.
    ///
    /// 1. Platform and collateral lead to one root that this verifier trusts, and every time window contains `at`.
    /// 2. The PCK CRL is that of the platform's CA; neither CA nor platform is revoked.
    /// 3. TCB Info is about this TEE, FMSPC and PCEID. (Step 7.)
    /// 4. TDX: the module is the one that TCB Info describes. (Step 8.)
    /// 5. The PCK signed the QE report. (Step 9.)
    /// 6. The QE report binds the attestation key. (Step 10.)
    /// 7. The quoting enclave is the one of the QE identity. (Step 11.)
    /// 8. The attestation key signed header and body. (Step 12.)
    /// 9. The TCB level is found and not revoked. (Steps 13 to 17.)
    ///
    /// # Errors
    /// See [`VerifyError`]. Forged, expired, revoked, mismatched is an error; out of date is data.
    pub fn verify(
        &self,
        quote: &Quote<'_>,
        pck: &ProvenPck,
        collateral: &VerifiedCollateral,
        at: UnixTime,
    ) -> Result<VerifiedQuote, VerifyError> {
        let (tcb_info, qe_identity) = (collateral.tcb_info(), collateral.qe_identity());
        self.check_root(pck, collateral)?;
        check_windows(pck, collateral, at)?;
        check_pck_ca(pck, collateral.pck_ca())?;
        check_pck_ca_not_revoked(pck, collateral.root_crl())?;
        check_pck_not_revoked(pck, collateral.pck_crl())?;
        check_tcb_info_subject(quote, pck, tcb_info)?;
        check_tdx_module(quote, tcb_info)?;
        check_qe_report_signature(quote, pck, &self.memory.signatures)?;
        check_attestation_key_binding(quote)?;
        check_qe_identity(quote, qe_identity)?;
        check_quote_signature(quote)?;
        let tcb = tcb::evaluate(quote, pck, tcb_info, qe_identity, self.relaunch)?;
        Ok(VerifiedQuote {
            version: quote.version(),
            tee: quote.tee(),
            report: Report::of(quote.body()),
            fmspc: pck.fmspc(),
            root: pck.root(),
            tcb,
            valid: pck.validity().and(collateral.validity()),
            collateral_issued: collateral.issued(),
            at,
        })
    }

    /// Platform and collateral may have been proven under other roots than this verifier's: their types do not say.
    fn check_root(&self, pck: &ProvenPck, collateral: &VerifiedCollateral) -> Result<(), VerifyError> {
        if pck.root() != collateral.root() {
            return Err(VerifyError::OtherRoot);
        }
        if !self.roots.trusts(pck.root()) {
            return Err(chain::fault(Role::Root, CertificateFault::Untrusted).into());
        }
        Ok(())
    }
}

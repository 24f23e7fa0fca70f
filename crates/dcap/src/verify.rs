//! Verifying a quote against a proven platform and verified collateral.

use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};
use aws_lc_rs::digest::{Context, SHA256};

use crate::chain::{self, CertificateError, CertificateFault, Role};
use crate::collateral::{CollateralError, VerifiedCollateral};
use crate::ecdsa;
use crate::enclave_identity::{EnclaveId, IdentityMismatch};
use crate::pck::ProvenPck;
use crate::quote::{Body, Quote};
use crate::root::Root;
use crate::sgx_extension::Fmspc;
use crate::tcb_info::Tee;
use crate::tcb_status::TcbStatus;
use crate::time::{UnixTime, Window};

/// Why a quote is not authentic, or cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Collateral and platform have different roots.
    #[error("platform and collateral lead to different roots")]
    OtherRoot,
    /// A certificate of the platform is revoked or not valid at that time.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A piece of collateral is not valid at that time.
    #[error(transparent)]
    Collateral(#[from] CollateralError),
    /// The PCK CRL is of another CA than the one that issued the platform's certificate.
    #[error("PCK CRL is issued by another CA than the PCK certificate")]
    PckCrlOfOtherCa,
    /// This version verifies SGX quotes.
    #[error("{0} quotes are not verified yet")]
    TeeNotSupported(Tee),
    /// TCB Info about the other TEE.
    #[error("TCB Info is about {tcb_info}, the quote about {quote}")]
    TcbInfoTee {
        /// What TCB Info is about.
        tcb_info: Tee,
        /// What the quote is about.
        quote: Tee,
    },
    /// TCB Info about another platform family.
    #[error("TCB Info is about FMSPC {tcb_info}, the platform has {platform}")]
    Fmspc {
        /// What TCB Info is about.
        tcb_info: Fmspc,
        /// What the platform has.
        platform: Fmspc,
    },
    /// TCB Info about another provisioning certification enclave.
    #[error("TCB Info and PCK certificate have different PCEIDs")]
    PceId,
    /// The platform did not sign the quoting enclave's report.
    #[error("QE report is not signed by the PCK key")]
    QeReportSignature,
    /// The quoting enclave did not vouch for this attestation key.
    #[error("QE report does not hold the hash of attestation key and authentication data")]
    AttestationKeyBinding,
    /// The identity is of another enclave than the quote needs.
    #[error("QE identity is about {identity}, the quote needs {needed}")]
    QeIdentityId {
        /// What the identity is about.
        identity: EnclaveId,
        /// What the quote needs.
        needed: EnclaveId,
    },
    /// The quoting enclave is not Intel's.
    #[error("QE report does not fit the QE identity: {0}")]
    QeIdentity(#[from] IdentityMismatch),
    /// The attestation key did not sign the quote.
    #[error("quote is not signed by its attestation key")]
    QuoteSignature,
    /// The platform is below every level that Intel lists.
    #[error("platform reaches no TCB level of TCB Info")]
    TcbNotSupported,
    /// The quoting enclave is below every level that Intel lists.
    #[error("quoting enclave reaches no TCB level of the QE identity")]
    QeTcbNotSupported,
    /// Intel withdrew this level.
    #[error("TCB level is revoked")]
    TcbRevoked,
}

impl VerifyError {
    /// A stable name of the fault.
    pub fn code(&self) -> String {
        match self {
            Self::Certificate(error) => return error.code(),
            Self::Collateral(error) => return error.code(),
            Self::OtherRoot => "root_mismatch",
            Self::PckCrlOfOtherCa => "pck_crl_wrong_issuer",
            Self::TeeNotSupported(_) => "tee_not_supported",
            Self::TcbInfoTee { .. } => "tcb_info_tee_mismatch",
            Self::Fmspc { .. } => "tcb_info_fmspc_mismatch",
            Self::PceId => "tcb_info_pceid_mismatch",
            Self::QeReportSignature => "qe_report_bad_signature",
            Self::AttestationKeyBinding => "attestation_key_not_bound",
            Self::QeIdentityId { .. } => "qe_identity_id_mismatch",
            Self::QeIdentity(_) => "qe_identity_mismatch",
            Self::QuoteSignature => "quote_bad_signature",
            Self::TcbNotSupported => "tcb_not_supported",
            Self::QeTcbNotSupported => "qe_tcb_not_supported",
            Self::TcbRevoked => "tcb_revoked",
        }
        .to_owned()
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.help(),
            Self::Collateral(error) => error.help(),
            Self::OtherRoot => "do not mix simulated and genuine evidence and collateral",
            Self::PckCrlOfOtherCa => {
                "supply the PCK CRL of the CA that issued the platform's certificate: Platform or Processor"
            }
            Self::TeeNotSupported(_) => "this version verifies SGX quotes; TDX follows",
            Self::TcbInfoTee { .. } | Self::Fmspc { .. } | Self::PceId => {
                "supply the TCB Info of this platform: Intel's /tcb with the platform's FMSPC"
            }
            Self::QeReportSignature
            | Self::AttestationKeyBinding
            | Self::QeIdentityId { .. }
            | Self::QeIdentity(_)
            | Self::QuoteSignature => "the quote was changed or not made by Intel's quoting enclave; do not trust it",
            Self::TcbNotSupported | Self::QeTcbNotSupported => {
                "the platform is older than anything Intel still rates; update microcode and the SGX software"
            }
            Self::TcbRevoked => "Intel withdrew this TCB level; it is never acceptable",
        }
    }
}

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

    /// Whether somebody can read the attested environment through a debugger.
    pub const fn is_debug(&self) -> bool {
        match self {
            Self::SgxEnclave(report) => report.attributes.is_debug(),
            Self::Td10(report) => report.is_debug(),
            Self::Td15(report) => report.base.is_debug(),
            Self::Td15Ex(report) => report.base.base.is_debug(),
        }
    }
}

/// How up to date the platform is: data for whoever judges, never `Revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// Platform and quoting enclave together.
    pub status: TcbStatus,
    /// The platform alone.
    pub platform_status: TcbStatus,
    /// The quoting enclave alone.
    pub qe_status: TcbStatus,
    /// The earliest date of the levels reached.
    pub date: UnixTime,
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
    valid: Window,
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
    pub const fn validity(&self) -> Window {
        self.valid
    }

    /// As of when it was verified.
    pub const fn at(&self) -> UnixTime {
        self.at
    }
}

/// Verifies quotes under one set of roots.
#[derive(Clone, Debug)]
pub struct Verifier {
    roots: crate::root::TrustedRoots,
}

impl Verifier {
    /// A verifier that trusts these roots.
    pub const fn new(roots: crate::root::TrustedRoots) -> Self {
        Self { roots }
    }

    /// The roots it trusts.
    pub const fn roots(&self) -> &crate::root::TrustedRoots {
        &self.roots
    }

    /// Verifies a quote as of `at`. Numbers are those of the appraisal in Intel's order.
    ///
    /// 1. Platform and collateral lead to one root that this verifier trusts, and every time window contains `at`.
    /// 2. The PCK CRL is that of the platform's CA; neither CA nor platform is revoked.
    /// 3. TCB Info is about this TEE, FMSPC and PCEID. (Step 7.)
    /// 4. The PCK signed the QE report. (Step 9.)
    /// 5. The QE report binds the attestation key. (Step 10.)
    /// 6. The quoting enclave is the one of the QE identity. (Step 11.)
    /// 7. The attestation key signed header and body. (Step 12.)
    /// 8. The TCB level is found and not revoked. (Steps 13 to 16.)
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
        self.check_root(pck, collateral)?;
        check_windows(pck, collateral, at)?;
        check_revocation(pck, collateral)?;
        check_tcb_info_subject(quote, pck, collateral)?;
        check_qe_report_signature(quote, pck)?;
        check_attestation_key_binding(quote)?;
        check_qe_identity(quote, collateral)?;
        check_quote_signature(quote)?;
        let tcb = evaluate_tcb(quote, pck, collateral)?;
        Ok(VerifiedQuote {
            version: quote.version(),
            tee: quote.tee(),
            report: Report::of(quote.body()),
            fmspc: pck.fmspc(),
            root: pck.root(),
            tcb,
            valid: pck.validity().and(collateral.validity()),
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

fn check_windows(pck: &ProvenPck, collateral: &VerifiedCollateral, at: UnixTime) -> Result<(), VerifyError> {
    pck.check_window(at)?;
    Ok(collateral.check_windows(at)?)
}

fn check_revocation(pck: &ProvenPck, collateral: &VerifiedCollateral) -> Result<(), VerifyError> {
    let (ours, listed) = (pck.ca(), collateral.pck_ca());
    if ours.public_key() != listed.public_key() || ours.subject() != listed.subject() {
        return Err(VerifyError::PckCrlOfOtherCa);
    }
    // The same CA may have several certificates: this one is not necessarily the one the collateral came with.
    chain::check_not_revoked(ours.serial(), Role::PckCa, collateral.root_crl())?;
    chain::check_not_revoked(pck.leaf().serial(), Role::Pck, collateral.pck_crl())?;
    Ok(())
}

fn check_tcb_info_subject(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    collateral: &VerifiedCollateral,
) -> Result<(), VerifyError> {
    if quote.tee() != Tee::Sgx {
        return Err(VerifyError::TeeNotSupported(quote.tee()));
    }
    let tcb_info = collateral.tcb_info();
    if tcb_info.tee != quote.tee() {
        return Err(VerifyError::TcbInfoTee { tcb_info: tcb_info.tee, quote: quote.tee() });
    }
    if tcb_info.fmspc != pck.fmspc() {
        return Err(VerifyError::Fmspc { tcb_info: tcb_info.fmspc, platform: pck.fmspc() });
    }
    if tcb_info.pce_id != *pck.platform().pce_id() {
        return Err(VerifyError::PceId);
    }
    Ok(())
}

fn check_qe_report_signature(quote: &Quote<'_>, pck: &ProvenPck) -> Result<(), VerifyError> {
    if ecdsa::verifies_raw(pck.key(), quote.qe_report_bytes(), quote.qe_report_signature()) {
        Ok(())
    } else {
        Err(VerifyError::QeReportSignature)
    }
}

/// SHA-256(attestation key, authentication data) stands in the first half of report data, zero in the second.
fn check_attestation_key_binding(quote: &Quote<'_>) -> Result<(), VerifyError> {
    let mut hash = Context::new(&SHA256);
    hash.update(&quote.attestation().attestation_key);
    hash.update(quote.auth_data());
    let hash = hash.finish();
    let (bound, rest) = quote.qe_report().report_data.split_at(32);
    if bound == hash.as_ref() && rest.iter().all(|&byte| byte == 0) {
        Ok(())
    } else {
        Err(VerifyError::AttestationKeyBinding)
    }
}

fn check_qe_identity(quote: &Quote<'_>, collateral: &VerifiedCollateral) -> Result<(), VerifyError> {
    let identity = collateral.qe_identity();
    let needed = match quote.tee() {
        Tee::Sgx => EnclaveId::QE,
        Tee::Tdx => EnclaveId::TD_QE,
    };
    if identity.id != needed {
        return Err(VerifyError::QeIdentityId { identity: identity.id, needed });
    }
    Ok(identity.check(quote.qe_report())?)
}

fn check_quote_signature(quote: &Quote<'_>) -> Result<(), VerifyError> {
    let attestation = quote.attestation();
    let key = ecdsa::point(&attestation.attestation_key);
    if ecdsa::verifies_raw(&key, quote.signed(), &attestation.signature) {
        Ok(())
    } else {
        Err(VerifyError::QuoteSignature)
    }
}

/// The first level reached, highest first, for platform and quoting enclave, and both together.
fn evaluate_tcb(quote: &Quote<'_>, pck: &ProvenPck, collateral: &VerifiedCollateral) -> Result<Tcb, VerifyError> {
    let (tcb_info, identity) = (collateral.tcb_info(), collateral.qe_identity());
    let platform =
        tcb_info.levels.iter().find(|level| level.is_reached_by(pck.platform())).ok_or(VerifyError::TcbNotSupported)?;
    let qe = identity.level_of(quote.qe_report().isv_svn.get()).ok_or(VerifyError::QeTcbNotSupported)?;
    let status = platform.status.converge(qe.status);
    if status == TcbStatus::Revoked {
        return Err(VerifyError::TcbRevoked);
    }
    let mut advisory_ids: Vec<String> = platform.advisory_ids.iter().chain(&qe.advisory_ids).cloned().collect();
    advisory_ids.sort_unstable();
    advisory_ids.dedup();
    Ok(Tcb {
        status,
        platform_status: platform.status,
        qe_status: qe.status,
        date: platform.date.min(qe.date),
        advisory_ids,
        tcb_info_evaluation_data_number: tcb_info.evaluation_data_number,
        qe_identity_evaluation_data_number: identity.evaluation_data_number,
    })
}

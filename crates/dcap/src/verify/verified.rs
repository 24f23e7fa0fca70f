//! A quote that was verified.

use crate::documents::verified::VerifiedCollateral;
use crate::pki::pck::ProvenPck;
use crate::pki::root::Root;
use crate::pki::sgx_extension::Fmspc;
use crate::quote::report::Report;
use crate::quote::tee::Tee;
use crate::verify::tcb::Tcb;
use unix_time::{UnixTime, ValidityPeriod};

/// A quote whose signatures, identities, revocation and validity periods hold. Whether it is good enough is for
/// [`Requirements`](crate::Requirements) to judge.
///
/// It is made by [`Verifier::verify`](crate::Verifier::verify) alone:
///
/// ```compile_fail
/// let quote: dcap::VerifiedQuote = Default::default();
/// ```
/// ```compile_fail
/// fn read(json: &str) -> dcap::VerifiedQuote { serde_json::from_str(json).unwrap() }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedQuote {
    pub(super) version: u16,
    pub(super) tee: Tee,
    pub(super) report: Report,
    pub(super) qe_isv_svn: u16,
    pub(super) pck: ProvenPck,
    pub(super) collateral: VerifiedCollateral,
    pub(super) tcb: Tcb,
    pub(super) at: UnixTime,
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
    pub fn fmspc(&self) -> Fmspc {
        self.pck.fmspc()
    }

    /// The root that platform and collateral lead to.
    pub fn root(&self) -> Root {
        self.pck.root()
    }

    /// How up to date the platform is.
    pub const fn tcb(&self) -> &Tcb {
        &self.tcb
    }

    /// When chain and collateral are valid: until its end the same verdict would come out again.
    pub fn validity(&self) -> ValidityPeriod {
        self.pck.validity().and(self.collateral.validity())
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued.
    pub fn collateral_issued(&self) -> UnixTime {
        self.collateral.issued()
    }

    /// As of when it was verified.
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// The platform that it was verified with.
    pub(crate) const fn pck(&self) -> &ProvenPck {
        &self.pck
    }

    /// The collateral that it was verified with.
    pub(crate) const fn collateral(&self) -> &VerifiedCollateral {
        &self.collateral
    }

    /// ISVSVN of the quoting enclave.
    pub(crate) const fn qe_isv_svn(&self) -> u16 {
        self.qe_isv_svn
    }
}

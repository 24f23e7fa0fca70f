//! A platform whose certificate chain is proven.

use crate::memo::signatures::Signatures;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateError, PLATFORM_CA, Role};
use crate::pki::ecdsa::Point;
use crate::pki::issuer::Issuer;
use crate::pki::pck_error::PckError;
use crate::pki::root::Root;
use crate::pki::sgx_extension::{Fmspc, MalformedSgxExtension, SgxExtension};
use unix_time::{UnixTime, ValidityPeriod};

/// Which CA issued a PCK certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PckCa {
    /// For platforms with one package.
    Processor,
    /// For platforms that register with Intel, with one package or several.
    Platform,
}

/// A platform whose certificate chain leads to a trusted root and was valid when proven. Not yet checked: revocation,
/// which needs collateral.
///
/// It is made by [`ProvenPck::prove`] alone and is the only source of an FMSPC, so that nobody can make us fetch
/// collateral with a certificate of their own making:
///
/// ```compile_fail
/// let pck = dcap::ProvenPck { ca_type: dcap::PckCa::Platform };
/// ```
/// ```compile_fail
/// let pck: dcap::ProvenPck = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct ProvenPck {
    key: Point,
    serial: Box<[u8]>,
    leaf_validity: ValidityPeriod,
    issuer: Issuer,
    ca_type: PckCa,
    platform: SgxExtension,
    valid: ValidityPeriod,
}

impl ProvenPck {
    /// Proves a leaf, whatever the time.
    pub(crate) fn of_leaf(leaf: &Certificate, issuer: Issuer) -> Result<Self, PckError> {
        // Computed here and not recalled: what is remembered of a leaf is all that this function gives.
        chain::check_link(issuer.ca(), leaf, Role::Pck, &Signatures::none())?;
        let periods = issuer.validity_periods(leaf.validity());
        let valid = periods.iter().fold(ValidityPeriod::ALWAYS, |all, (_, period)| all.and(*period));
        let platform = SgxExtension::from_der(leaf.sgx_extension().ok_or(MalformedSgxExtension::Missing)?)?;
        let ca_type = if issuer.ca().common_name() == PLATFORM_CA { PckCa::Platform } else { PckCa::Processor };
        if (ca_type == PckCa::Platform) != platform.multi_package.is_some() {
            return Err(PckError::CaType);
        }
        Ok(Self {
            key: *leaf.public_key(),
            serial: leaf.serial().into(),
            leaf_validity: leaf.validity(),
            issuer,
            ca_type,
            platform,
            valid,
        })
    }

    /// The platform family, for which collateral is to be had.
    pub const fn fmspc(&self) -> Fmspc {
        self.platform.fmspc
    }

    /// The platform and its TCB as the certificate states them.
    pub const fn platform(&self) -> &SgxExtension {
        &self.platform
    }

    /// Which CA issued the certificate, whose revocation list is to be had.
    pub const fn ca_type(&self) -> PckCa {
        self.ca_type
    }

    /// The CA's certificate and the root's: the issuer chain of the PCK revocation list.
    pub fn crl_issuer_chain(&self) -> [&Certificate; 2] {
        [self.issuer.ca(), self.issuer.root_certificate()]
    }

    /// The root that the chain leads to.
    pub fn root(&self) -> Root {
        self.issuer.root()
    }

    /// When the whole chain is valid.
    pub const fn validity(&self) -> ValidityPeriod {
        self.valid
    }

    /// When each certificate of the chain is valid, from leaf to root.
    pub(crate) fn certificate_validity_periods(&self) -> [ValidityPeriod; 3] {
        self.issuer.validity_periods(self.leaf_validity).map(|(_, period)| period)
    }

    pub(crate) const fn key(&self) -> &Point {
        &self.key
    }

    pub(crate) const fn serial(&self) -> &[u8] {
        &self.serial
    }

    pub(crate) fn ca(&self) -> &Certificate {
        self.issuer.ca()
    }

    /// Which certificate of the chain is outside its validity at `at`, if one is.
    pub(crate) fn check_validity(&self, at: UnixTime) -> Result<(), CertificateError> {
        if self.valid.check(at).is_ok() {
            return Ok(());
        }
        chain::check_validity(self.issuer.validity_periods(self.leaf_validity), at).map(drop)
    }
}

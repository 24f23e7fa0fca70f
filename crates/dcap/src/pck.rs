//! The platform's certificate chain, proven: the only source of an FMSPC.

mod certification;
mod error;

use std::sync::Arc;

use crate::certificate::Certificate;
use crate::chain::{self, CertificateError, PLATFORM_CA, Role, fault};
use crate::ecdsa::Point;
use crate::memory::Memory;
use crate::pem::{Blocks, PemError};
use crate::quote::CertificationData;
use crate::root::{Root, TrustedRoots};
use crate::sgx_extension::{Fmspc, MalformedSgxExtension, SgxExtension};
use crate::time::{UnixTime, Window};

pub use error::PckError;

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
    leaf_validity: Window,
    issuer: Issuer,
    ca_type: PckCa,
    platform: SgxExtension,
    valid: Window,
}

/// The CA of a PCK certificate and the root above it, whose signatures are proven.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    ca: Certificate,
    root_certificate: Certificate,
    root: Root,
}

impl ProvenPck {
    /// Proves a PCK chain in PEM (leaf, intermediate, root) as of `at`.
    ///
    /// 1. Three certificates of the DCAP hierarchy.
    /// 2. The last one carries a trusted root key; each one signs the one before it, with the names, constraints and
    ///    key identifiers of its role; all are valid at `at`. (Reference: appraisal steps A 1 and 2.)
    /// 3. The leaf's SGX extension is whole and fits its CA.
    ///
    /// [`Verifier::prove`](crate::Verifier::prove) does the same and remembers it.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(chain_pem: &[u8], roots: &TrustedRoots, at: UnixTime) -> Result<Self, PckError> {
        Self::prove_with(chain_pem, roots, &Memory::none(), at)
    }

    fn prove_with(chain_pem: &[u8], roots: &TrustedRoots, memory: &Memory, at: UnixTime) -> Result<Self, PckError> {
        let mut blocks = Blocks::of(chain_pem, "CERTIFICATE")?;
        let leaf = blocks.next().ok_or(PemError::Empty)??;
        let issuer = Issuer::prove_with(blocks, roots, memory)?;
        let leaf = read(&leaf, Role::Pck)?;
        // Computed here and not recalled: what is remembered of a leaf is all that this function gives.
        chain::check_link(&issuer.ca, &leaf, Role::Pck, &Memory::none())?;
        let valid = chain::check_windows(issuer.windows(leaf.validity()), at)?;
        let platform = SgxExtension::from_der(leaf.sgx_extension().ok_or(MalformedSgxExtension::Missing)?)?;
        let ca_type = if issuer.ca.common_name() == PLATFORM_CA { PckCa::Platform } else { PckCa::Processor };
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
    pub const fn crl_issuer_chain(&self) -> [&Certificate; 2] {
        [&self.issuer.ca, &self.issuer.root_certificate]
    }

    /// The root that the chain leads to.
    pub const fn root(&self) -> Root {
        self.issuer.root
    }

    /// When the whole chain is valid.
    pub const fn validity(&self) -> Window {
        self.valid
    }

    pub(crate) const fn key(&self) -> &Point {
        &self.key
    }

    pub(crate) const fn serial(&self) -> &[u8] {
        &self.serial
    }

    pub(crate) const fn ca(&self) -> &Certificate {
        &self.issuer.ca
    }

    /// Which certificate of the chain is outside its validity at `at`, if one is.
    pub(crate) fn check_window(&self, at: UnixTime) -> Result<(), CertificateError> {
        if self.valid.check(at).is_ok() {
            return Ok(());
        }
        chain::check_windows(self.issuer.windows(self.leaf_validity), at).map(drop)
    }
}

impl Issuer {
    /// Proves what follows the leaf: CA and root. Their windows are checked with the leaf's.
    fn prove_with(blocks: Blocks<'_>, roots: &TrustedRoots, memory: &Memory) -> Result<Self, PckError> {
        let remembered = memory.issuer(&roots.sha256(), blocks.rest());
        if let Some(issuer) = remembered.value {
            return Ok(issuer);
        }
        let rest = blocks.collect::<Result<Vec<_>, _>>()?;
        let [ca, root] =
            <[Vec<u8>; 2]>::try_from(rest).map_err(|rest| PckError::Length(rest.len().saturating_add(1)))?;
        let (ca, root_certificate) = (read(&ca, Role::PckCa)?, read(&root, Role::Root)?);
        let chain = [(&ca, Role::PckCa), (&root_certificate, Role::Root)];
        let root = chain::prove_signatures(&chain, roots, memory)?;
        let issuer = Self { ca, root_certificate, root };
        remembered.keep(issuer.clone());
        Ok(issuer)
    }

    fn windows(&self, leaf: Window) -> [(Role, Window); 3] {
        [(Role::Pck, leaf), (Role::PckCa, self.ca.validity()), (Role::Root, self.root_certificate.validity())]
    }
}

/// Proves the platform of a quote, from its own chain or the one beside it; a chain that was proven before is recalled and
/// its windows are checked again.
pub(crate) fn of_quote(
    certification: CertificationData<'_>,
    beside: Option<&[u8]>,
    roots: &TrustedRoots,
    memory: &Memory,
    at: UnixTime,
) -> Result<Arc<ProvenPck>, PckError> {
    let chain = certification::chain(certification, beside)?;
    let remembered = memory.pck(&roots.sha256(), &chain);
    let pck = if let Some(pck) = &remembered.value {
        pck.check_window(at)?;
        Arc::clone(pck)
    } else {
        let pck = Arc::new(ProvenPck::prove_with(&chain, roots, memory, at)?);
        remembered.keep(Arc::clone(&pck));
        pck
    };
    certification::check_platform(certification, pck.platform())?;
    Ok(pck)
}

fn read(der: &[u8], role: Role) -> Result<Certificate, PckError> {
    Certificate::from_der(der).map_err(|error| PckError::Certificate(fault(role, error)))
}

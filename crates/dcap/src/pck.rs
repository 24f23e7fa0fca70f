//! The platform's certificate chain, proven: the only source of an FMSPC.

use crate::certificate::{Certificate, MalformedCertificate};
use crate::chain::{self, CertificateError, PLATFORM_CA, Role, fault};
use crate::ecdsa::Point;
use crate::pem::{self, PemError};
use crate::root::{Root, TrustedRoots};
use crate::sgx_extension::{Fmspc, MalformedSgxExtension, SgxExtension};
use crate::time::{UnixTime, Window};

/// Why a PCK chain proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PckError {
    /// The chain is no PEM.
    #[error("PCK certificate chain cannot be read")]
    Pem(#[from] PemError),
    /// Another number of certificates than leaf, intermediate, root.
    #[error("PCK certificate chain has {0} certificates, not 3")]
    Length(usize),
    /// A certificate may not play its part.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The leaf's SGX extension cannot be used.
    #[error("PCK certificate's SGX extension cannot be used")]
    SgxExtension(#[from] MalformedSgxExtension),
    /// Platform instance id and configuration belong to the Platform CA alone.
    #[error("PCK certificate has a platform instance id where its CA gives none, or the reverse")]
    CaType,
}

impl PckError {
    /// A stable name of the fault.
    pub fn code(&self) -> String {
        match self {
            Self::Pem(_) => "pck_chain_malformed".to_owned(),
            Self::Length(_) => "pck_chain_length_wrong".to_owned(),
            Self::Certificate(error) => error.code(),
            Self::SgxExtension(_) => "pck_certificate_sgx_extension_malformed".to_owned(),
            Self::CaType => "pck_certificate_wrong_ca".to_owned(),
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.help(),
            _ => "the chain must be PEM: PCK certificate, its CA, root; obtain the quote again",
        }
    }
}

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
    leaf: Certificate,
    ca: Certificate,
    root_certificate: Certificate,
    ca_type: PckCa,
    platform: SgxExtension,
    root: Root,
    valid: Window,
}

impl ProvenPck {
    /// Proves a PCK chain in PEM (leaf, intermediate, root) as of `at`.
    ///
    /// 1. Three certificates of the DCAP hierarchy.
    /// 2. The last one carries a trusted root key; each one signs the one before it, with the names, constraints and
    ///    key identifiers of its role; all are valid at `at`. (Reference: appraisal steps A 1 and 2.)
    /// 3. The leaf's SGX extension is whole and fits its CA.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(chain_pem: &[u8], roots: &TrustedRoots, at: UnixTime) -> Result<Self, PckError> {
        let [leaf, ca, root_certificate] = read_chain(chain_pem)?;
        let chain = [(&leaf, Role::Pck), (&ca, Role::PckCa), (&root_certificate, Role::Root)];
        let (root, valid) = chain::prove(&chain, roots, at)?;
        let platform = SgxExtension::from_der(leaf.sgx_extension().ok_or(MalformedSgxExtension::Missing)?)?;
        let ca_type = if ca.common_name() == PLATFORM_CA { PckCa::Platform } else { PckCa::Processor };
        if (ca_type == PckCa::Platform) != platform.multi_package.is_some() {
            return Err(PckError::CaType);
        }
        Ok(Self { leaf, ca, root_certificate, ca_type, platform, root, valid })
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
        [&self.ca, &self.root_certificate]
    }

    /// The root that the chain leads to.
    pub const fn root(&self) -> Root {
        self.root
    }

    /// When the whole chain is valid.
    pub const fn validity(&self) -> Window {
        self.valid
    }

    pub(crate) const fn key(&self) -> &Point {
        self.leaf.public_key()
    }

    pub(crate) const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    pub(crate) const fn ca(&self) -> &Certificate {
        &self.ca
    }

    /// Which certificate of the chain is outside its validity at `at`, if one is.
    pub(crate) fn check_window(&self, at: UnixTime) -> Result<(), CertificateError> {
        for (certificate, role) in
            [(&self.leaf, Role::Pck), (&self.ca, Role::PckCa), (&self.root_certificate, Role::Root)]
        {
            certificate.validity().check(at).map_err(|outside| fault(role, outside))?;
        }
        Ok(())
    }
}

fn read_chain(chain_pem: &[u8]) -> Result<[Certificate; 3], PckError> {
    let blocks = pem::blocks(chain_pem, "CERTIFICATE")?;
    let [leaf, ca, root] = <[Vec<u8>; 3]>::try_from(blocks).map_err(|blocks| PckError::Length(blocks.len()))?;
    let read = |der: Vec<u8>, role| {
        Certificate::from_der(&der).map_err(|error: MalformedCertificate| PckError::Certificate(fault(role, error)))
    };
    Ok([read(leaf, Role::Pck)?, read(ca, Role::PckCa)?, read(root, Role::Root)?])
}

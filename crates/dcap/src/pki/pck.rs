//! Proving a platform by its PCK certificate chain: the only source of an FMSPC.
//!
//! Nothing is cached here; [`crate::memo::pcks`] calls these functions for what it does not know yet.

use std::borrow::Cow;
use std::sync::Arc;

use crate::memo::signatures::Signatures;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateError, PLATFORM_CA, Role};
use crate::pki::ecdsa::Point;
use crate::pki::pck_error::PckError;
use crate::pki::pem::{self, Blocks, CERTIFICATE, PemError};
use crate::pki::root::{Root, TrustedRoots};
use crate::pki::sgx_extension::{Fmspc, MalformedSgxExtension, SgxExtension};
use crate::quote::parse::CertificationData;
use unix_time::{UnixTime, ValidityPeriod};

/// The CA that issued a PCK certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PckCa {
    /// For platforms with one package.
    Processor,
    /// For platforms that register with Intel, with one package or several.
    Platform,
}

/// A platform whose certificate chain leads to a trusted root and was valid when proven. Not yet checked: revocation,
/// which needs collateral. Clones share what was proven.
///
/// It is made by [`ProvenPck::prove`] and [`Verifier::prove`](crate::Verifier::prove) alone and is the only source of an FMSPC,
/// so that nobody can make us fetch collateral with a certificate of their own making:
///
/// ```compile_fail
/// fn prove(key: [u8; 65]) -> dcap::ProvenPck { dcap::ProvenPck { key } }
/// ```
/// ```compile_fail
/// let pck: dcap::ProvenPck = Default::default();
/// ```
#[derive(Clone, Debug)]
pub struct ProvenPck(Arc<Platform>);

#[derive(Debug)]
struct Platform {
    key: Point,
    serial: Box<[u8]>,
    leaf_validity: ValidityPeriod,
    issuer: Issuer,
    ca_type: PckCa,
    extension: SgxExtension,
    /// Of the whole chain.
    validity: ValidityPeriod,
}

impl ProvenPck {
    /// Proves a PCK chain in PEM (leaf, intermediate, root) as of `at`. (Appraisal steps 2.2 to 2.5 and 2.7.)
    ///
    /// [`Verifier::prove`](crate::Verifier::prove) does the same for a quote, and remembers it.
    ///
    /// # Errors
    /// See [`PckError`].
    pub fn prove(chain_pem: &[u8], roots: &TrustedRoots, at: UnixTime) -> Result<Self, PckError> {
        let chain = PckChain::parse(chain_pem)?;
        let pck = chain.prove_platform(chain.prove_issuer(roots)?)?;
        pck.check_validity(at)?;
        Ok(pck)
    }

    /// The platform family, which selects collateral.
    pub fn fmspc(&self) -> Fmspc {
        self.0.extension.fmspc
    }

    /// The platform and its TCB as the certificate states them.
    pub fn platform(&self) -> &SgxExtension {
        &self.0.extension
    }

    /// The CA that issued the certificate, and whose revocation list applies.
    pub fn ca_type(&self) -> PckCa {
        self.0.ca_type
    }

    /// The CA's certificate and the root's: the issuer chain of the PCK revocation list.
    pub fn crl_issuer_chain(&self) -> [&Certificate; 2] {
        [self.0.issuer.ca(), self.0.issuer.root_certificate()]
    }

    /// The root that the chain leads to.
    pub fn root(&self) -> Root {
        self.0.issuer.root()
    }

    /// The period in which the whole chain is valid.
    pub fn validity(&self) -> ValidityPeriod {
        self.0.validity
    }

    /// The validity period of each certificate of the chain, from leaf to root.
    pub(crate) fn certificate_validity_periods(&self) -> [ValidityPeriod; 3] {
        self.roles_and_validity_periods().map(|(_, period)| period)
    }

    pub(crate) fn key(&self) -> &Point {
        &self.0.key
    }

    pub(crate) fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    pub(crate) fn ca(&self) -> &Certificate {
        self.0.issuer.ca()
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// Appraisal step 2.7: the three certificates are valid at `at`.
    pub(crate) fn check_validity(&self, at: UnixTime) -> Result<(), CertificateError> {
        if self.0.validity.check(at).is_ok() {
            return Ok(());
        }
        chain::check_validity(self.roles_and_validity_periods(), at).map(drop)
    }

    fn roles_and_validity_periods(&self) -> [(Role, ValidityPeriod); 3] {
        let [ca, root] = self.0.issuer.validity_periods();
        [(Role::Pck, self.0.leaf_validity), ca, root]
    }
}

/// A CA of PCK certificates under a trusted root: signatures, names and constraints are proven, time and revocation not.
/// Clones share what was proven.
#[derive(Clone, Debug)]
pub(crate) struct Issuer(Arc<IssuerChain>);

#[derive(Debug)]
struct IssuerChain {
    ca: Certificate,
    root_certificate: Certificate,
    root: Root,
}

impl Issuer {
    /// Proves a CA and a root by the rules of certificate chains. (Appraisal steps 2.3 and 3.1.)
    pub(crate) fn prove(
        ca: Certificate,
        root_certificate: Certificate,
        roots: &TrustedRoots,
    ) -> Result<Self, CertificateError> {
        let chain = [(&ca, Role::PckCa), (&root_certificate, Role::Root)];
        // Nothing is looked up in a cache of signatures: the issuer itself is cached.
        let root = chain::prove(&chain, roots, &Signatures::none())?;
        Ok(Self(Arc::new(IssuerChain { ca, root_certificate, root })))
    }

    pub(crate) fn ca(&self) -> &Certificate {
        &self.0.ca
    }

    pub(crate) fn root_certificate(&self) -> &Certificate {
        &self.0.root_certificate
    }

    pub(crate) fn root(&self) -> Root {
        self.0.root
    }

    /// The validity periods of CA and root.
    pub(crate) fn validity_periods(&self) -> [(Role, ValidityPeriod); 2] {
        [(Role::PckCa, self.0.ca.validity()), (Role::Root, self.0.root_certificate.validity())]
    }
}

/// A PCK chain in PEM: the leaf, and the CA and root that follow it. Nothing is proven.
pub(crate) struct PckChain<'t> {
    leaf: &'t str,
    issuer: Blocks<'t>,
}

impl<'t> PckChain<'t> {
    pub(crate) fn parse(chain_pem: &'t [u8]) -> Result<Self, PckError> {
        let (leaf, issuer) = Blocks::of(chain_pem, CERTIFICATE)?.split_first()?;
        Ok(Self { leaf, issuer })
    }

    /// The leaf in base64, with its line ends.
    pub(crate) const fn leaf_text(&self) -> &'t str {
        self.leaf
    }

    /// CA and root in PEM.
    pub(crate) const fn issuer_text(&self) -> &'t str {
        self.issuer.text()
    }

    /// Appraisal steps 2.2 and 2.3 (CA and root): two certificates follow the leaf, and lead to a trusted root.
    pub(crate) fn prove_issuer(&self, roots: &TrustedRoots) -> Result<Issuer, PckError> {
        let blocks = self.issuer.clone().collect::<Result<Vec<_>, _>>()?;
        let [ca, root] =
            <[Vec<u8>; 2]>::try_from(blocks).map_err(|blocks| PckError::Length(blocks.len().saturating_add(1)))?;
        let (ca, root) = (certificate(&ca, Role::PckCa)?, certificate(&root, Role::Root)?);
        Ok(Issuer::prove(ca, root, roots)?)
    }

    /// Appraisal steps 2.3 to 2.5 (leaf): its CA issued it, and its SGX extension is complete and fits that CA. Its
    /// validity is not checked.
    pub(crate) fn prove_platform(&self, issuer: Issuer) -> Result<ProvenPck, PckError> {
        let leaf = certificate(&pem::decode(self.leaf, 0)?, Role::Pck)?;
        // Nothing is looked up in a cache of signatures: the platform itself is cached.
        chain::check_link(issuer.ca(), &leaf, Role::Pck, &Signatures::none())?;
        // Appraisal step 2.4: the extension is complete, and nothing in it is unknown.
        let extension = SgxExtension::from_der(leaf.sgx_extension().ok_or(MalformedSgxExtension::Missing)?)?;
        let ca_type = check_ca_type(&issuer, &extension)?;
        let [ca, root] = issuer.validity_periods();
        Ok(ProvenPck(Arc::new(Platform {
            key: *leaf.public_key(),
            serial: leaf.serial().into(),
            leaf_validity: leaf.validity(),
            ca_type,
            extension,
            validity: leaf.validity().and(ca.1).and(root.1),
            issuer,
        })))
    }
}

fn certificate(der: &[u8], role: Role) -> Result<Certificate, CertificateError> {
    Certificate::from_der(der).map_err(|error| chain::fault(role, error))
}

/// Appraisal step 2.5: the Platform CA, and no other, gives a platform instance id and configuration.
fn check_ca_type(issuer: &Issuer, extension: &SgxExtension) -> Result<PckCa, PckError> {
    let ca_type = if issuer.ca().common_name() == PLATFORM_CA { PckCa::Platform } else { PckCa::Processor };
    if (ca_type == PckCa::Platform) == extension.multi_package.is_some() { Ok(ca_type) } else { Err(PckError::CaType) }
}

/// Appraisal step 2.1: the chain in PEM is the quote's own (certification data of type 5), or the one supplied with it (types
/// 1 to 4). With type 4 the quote has the leaf, and its issuer chain alone is enough.
pub(crate) fn chain_of<'a>(
    certification: CertificationData<'a>,
    supplied: Option<&'a [u8]>,
) -> Result<Cow<'a, [u8]>, PckError> {
    match (certification, supplied) {
        (CertificationData::PckChain(chain), _) => Ok(Cow::Borrowed(chain)),
        (CertificationData::PlatformIdentity(_, _), Some(supplied)) => Ok(Cow::Borrowed(supplied)),
        (CertificationData::PckCertificate(leaf), Some(supplied)) => with_leaf(leaf, supplied),
        (CertificationData::PlatformIdentity(kind, _), None) => Err(PckError::NoChain(kind)),
        (CertificationData::PckCertificate(_), None) => Err(PckError::NoChain(4)),
    }
}

/// Appraisal step 2.6 (certification data of type 4): the quote's leaf, DER or PEM, before the issuer chain that was
/// supplied. A supplied chain with a leaf must have the quote's.
fn with_leaf<'a>(leaf: &[u8], supplied: &'a [u8]) -> Result<Cow<'a, [u8]>, PckError> {
    let leaf = if leaf.starts_with(b"-----BEGIN") {
        let [leaf] = <[Vec<u8>; 1]>::try_from(pem::blocks(leaf, CERTIFICATE)?)
            .map_err(|blocks| PckError::Length(blocks.len().saturating_add(2)))?;
        leaf
    } else {
        leaf.to_vec()
    };
    let mut blocks = Blocks::of(supplied, CERTIFICATE)?;
    let first = blocks.next().ok_or(PemError::Empty)??;
    let more = blocks.collect::<Result<Vec<_>, _>>()?.len();
    match more {
        1 => Ok(Cow::Owned([pem::encode(&leaf, CERTIFICATE).as_bytes(), supplied].concat())),
        _ if first == leaf => Ok(Cow::Borrowed(supplied)),
        _ => Err(PckError::OtherPlatform("PCK certificate")),
    }
}

/// Appraisal step 2.6 (certification data of types 1 to 3): the platform is the one that they name, by PCEID, and by PPID where
/// that is clear. Its SVNs may be above those of the certificate. The signature of the QE report (step 4.10) binds quote and
/// platform in the end.
pub(crate) fn check_platform(certification: CertificationData<'_>, pck: &ProvenPck) -> Result<(), PckError> {
    let CertificationData::PlatformIdentity(_, identity) = certification else { return Ok(()) };
    let platform = pck.platform();
    if !identity.ends_with(platform.pce_id()) {
        return Err(PckError::OtherPlatform("PCEID"));
    }
    let is_clear = identity.len() == platform.ppid().len().saturating_add(20);
    if is_clear && !identity.starts_with(platform.ppid()) {
        return Err(PckError::OtherPlatform("PPID"));
    }
    Ok(())
}

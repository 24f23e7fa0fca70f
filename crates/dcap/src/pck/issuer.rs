//! A PCK CA and the root above it: who issues PCK certificates and their revocation list.

use crate::certificate::Certificate;
use crate::chain::{self, CertificateError, Role, fault};
use crate::memory::Memory;
use crate::root::{Root, TrustedRoots};
use crate::time::Window;

/// A CA of PCK certificates under a trusted root: signatures, names and constraints are proven, time and revocation not.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    ca: Certificate,
    root_certificate: Certificate,
    root: Root,
}

impl Issuer {
    /// Proves two certificates in DER, or recalls them.
    pub(super) fn read(
        ca: &[u8],
        root: &[u8],
        roots: &TrustedRoots,
        memory: &Memory,
    ) -> Result<Self, CertificateError> {
        let remembered = memory.issuer(&roots.sha256(), ca, root);
        if let Some(issuer) = remembered.value {
            return Ok(issuer);
        }
        let issuer = Self::prove_anew(read(ca, Role::PckCa)?, read(root, Role::Root)?, roots, memory)?;
        remembered.keep(issuer.clone());
        Ok(issuer)
    }

    /// Proves two certificates, or recalls them.
    pub(crate) fn prove(
        ca: &Certificate,
        root: &Certificate,
        roots: &TrustedRoots,
        memory: &Memory,
    ) -> Result<Self, CertificateError> {
        let remembered = memory.issuer(&roots.sha256(), ca.der(), root.der());
        if let Some(issuer) = remembered.value {
            return Ok(issuer);
        }
        let issuer = Self::prove_anew(ca.clone(), root.clone(), roots, memory)?;
        remembered.keep(issuer.clone());
        Ok(issuer)
    }

    fn prove_anew(
        ca: Certificate,
        root_certificate: Certificate,
        roots: &TrustedRoots,
        memory: &Memory,
    ) -> Result<Self, CertificateError> {
        let chain = [(&ca, Role::PckCa), (&root_certificate, Role::Root)];
        let root = chain::prove_signatures(&chain, roots, memory)?;
        Ok(Self { ca, root_certificate, root })
    }

    pub(crate) const fn ca(&self) -> &Certificate {
        &self.ca
    }

    pub(crate) const fn root_certificate(&self) -> &Certificate {
        &self.root_certificate
    }

    pub(crate) const fn root(&self) -> Root {
        self.root
    }

    /// The windows of a chain with that leaf's, from leaf to root.
    pub(super) fn windows(&self, leaf: Window) -> [(Role, Window); 3] {
        let [ca, root] = self.own_windows();
        [(Role::Pck, leaf), ca, root]
    }

    /// Its own two windows.
    pub(crate) fn own_windows(&self) -> [(Role, Window); 2] {
        [(Role::PckCa, self.ca.validity()), (Role::Root, self.root_certificate.validity())]
    }
}

pub(super) fn read(der: &[u8], role: Role) -> Result<Certificate, CertificateError> {
    Certificate::from_der(der).map_err(|error| fault(role, error))
}

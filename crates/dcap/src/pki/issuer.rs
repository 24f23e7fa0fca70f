//! A PCK CA and the root above it: who issues PCK certificates and their revocation list.

use std::sync::Arc;

use crate::memo::facts::fact;
use crate::memo::signatures::Signatures;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateError, Role, fault};
use crate::pki::root::{Root, TrustedRoots};
use unix_time::ValidityPeriod;

/// A CA of PCK certificates under a trusted root: signatures, names and constraints are proven, time and revocation not.
/// Clones share what was proven.
#[derive(Clone, Debug)]
pub(crate) struct Issuer(Arc<Proven>);

#[derive(Debug)]
struct Proven {
    ca: Certificate,
    root_certificate: Certificate,
    root: Root,
    /// CA and root in PEM, as they follow the leaf in quotes.
    text: Box<str>,
    /// Names text and trusted roots, by SHA-256.
    fact: [u8; 32],
}

impl Issuer {
    /// Proves a CA and a root, which were read from that text.
    pub(crate) fn prove(
        ca: Certificate,
        root_certificate: Certificate,
        text: &str,
        roots: &TrustedRoots,
    ) -> Result<Self, CertificateError> {
        let chain = [(&ca, Role::PckCa), (&root_certificate, Role::Root)];
        // Computed and not recalled: what is remembered is all that comes out here.
        let root = chain::prove(&chain, roots, &Signatures::none())?;
        let fact = fact(b"PCK issuer", &[roots.sha256(), text.as_bytes()]);
        Ok(Self(Arc::new(Proven { ca, root_certificate, root, text: text.into(), fact })))
    }

    /// The text that it was read from.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// Names this issuer and the roots under which it is proven.
    pub(crate) fn fact(&self) -> &[u8; 32] {
        &self.0.fact
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

    /// The validity periods of a chain with that leaf's, from leaf to root.
    pub(crate) fn validity_periods(&self, leaf: ValidityPeriod) -> [(Role, ValidityPeriod); 3] {
        let [ca, root] = self.own_validity_periods();
        [(Role::Pck, leaf), ca, root]
    }

    /// Its own two validity periods.
    pub(crate) fn own_validity_periods(&self) -> [(Role, ValidityPeriod); 2] {
        [(Role::PckCa, self.0.ca.validity()), (Role::Root, self.0.root_certificate.validity())]
    }
}

pub(crate) fn certificate(der: &[u8], role: Role) -> Result<Certificate, CertificateError> {
    Certificate::from_der(der).map_err(|error| fault(role, error))
}

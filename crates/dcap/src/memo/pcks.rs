//! A cache of platforms and their issuers that were proven under one set of roots.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use crate::memo::facts::{Digest, Facts, fact};
use crate::pki::certificate::Certificate;
use crate::pki::chain::CertificateError;
use crate::pki::pck::{self, Issuer, PckChain, ProvenPck};
use crate::pki::pck_error::PckError;
use crate::pki::pem::{self, CERTIFICATE};
use crate::pki::root::TrustedRoots;
use crate::quote::parse::CertificationData;

/// The most issuers that are cached. Intel has two PCK CAs, with a few certificates each.
const ISSUERS: usize = 64;

/// Platforms that were proven, and the CAs that issued their certificates.
pub(crate) struct KnownPcks {
    roots: TrustedRoots,
    leaves: Facts<ProvenPck>,
    issuers: RwLock<VecDeque<KnownIssuer>>,
    max_issuers: usize,
}

/// An issuer under the text that it was read from.
#[derive(Clone)]
struct KnownIssuer {
    issuer: Issuer,
    /// CA and root in PEM, as they follow the leaf in quotes.
    text: Arc<str>,
    /// Names text and trusted roots.
    digest: Digest,
}

impl KnownPcks {
    /// Room for about so many platforms.
    pub(crate) fn new(roots: TrustedRoots, platforms: usize) -> Self {
        Self { roots, leaves: Facts::new(platforms), issuers: RwLock::default(), max_issuers: platforms.min(ISSUERS) }
    }

    pub(crate) const fn roots(&self) -> &TrustedRoots {
        &self.roots
    }

    pub(crate) fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Proves the platform of a quote from its own chain or the supplied one, or finds it in the cache. Its validity is not
    /// checked. (Appraisal steps 2.1 to 2.6.)
    pub(crate) fn prove(
        &self,
        certification: CertificationData<'_>,
        supplied: Option<&[u8]>,
    ) -> Result<ProvenPck, PckError> {
        let chain = pck::chain_of(certification, supplied)?;
        let pck = self.prove_chain(&PckChain::parse(&chain)?)?;
        pck::check_platform(certification, &pck)?;
        Ok(pck)
    }

    /// Proves a CA and a root, or finds them in the cache.
    pub(crate) fn prove_issuer(&self, ca: &Certificate, root: &Certificate) -> Result<Issuer, CertificateError> {
        // As quoting libraries write it: after the CA's revocation list was verified, the CA is known when its platforms come.
        let text = [ca, root].map(|certificate| pem::encode(certificate.der(), CERTIFICATE)).concat();
        let text = text.trim_end();
        if let Some(known) = self.issuer(text) {
            return Ok(known.issuer);
        }
        Ok(self.keep_issuer(Issuer::prove(ca.clone(), root.clone(), &self.roots)?, text).issuer)
    }

    fn prove_chain(&self, chain: &PckChain<'_>) -> Result<ProvenPck, PckError> {
        let text = chain.issuer_text();
        let issuer = match self.issuer(text) {
            Some(known) => known,
            None => self.keep_issuer(chain.prove_issuer(&self.roots)?, text),
        };
        let remembered = self.leaves.recall(|| fact(b"PCK leaf", &[&issuer.digest, chain.leaf_text().as_bytes()]));
        if let Some(pck) = remembered.value {
            return Ok(pck);
        }
        let pck = chain.prove_platform(issuer.issuer)?;
        remembered.keep(pck.clone());
        Ok(pck)
    }

    /// The issuer that was read from that text. There are few: comparing finds it soonest.
    fn issuer(&self, text: &str) -> Option<KnownIssuer> {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        issuers.iter().find(|known| *known.text == *text).cloned()
    }

    /// Keeps an issuer that was proven just now; the oldest is dropped for it.
    fn keep_issuer(&self, issuer: Issuer, text: &str) -> KnownIssuer {
        let digest = fact(b"PCK issuer", &[self.roots.sha256(), text.as_bytes()]);
        let known = KnownIssuer { issuer, text: text.into(), digest };
        if self.max_issuers > 0 {
            let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
            if issuers.len() >= self.max_issuers {
                issuers.pop_front();
            }
            issuers.push_back(known.clone());
        }
        known
    }
}

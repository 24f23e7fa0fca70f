//! Platforms and their issuers that were proven under one set of roots.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use crate::memo::facts::{Digest, Facts, Remembered, fact};
use crate::pki::issuer::Issuer;
use crate::pki::pck::ProvenPck;

/// Intel has two PCK CAs, with a few certificates each.
const ISSUERS: usize = 64;

/// Platforms that were proven, and the CAs above them.
pub(crate) struct KnownPcks {
    leaves: Facts<Arc<ProvenPck>>,
    issuers: RwLock<VecDeque<Issuer>>,
    most_issuers: usize,
}

impl KnownPcks {
    /// Room for about so many platforms.
    pub(crate) fn new(platforms: usize) -> Self {
        let most_issuers = platforms.min(ISSUERS);
        Self { leaves: Facts::new(platforms), issuers: RwLock::default(), most_issuers }
    }

    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Self::new(0)
    }

    pub(crate) fn len(&self) -> usize {
        self.leaves.len()
    }

    /// The platform of that leaf, base64, where it was proven under that issuer.
    pub(crate) fn leaf(&self, issuer: &Digest, leaf: &str) -> Remembered<'_, Arc<ProvenPck>> {
        self.leaves.recall(|| fact(b"PCK leaf", &[issuer, leaf.as_bytes()]))
    }

    /// The CA and root in PEM that follow a leaf, where they were proven. There are few: comparing finds them soonest.
    pub(crate) fn issuer(&self, text: &str) -> Option<Issuer> {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        issuers.iter().find(|issuer| issuer.text() == text).cloned()
    }

    /// Keeps a CA that was proven just now; the oldest gives way.
    pub(crate) fn keep_issuer(&self, issuer: &Issuer) {
        if self.most_issuers == 0 {
            return;
        }
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if issuers.len() >= self.most_issuers {
            issuers.pop_front();
        }
        issuers.push_back(issuer.clone());
    }
}

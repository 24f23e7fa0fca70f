//! Signed documents that a choice can be made of, and their signers.
//!
//! A signer is found by verifying signatures, which is what costs time here: documents are tried best first, and no key
//! is tried twice on one.

use std::cmp::Reverse;

use dcap::{Certificate, Document, Piece, SignedDocument};
use unix_time::{UnixTime, ValidityPeriod};

use crate::choose::error::ChooseError;
use crate::choose::taken::Taken;
use crate::set::{CollateralSet, Source};

/// The common name that Intel gives to certificates of who signs documents.
const SIGNER: &str = "Intel SGX TCB Signing";

/// More keys than may have signed a piece: the certificates of many Intels, one genuine and the rest simulated.
pub(crate) const MAX_KEYS: usize = 64;

/// A document that is about the platform.
pub(crate) struct Candidate<'a, T> {
    source: &'a Source,
    document: &'a SignedDocument<T>,
    validity: ValidityPeriod,
    number: u32,
    version: u32,
}

impl<T> Clone for Candidate<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Candidate<'_, T> {}

impl<'a, T: Document> Candidate<'a, T> {
    pub(crate) fn new(
        source: &'a Source,
        document: &'a SignedDocument<T>,
        validity: ValidityPeriod,
        number: u32,
        version: u32,
    ) -> Self {
        Self { source, document, validity, number, version }
    }

    /// What is greater is better; what the document says comes last, so that no order of files decides.
    fn rank(&self, at: UnixTime) -> impl Ord + use<'a, T> {
        (nearness(self.validity, at), self.number, self.validity.from, self.version, self.document.body())
    }
}

/// A document with a certificate of its signer.
pub(crate) struct Signed<'a, T> {
    candidate: Candidate<'a, T>,
    pub(crate) signer: &'a Certificate,
}

impl<T> Clone for Signed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Signed<'_, T> {}

impl<'a, T> Signed<'a, T> {
    pub(crate) const fn document(&self) -> &'a SignedDocument<T> {
        self.candidate.document
    }

    pub(crate) const fn number(&self) -> u32 {
        self.candidate.number
    }

    pub(crate) fn taken(&self, piece: Piece) -> Taken {
        Taken {
            piece,
            source: self.candidate.source.shown.clone(),
            evaluation_data_number: Some(self.candidate.number),
            validity: self.candidate.validity,
        }
    }
}

/// The documents of one kind about the platform, the best first; there is at least one.
pub(crate) struct Candidates<'a, T> {
    set: &'a CollateralSet,
    piece: Piece,
    at: UnixTime,
    ordered: Vec<Candidate<'a, T>>,
}

impl<'a, T: Document> Candidates<'a, T> {
    pub(crate) fn new(
        set: &'a CollateralSet,
        piece: Piece,
        about: String,
        candidates: impl Iterator<Item = Candidate<'a, T>>,
        at: UnixTime,
    ) -> Result<Self, ChooseError> {
        let mut ordered: Vec<_> = candidates.collect();
        if ordered.is_empty() {
            return Err(ChooseError::Missing { piece, about });
        }
        ordered.sort_by_cached_key(|candidate| Reverse(candidate.rank(at)));
        Ok(Self { set, piece, at, ordered })
    }

    /// The best document. One with a known signer goes before one without.
    pub(crate) fn best(&self) -> Result<Signed<'a, T>, ChooseError> {
        self.ordered.iter().find_map(|candidate| self.signed(candidate)).ok_or(ChooseError::NoSigner(self.piece))
    }

    /// The best document of each number among those that are valid, the highest number first. An error where no document
    /// at all has a known signer.
    pub(crate) fn valid_by_number(&self) -> Result<Vec<Signed<'a, T>>, ChooseError> {
        let mut found: Vec<Signed<'a, T>> = Vec::new();
        // Those that are valid come first, by number.
        for candidate in self.ordered.iter().take_while(|candidate| candidate.validity.check(self.at).is_ok()) {
            if found.last().is_none_or(|last| last.number() != candidate.number) {
                found.extend(self.signed(candidate));
            }
        }
        if found.is_empty() {
            self.best()?;
        }
        Ok(found)
    }

    fn signed(&self, candidate: &Candidate<'a, T>) -> Option<Signed<'a, T>> {
        let signer = self.set.signer_of(candidate.document, self.at)?;
        Some(Signed { candidate: *candidate, signer })
    }
}

impl CollateralSet {
    /// The certificate of the key that signed the document; of several the one valid at `at`, or nearest to it. No more
    /// than [`MAX_KEYS`] keys are tried, those first whose certificates are named as a signer's.
    pub(crate) fn signer_of<T: Document>(&self, document: &SignedDocument<T>, at: UnixTime) -> Option<&Certificate> {
        // A platform's own key signs no documents, and there may be as many of them as there are machines.
        let possible = || self.certificates().filter(|certificate| certificate.sgx_extension().is_none());
        let is_signer = |certificate: &&Certificate| certificate.common_name() == SIGNER;
        let mut tried: Vec<&[u8; 65]> = Vec::new();
        for certificate in possible().filter(is_signer).chain(possible().filter(|one| !is_signer(one))) {
            let key = certificate.public_key();
            if tried.contains(&key) {
                continue;
            }
            if document.is_signed_by(certificate) {
                return valid_or_nearest(possible().filter(|certificate| certificate.public_key() == key), at);
            }
            tried.push(key);
            if tried.len() == MAX_KEYS {
                break;
            }
        }
        None
    }

    /// The root certificate that signed that certificate; of several the one valid at `at`, or nearest to it.
    pub(crate) fn root_of(&self, signer: &Certificate, at: UnixTime) -> Option<&Certificate> {
        let roots = self.certificates().filter(|certificate| certificate.is_self_issued()).take(MAX_KEYS);
        valid_or_nearest(roots.filter(|root| root.signed(signer)), at)
    }

    fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter().map(|(_, certificate)| certificate)
    }
}

fn valid_or_nearest<'a>(certificates: impl Iterator<Item = &'a Certificate>, at: UnixTime) -> Option<&'a Certificate> {
    certificates.max_by_key(|certificate| (nearness(certificate.validity(), at), certificate.validity().until))
}

/// Valid at the time ranks highest; otherwise the smaller the gap the higher.
fn nearness(period: ValidityPeriod, at: UnixTime) -> Reverse<i64> {
    let before = period.from.seconds().saturating_sub(at.seconds());
    let after = at.seconds().saturating_sub(period.until.seconds());
    Reverse(before.max(after).max(0))
}

//! Pieces of collateral from wherever they were found.

use std::collections::BTreeMap;

use dcap::{Certificate, Crl, EnclaveIdentity, SignedDocument, TcbInfo, Tee};
use serde::Serialize;
use unix_time::UnixTime;

use crate::form::reference::ReferenceCollateral;
use crate::form::response::Response;
use crate::piece::{Container, Contents, Form};
use crate::sniff::sniff;
use crate::unrecognised::Unrecognised;

/// Pieces of collateral; nothing about them is proven.
#[derive(Clone, Debug, Default)]
pub struct CollateralSet {
    pub(crate) tcb_infos: Vec<(Source, SignedDocument<TcbInfo>)>,
    pub(crate) identities: Vec<(Source, SignedDocument<EnclaveIdentity>)>,
    pub(crate) crls: Vec<(Source, Crl)>,
    pub(crate) certificates: Vec<(Source, Certificate)>,
    pub(crate) unrecognised: Vec<PassedOver>,
}

/// A file that was skipped because it is not collateral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Its name.
    pub source: String,
    /// The reason: the error with its causes.
    pub reason: String,
}

/// Where a piece came from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file, with the member where one file holds several pieces.
    pub(crate) shown: String,
    /// What the bundle it came in says: where it was before.
    in_bundle: Option<String>,
}

impl Source {
    /// What a bundle says of it. A bundle of a bundle says the same as the first.
    pub(crate) fn recorded(&self) -> &str {
        self.in_bundle.as_deref().unwrap_or(&self.shown)
    }
}

impl CollateralSet {
    /// Adds what the bytes hold under the name of where they came from: all of it, or nothing.
    ///
    /// # Errors
    /// Where they are no collateral, or damaged.
    pub fn add(&mut self, source: &str, bytes: &[u8]) -> Result<(), Unrecognised> {
        match sniff(bytes)? {
            Contents::Piece(piece) => self.add_piece(Source { shown: source.to_owned(), in_bundle: None }, *piece),
            Contents::Several(container, pieces) => self.add_several(source, container, pieces),
        }
        Ok(())
    }

    /// Adds what Intel's reference structure holds.
    ///
    /// # Errors
    /// Where one of its members cannot be read; nothing is added then.
    pub fn add_reference(&mut self, source: &str, collateral: &ReferenceCollateral<'_>) -> Result<(), Unrecognised> {
        self.add_several(source, Container::Reference, collateral.pieces()?);
        Ok(())
    }

    /// Adds what a response of Intel's service or of a cache holds.
    ///
    /// # Errors
    /// Where its status is not 200, or body or chain cannot be read; nothing is added then.
    pub fn add_response(&mut self, source: &str, response: &Response<'_>) -> Result<(), Unrecognised> {
        self.add_several(source, Container::Response, response.pieces()?);
        Ok(())
    }

    fn add_several(&mut self, source: &str, container: Container, pieces: Vec<(String, Form)>) {
        for (name, piece) in pieces {
            let shown = format!("{source}#{name}");
            let in_bundle = (container == Container::Bundle).then_some(name);
            self.add_piece(Source { shown, in_bundle }, piece);
        }
    }

    fn add_piece(&mut self, source: Source, piece: Form) {
        match piece {
            Form::TcbInfo(document) => self.tcb_infos.push((source, document)),
            Form::Identity(document) => self.identities.push((source, document)),
            Form::Crl(crl) => self.crls.push((source, crl)),
            Form::Certificates(certificates) => {
                self.certificates.extend(certificates.into_iter().map(|certificate| (source.clone(), certificate)));
            }
        }
    }

    /// The evaluation data numbers of the TCB Infos about that TEE that are valid at `at`, each with the newest date of a level
    /// in them. It is what the documents say: nobody's signature is looked at.
    pub fn evaluation_data_numbers(&self, tee: Tee, at: UnixTime) -> BTreeMap<u32, UnixTime> {
        let mut numbers = BTreeMap::new();
        let infos = self.tcb_infos.iter().map(|(_, document)| document.content());
        for info in infos.filter(|info| info.tee == tee && info.validity.check(at).is_ok()) {
            if let Some(newest) = info.levels.iter().map(|level| level.date).max() {
                let date = numbers.entry(info.evaluation_data_number).or_insert(newest);
                *date = newest.max(*date);
            }
        }
        numbers
    }

    /// Files that were no collateral, with the reason.
    pub fn unrecognised(&self) -> &[PassedOver] {
        &self.unrecognised
    }
}

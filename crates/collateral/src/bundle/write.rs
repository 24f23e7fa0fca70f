//! Writing a bundle: the same pieces give the same bytes, whatever order they came in and however often.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dcap::{Document, SignedDocument, pem};
use unix_time::UnixTime;

use crate::bundle::error::{BUNDLE_VERSION, BundleError, MAX_BUNDLE, MAX_BUNDLE_PIECES};
use crate::bundle::piece::Piece;
use crate::piece::Kind;
use crate::set::CollateralSet;
use evidence::BUNDLE_FORMAT;

/// Where a piece stands: by kind, what it is about, evaluation number, time of issue. What it is in the bundle comes
/// last, so that only the same pieces share a place.
type Place = (Kind, String, u32, UnixTime, String);

impl CollateralSet {
    /// Every piece once in one bundle, which [`CollateralSet::add`] and [`CollateralSet::load`] read again. The same
    /// pieces give the same bytes, in whatever order they were added.
    ///
    /// # Errors
    /// Where they are more than a bundle may hold: [`BundleError::TooManyPieces`], [`BundleError::TooLong`].
    pub fn to_bundle(&self) -> Result<Vec<u8>, BundleError> {
        write(self)
    }
}

/// The bundle of a set. Of a piece that is there twice one is kept, with the source that sorts first.
fn write(set: &CollateralSet) -> Result<Vec<u8>, BundleError> {
    let places = places(set);
    if places.len() > MAX_BUNDLE_PIECES {
        return Err(BundleError::TooManyPieces);
    }
    let mut text = format!("{{\n\"format\": \"{BUNDLE_FORMAT}\",\n\"version\": {BUNDLE_VERSION},\n\"pieces\": [");
    let mut line_end = "\n";
    for ((kind, .., contents), source) in places {
        text.push_str(line_end);
        text.push_str(&serde_json::to_string(&piece(kind, source.to_owned(), contents)).map_err(BundleError::Piece)?);
        line_end = ",\n";
        if text.len() > MAX_BUNDLE {
            return Err(BundleError::TooLong);
        }
    }
    text.push_str("\n]\n}\n");
    Ok(text.into_bytes())
}

fn piece(kind: Kind, source: String, contents: String) -> Piece {
    match kind {
        Kind::TcbInfo => Piece::TcbInfo { source, document: contents },
        Kind::Identity => Piece::Identity { source, document: contents },
        Kind::Crl => Piece::Crl { source, der: contents },
        Kind::Certificate => Piece::Certificate { source, pem: contents },
    }
}

fn places(set: &CollateralSet) -> BTreeMap<Place, &str> {
    let tcb_infos = set.tcb_infos.iter().map(|(source, document)| {
        let info = document.content();
        let about = format!("{} {}", info.fmspc_text(), info.tee);
        let text = wrapped(document);
        ((Kind::TcbInfo, about, info.evaluation_data_number, info.validity.from, text), source)
    });
    let identities = set.identities.iter().map(|(source, document)| {
        let identity = document.content();
        let text = wrapped(document);
        let about = identity.id.to_string();
        ((Kind::Identity, about, identity.evaluation_data_number, identity.validity.from, text), source)
    });
    let crls = set.crls.iter().map(|(source, crl)| {
        ((Kind::Crl, crl.issuer_text(), 0, crl.validity().from, STANDARD.encode(crl.der())), source)
    });
    let certificates = set.certificates.iter().map(|(source, certificate)| {
        let pem = pem::encode(certificate.der(), "CERTIFICATE");
        ((Kind::Certificate, certificate.subject_text(), 0, certificate.validity().from, pem), source)
    });
    let mut places = BTreeMap::new();
    for (place, source) in tcb_infos.chain(identities).chain(crls).chain(certificates) {
        let kept = places.entry(place).or_insert(source.recorded());
        *kept = (*kept).min(source.recorded());
    }
    places
}

/// The document around its exact bytes, which are UTF-8 because they were read as JSON.
fn wrapped<T: Document>(document: &SignedDocument<T>) -> String {
    String::from_utf8_lossy(&document.wrapped()).into_owned()
}

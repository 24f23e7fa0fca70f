//! Reading a bundle. Nothing that it does not know passes: an unknown member might mean something.

use std::fmt;

use dcap::{Crl, MAX_DEPTH, SignedDocument};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::bundle::error::{BUNDLE_VERSION, BundleError, MAX_BUNDLE, MAX_BUNDLE_PIECES};
use crate::bundle::piece::Piece;
use crate::form::encoding;
use crate::piece::Form;
use crate::unrecognised::Unrecognised;

/// What tells the version, whatever else there is.
#[derive(Deserialize)]
struct Head {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<'a> {
    #[serde(rename = "format")]
    _format: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(borrow)]
    pieces: Pieces<'a>,
}

/// The pieces, each with the source that the bundle gives.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<(String, Form)>, Unrecognised> {
    let bundle = whole(bytes)?;
    let read = |(number, piece): (usize, &&RawValue)| {
        read_piece(piece.get()).map_err(|error| error.of_member(format!("pieces[{number}]")))
    };
    bundle.pieces.first.iter().enumerate().map(read).collect()
}

fn whole(bytes: &[u8]) -> Result<Whole<'_>, BundleError> {
    if bytes.len() > MAX_BUNDLE {
        return Err(BundleError::TooLong);
    }
    let Head { version } = strict_json::from_slice(bytes, MAX_DEPTH)?;
    if version != BUNDLE_VERSION {
        return Err(BundleError::Version(version));
    }
    let bundle: Whole<'_> = serde_json::from_slice(bytes).map_err(strict_json::Error::Content)?;
    if bundle.pieces.are_more { Err(BundleError::TooManyPieces) } else { Ok(bundle) }
}

fn read_piece(text: &str) -> Result<(String, Form), Unrecognised> {
    Ok(match serde_json::from_str(text).map_err(BundleError::Piece)? {
        Piece::TcbInfo { source, document } => {
            (source, Form::TcbInfo(SignedDocument::from_wrapper(document.as_bytes())?))
        }
        Piece::Identity { source, document } => {
            (source, Form::Identity(SignedDocument::from_wrapper(document.as_bytes())?))
        }
        Piece::Crl { source, der } => (source, Form::Crl(Crl::from_der(&encoding::base64_der(&der)?)?)),
        Piece::Certificate { source, pem } => (source, Form::Certificates(encoding::certificates(pem.as_bytes())?)),
    })
}

/// The elements of `pieces`, no more of them than there may be.
struct Pieces<'a> {
    first: Vec<&'a RawValue>,
    are_more: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Pieces<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PiecesVisitor)
    }
}

struct PiecesVisitor;

impl<'de> Visitor<'de> for PiecesVisitor {
    type Value = Pieces<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of pieces")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < MAX_BUNDLE_PIECES {
            match elements.next_element()? {
                Some(piece) => first.push(piece),
                None => return Ok(Pieces { first, are_more: false }),
            }
        }
        let are_more = elements.next_element::<IgnoredAny>()?.is_some();
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Pieces { first, are_more })
    }
}

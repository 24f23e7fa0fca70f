//! What a choice took, for people.

use dcap::Piece;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use unix_time::ValidityPeriod;

/// A piece that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which piece.
    pub piece: Piece,
    /// The file it came from, with the member where one file holds several pieces.
    pub source: String,
    /// Its evaluation number; revocation lists have none.
    pub evaluation_data_number: Option<u32>,
    /// When it is valid.
    pub validity: ValidityPeriod,
}

impl Serialize for Taken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { piece, source, evaluation_data_number, validity } = self;
        let mut members = serializer.serialize_struct("Taken", 5)?;
        members.serialize_field("piece", &piece.to_string())?;
        members.serialize_field("source", source)?;
        members.serialize_field("evaluationDataNumber", evaluation_data_number)?;
        members.serialize_field("issued", &validity.from)?;
        members.serialize_field("until", &validity.until)?;
        members.end()
    }
}

//! What a choice took, for people.

use dcap::Piece;
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

//! Why bytes are no bundle, and the bounds of one.

use std::borrow::Cow;

use problem::Problem;

/// The value of the member `version`.
pub const BUNDLE_VERSION: u64 = 1;
/// More bytes than the collateral of any fleet has: some 3,000 platform families.
pub const MAX_BUNDLE: usize = 64 << 20;
/// More pieces than any fleet has, the certificate of each machine counted.
pub const MAX_BUNDLE_PIECES: usize = 1 << 14;

/// Why bytes are no bundle, or pieces do not fit in one.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Longer than [`MAX_BUNDLE`].
    #[error("collateral bundle is longer than {MAX_BUNDLE} bytes")]
    TooLong,
    /// More pieces than [`MAX_BUNDLE_PIECES`].
    #[error("collateral bundle has more than {MAX_BUNDLE_PIECES} pieces")]
    TooManyPieces,
    /// Of a version that is not known.
    #[error("collateral bundle is of version {0}, which is not known, only {BUNDLE_VERSION}")]
    Version(u64),
    /// No strict JSON, or with members too many, too few, or of another type.
    #[error("collateral bundle cannot be read")]
    Json(#[from] strict_json::Error),
    /// What is said in an element of `pieces` is not what a piece has.
    #[error("piece of a collateral bundle cannot be read")]
    Piece(#[source] serde_json::Error),
}

impl Problem for BundleError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "collateral_bundle_too_long",
            Self::TooManyPieces => "collateral_bundle_too_many_pieces",
            Self::Version(_) => "collateral_bundle_version_unknown",
            Self::Json(_) => "collateral_bundle_malformed",
            Self::Piece(_) => "collateral_bundle_piece_malformed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::TooLong | Self::TooManyPieces => "make several bundles, each for a part of the platforms",
            Self::Version(_) => "use the Veritee that made it, or a newer one",
            Self::Json(_) | Self::Piece(_) => {
                "make the bundle again with `veritee collateral bundle`; it is not for editing"
            }
        };
        text.into()
    }
}

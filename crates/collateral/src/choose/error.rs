//! Why there is no collateral for a platform.

use std::borrow::Cow;

use dcap::Piece;
use problem::Problem;

/// Why there is no collateral for a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// No such piece.
    #[error("there is no {piece} for {about}")]
    Missing {
        /// Which piece.
        piece: Piece,
        /// What it should be about.
        about: String,
    },
    /// A signed document, and no certificate that signed it.
    #[error("there is no certificate of the signer of the {0}")]
    NoSigner(Piece),
}

impl Problem for ChooseError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Missing { .. } => "collateral_missing",
            Self::NoSigner(_) => "collateral_signer_missing",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Missing { .. } => "add the piece: fetch it from Intel's service or your cache for this platform",
            Self::NoSigner(_) => "add the issuer chain that came with the document (TCB signing certificate and root)",
        };
        text.into()
    }
}

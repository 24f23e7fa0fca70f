//! A piece in a bundle.

use serde::{Deserialize, Serialize};

/// A piece as it stands in a bundle.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Piece {
    /// The document with its signature, as Intel's service sends it.
    TcbInfo { source: String, document: String },
    /// The same.
    Identity { source: String, document: String },
    /// DER in base64.
    Crl { source: String, der: String },
    /// PEM.
    Certificate { source: String, pem: String },
}

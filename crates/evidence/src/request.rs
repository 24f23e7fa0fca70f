//! What is to be appraised, and under which conditions.

use serde_json::{Map, Value};
use unix_time::UnixTime;

use crate::anchors::Anchors;
use crate::kind::Kind;

/// Evidence to be appraised.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The kind that the evidence has to be of. It is never guessed from the bytes.
    pub kind: Kind,
    /// The evidence in its binary form.
    pub body: &'a [u8],
    /// Certificates in PEM that were delivered beside the evidence, leaf first: the PCK chain of quotes that do not carry theirs
    /// (certification data of types 1 to 4). Evidence that carries its own certificates is judged by those.
    pub certificates: Option<&'a [u8]>,
}

/// The conditions of an appraisal: whom it trusts, and as of when.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The trusted roots.
    pub anchors: &'a Anchors,
    /// The time as of which evidence and endorsements are judged.
    pub at: UnixTime,
}

/// Data that the attested environment committed to: its evidence carries their SHA-256.
#[derive(Clone, Debug, PartialEq)]
pub enum HeldData {
    /// Bytes that tokens echo in base64url.
    Binary(Vec<u8>),
    /// The bytes that were committed to, and the JSON object in them, which tokens echo.
    Json(Vec<u8>, Map<String, Value>),
}

impl HeldData {
    /// Returns the bytes that were committed to.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) | Self::Json(bytes, _) => bytes,
        }
    }
}

/// The place in evidence that commits to data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Chosen by the attested environment while it runs: the first 32 bytes of report data.
    Runtime,
    /// Fixed when the attested environment was started: the first 32 bytes of CONFIGID (an enclave with KSS) or MRCONFIGID (a
    /// trust domain).
    InitTime,
}

//! What is to be appraised, and under which conditions.

use unix_time::UnixTime;

use crate::anchors::Anchors;
use crate::digest::sha256;
use crate::kind::Kind;

/// Evidence to be appraised.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The kind that the evidence must be of. The appraisal never guesses it from the bytes.
    pub kind: Kind,
    /// The evidence.
    pub body: Body<'a>,
    /// Certificates in PEM that were delivered with the evidence, leaf first: the PCK chain of quotes that do not carry theirs
    /// (certification data of types 1 to 4). Evidence that carries its own certificates is judged by those.
    pub certificates: Option<&'a [u8]>,
}

/// Evidence in its binary form, with its SHA-256, which logs and tokens carry.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    bytes: &'a [u8],
    sha256: [u8; 32],
}

impl<'a> Body<'a> {
    /// Takes the bytes and computes their digest.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, sha256: sha256(&[bytes]) }
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the SHA-256 of the bytes.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

/// The conditions of an appraisal: whom it trusts, and the time at which evidence and endorsements must be valid.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    anchors: &'a Anchors,
    at: UnixTime,
    is_dangerous: bool,
}

impl<'a> Context<'a> {
    /// Appraises at the current time, which is an argument.
    pub const fn new(anchors: &'a Anchors, now: UnixTime) -> Self {
        Self { anchors, at: now, is_dangerous: false }
    }

    /// Appraises at another time than the current one: expired and revoked evidence may be accepted. [`Claims`](crate::Claims) say so.
    pub const fn dangerous_time(anchors: &'a Anchors, at: UnixTime) -> Self {
        Self { anchors, at, is_dangerous: true }
    }

    /// Returns the trusted roots.
    pub const fn anchors(&self) -> &'a Anchors {
        self.anchors
    }

    /// Returns the verification time.
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// Returns the verification time if it is not the current one.
    pub(crate) fn dangerous_verification_time(&self) -> Option<UnixTime> {
        self.is_dangerous.then_some(self.at)
    }
}

//! Data that evidence commits to.

use std::borrow::Cow;

use problem::Problem;
use serde_json::{Map, Value};

/// Nesting allowed in JSON that was committed to.
const MAX_DEPTH: usize = 32;

/// Data that the attested environment committed to: its evidence carries their SHA-256.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldData {
    bytes: Vec<u8>,
    object: Option<Map<String, Value>>,
}

/// The data are not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data is not a JSON object")]
pub struct NotJsonObject;

impl Problem for NotJsonObject {
    fn code(&self) -> Cow<'static, str> {
        "held_data_not_json".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "use a JSON object, nested at most 32 deep and without duplicate members, or treat the data as binary".into()
    }
}

impl HeldData {
    /// Takes bytes, which tokens echo in base64url.
    pub const fn binary(bytes: Vec<u8>) -> Self {
        Self { bytes, object: None }
    }

    /// Takes the bytes of a JSON object, which tokens echo as it is. The closing NUL of a C string is part of what was committed to, and
    /// not of the object.
    ///
    /// # Errors
    /// [`NotJsonObject`], also if the object is nested too deep or has a member twice.
    pub fn json(bytes: Vec<u8>) -> Result<Self, NotJsonObject> {
        let end = bytes.iter().rposition(|&byte| byte != 0).ok_or(NotJsonObject)?;
        let object = bytes.get(..=end).and_then(|text| strict_json::from_slice(text, MAX_DEPTH).ok());
        let object = Some(object.ok_or(NotJsonObject)?);
        Ok(Self { bytes, object })
    }

    /// Returns the bytes that were committed to.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the JSON object in them, unless they are binary.
    pub const fn object(&self) -> Option<&Map<String, Value>> {
        self.object.as_ref()
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

/// Data that accepted evidence commits to.
///
/// Only [`Appraisal::bind`](crate::Appraisal::bind) makes it:
///
/// ```compile_fail
/// fn bound(data: &evidence::HeldData) -> evidence::BoundData<'_> { evidence::BoundData { data } }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BoundData<'d> {
    data: &'d HeldData,
}

impl<'d> BoundData<'d> {
    pub(crate) const fn new(data: &'d HeldData) -> Self {
        Self { data }
    }

    /// Returns the data.
    pub const fn data(&self) -> &'d HeldData {
        self.data
    }
}

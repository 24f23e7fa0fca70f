//! Heads: how far the chains had come at a time, in a token that the service signs.

use jose::jws::Jws;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use store::Head;
use token::{TokenError, Verifier};
use unix_time::UnixTime;

use super::error::AuditError;

/// The claim of the token that holds the heads.
pub(crate) const CLAIM: &str = "x-veritee-audit-heads";

/// How far the chains had come at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHeads {
    /// When the service signed them.
    pub taken_at: UnixTime,
    /// The last record of each chain; there is at least one.
    pub heads: Vec<Head>,
}

/// Heads that were saved, and whether their signature was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedHeads {
    /// Where they were saved.
    pub file: String,
    /// When the service signed them.
    #[serde(serialize_with = "text")]
    pub taken_at: UnixTime,
    /// Whether the signature was verified, because its key is still published.
    pub signature_verified: bool,
    #[serde(skip)]
    pub(super) heads: Vec<Head>,
}

impl AuditHeads {
    /// Reads the heads in a token of the service, and verifies the token. A service has recorded at least its own creation, so a
    /// token without chains is refused.
    ///
    /// # Errors
    /// [`AuditError::Token`], [`AuditError::NoChains`] and [`AuditError::NoHead`].
    pub fn signed(token: &str, verifier: &Verifier, now: UnixTime) -> Result<Self, AuditError> {
        let claims = verifier.verify_statement(token, now).map_err(AuditError::Token)?;
        if claims.get(CLAIM).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            return Err(AuditError::NoChains);
        }
        Self::of(&claims).ok_or_else(|| no_head("the service's token"))
    }

    fn of(claims: &Map<String, Value>) -> Option<Self> {
        let head = |head: &Value| {
            let mut hash = [0; 32];
            hex::decode_to_slice(head.get("hash")?.as_str()?, &mut hash).ok()?;
            let number = head.get("number")?.as_i64().filter(|number| *number > 0)?;
            Some(Head { replica: head.get("replica")?.as_str()?.to_owned(), number, hash })
        };
        let heads = claims.get(CLAIM)?.as_array()?.iter().map(head).collect::<Option<Vec<_>>>()?;
        // A head of no chains would match every audit, and so would one of chains without records.
        if heads.is_empty() {
            return None;
        }
        Some(Self { taken_at: UnixTime::from_seconds(claims.get("iat")?.as_i64()?), heads })
    }
}

impl SavedHeads {
    /// Reads heads that the user saved and vouches for. The signature is verified if `verifier` has its key: a key that is no
    /// longer published proves nothing.
    ///
    /// # Errors
    /// [`AuditError::HeadRefused`] and [`AuditError::NoHead`].
    pub fn read(file: &str, token: &str, verifier: Option<&Verifier>) -> Result<Self, AuditError> {
        let verified = verifier.map(|verifier| verifier.verify_statement(token, UnixTime::MAX));
        let (claims, signature_verified) = match verified {
            Some(Ok(claims)) => (Some(claims), true),
            None | Some(Err(TokenError::UnknownKey { .. })) => (unverified_claims(token), false),
            Some(Err(source)) => return Err(AuditError::HeadRefused { name: file.to_owned(), source }),
        };
        let AuditHeads { taken_at, heads } = claims.as_ref().and_then(AuditHeads::of).ok_or_else(|| no_head(file))?;
        Ok(Self { file: file.to_owned(), taken_at, signature_verified, heads })
    }
}

/// The value of [`CLAIM`].
pub(crate) fn claim(heads: &[Head]) -> Value {
    let shown = |head: &Head| json!({"replica": head.replica, "number": head.number, "hash": hex::encode(head.hash)});
    heads.iter().map(shown).collect()
}

fn unverified_claims(token: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&Jws::decode(token).ok()?.payload).ok()
}

fn no_head(name: &str) -> AuditError {
    AuditError::NoHead { name: name.to_owned() }
}

fn text<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

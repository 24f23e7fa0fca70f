//! The body of an attestation request: JSON from a stranger.

use std::borrow::Cow;

use evidence::HeldData;
use problem::Problem;
use serde_json::{Map, Value};

use crate::api_version::ApiVersion;
use crate::attestation_type::AttestationType;
use crate::base64;

/// Nesting allowed in a request; runtime data is checked by itself.
const MAX_DEPTH: usize = 32;
/// Bytes of runtime or init-time data: the token carries them several times, and its readers have bounds too.
pub const MAX_HELD_DATA: usize = 128 << 10;
/// Characters of a nonce.
const MAX_NONCE: usize = 1024;

/// Why a request body was refused.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    /// Not JSON, nested too deep, a member twice.
    #[error("request body is refused")]
    Json(#[from] strict_json::Error),
    /// JSON, but no object.
    #[error("request body is no JSON object")]
    NotAnObject,
    /// Two members whose names differ in case alone.
    #[error("request has the member `{0}` twice")]
    Duplicate(String),
    /// No evidence.
    #[error("request has no member `{0}`")]
    Missing(&'static str),
    /// A member of another type.
    #[error("member `{member}` is no {expected}")]
    Type {
        /// The member.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A member that is no base64.
    #[error("member `{0}` is no base64url or base64")]
    Base64(&'static str),
    /// A data type that is not known.
    #[error("`{member}` has dataType `{found}`, not Binary or JSON")]
    DataType {
        /// The member.
        member: &'static str,
        /// What was found.
        found: String,
    },
    /// Data announced as JSON that is no JSON object.
    #[error("`{0}` has dataType JSON and its data is no JSON object")]
    NotJsonObject(&'static str),
    /// More data than a token can carry.
    #[error("`{0}` is longer than {MAX_HELD_DATA} bytes")]
    DataTooLong(&'static str),
    /// A number as nonce that is no integer of 64 bits: it would not come back as it was sent.
    #[error("nonce is a number and no integer of 64 bits")]
    NonceNotExact,
    /// A nonce that is too long.
    #[error("nonce is longer than {MAX_NONCE} characters")]
    NonceTooLong,
}

impl Problem for BadRequest {
    fn code(&self) -> Cow<'static, str> {
        "request_malformed".into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Missing("report") => "send the Open Enclave report as base64url in `report`",
            Self::Missing("Quote") => "send the quote, or the Open Enclave report, as base64url in `Quote`",
            Self::Missing(_) => "send the quote as base64url in `quote`",
            Self::DataType { .. } => "set dataType to Binary or JSON",
            Self::NotJsonObject(_) => {
                "send a JSON object, nested at most 32 deep and without duplicate members, or set dataType to Binary"
            }
            Self::DataTooLong(_) => "commit to a hash of the data instead",
            Self::NonceNotExact => "send the nonce as a string",
            _ => "send one JSON object as the Azure Attestation API describes it, each member once",
        };
        text.into()
    }
}

/// What a client asks to have attested.
#[derive(Clone, Debug, PartialEq)]
pub struct AttestRequest {
    /// The form of the request, which is that of its token.
    pub api_version: ApiVersion,
    /// The quote or Open Enclave report.
    pub evidence: Vec<u8>,
    /// Data that report data commits to.
    pub runtime_data: Option<HeldData>,
    /// Data that CONFIGID or MRCONFIGID commits to.
    pub init_time_data: Option<HeldData>,
    /// A policy to try instead of the provider's; the token is unsecured then.
    pub draft_policy: Option<String>,
    /// Copied into the token.
    pub nonce: Option<String>,
}

impl AttestRequest {
    /// Reads a request body. Member names are matched without regard to case; unknown ones are ignored, as Azure does.
    ///
    /// # Errors
    /// See [`BadRequest`].
    pub fn from_json(body: &[u8], attestation_type: AttestationType) -> Result<Self, BadRequest> {
        let mut members = members(body)?;
        let evidence_name = match attestation_type {
            AttestationType::SgxEnclave | AttestationType::TdxVm => "quote",
            AttestationType::OpenEnclave => "report",
        };
        let evidence = members.remove(evidence_name).ok_or(BadRequest::Missing(evidence_name))?;
        Ok(Self {
            api_version: ApiVersion::Current,
            evidence: decoded(&evidence, evidence_name)?,
            runtime_data: held_data(members.remove("runtimedata"), "runtimeData")?,
            init_time_data: held_data(members.remove("inittimedata"), "initTimeData")?,
            draft_policy: text(members.remove("draftpolicyforattestation"), "draftPolicyForAttestation")?,
            nonce: nonce(members.remove("nonce"))?,
        })
    }

    /// Reads a request body of the API of 2018: `Quote`, which may be an Open Enclave report, and `EnclaveHeldData`.
    ///
    /// # Errors
    /// See [`BadRequest`].
    pub fn from_json_of_2018(body: &[u8]) -> Result<Self, BadRequest> {
        let mut members = members(body)?;
        let evidence = members.remove("quote").ok_or(BadRequest::Missing("Quote"))?;
        let held = text(members.remove("enclavehelddata"), "EnclaveHeldData")?;
        let held = held.map(|text| bytes_of_held_data(&text, "EnclaveHeldData").map(HeldData::binary)).transpose()?;
        Ok(Self {
            api_version: ApiVersion::Of2018,
            evidence: decoded(&evidence, "Quote")?,
            runtime_data: held,
            init_time_data: None,
            draft_policy: None,
            nonce: None,
        })
    }
}

/// The members of a body, their names in lower case.
fn members(body: &[u8]) -> Result<Map<String, Value>, BadRequest> {
    match strict_json::from_slice(body, MAX_DEPTH)? {
        Value::Object(members) => fold_names(members),
        _ => Err(BadRequest::NotAnObject),
    }
}

/// Lowercases member names; two that then are the same are refused, for readers would differ on which one counts.
fn fold_names(members: Map<String, Value>) -> Result<Map<String, Value>, BadRequest> {
    let mut folded = Map::new();
    for (name, value) in members {
        if folded.insert(name.to_ascii_lowercase(), value).is_some() {
            return Err(BadRequest::Duplicate(name.chars().take(60).collect()));
        }
    }
    Ok(folded)
}

fn decoded(value: &Value, member: &'static str) -> Result<Vec<u8>, BadRequest> {
    let text = value.as_str().ok_or(BadRequest::Type { member, expected: "string" })?;
    base64::decode(text).ok_or(BadRequest::Base64(member))
}

fn bytes_of_held_data(text: &str, member: &'static str) -> Result<Vec<u8>, BadRequest> {
    match base64::decode(text).ok_or(BadRequest::Base64(member))? {
        bytes if bytes.len() > MAX_HELD_DATA => Err(BadRequest::DataTooLong(member)),
        bytes => Ok(bytes),
    }
}

/// Absent, null and empty text all mean that there is none: clients send each of them.
fn text(value: Option<Value>, member: &'static str) -> Result<Option<String>, BadRequest> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(BadRequest::Type { member, expected: "string" }),
    }
}

/// Microsoft's sidecar sends a number.
fn nonce(value: Option<Value>) -> Result<Option<String>, BadRequest> {
    let nonce = match value {
        Some(Value::Number(number)) if number.is_f64() => return Err(BadRequest::NonceNotExact),
        Some(Value::Number(number)) => Some(number.to_string()),
        other => text(other, "nonce")?,
    };
    match nonce {
        Some(nonce) if nonce.chars().count() > MAX_NONCE => Err(BadRequest::NonceTooLong),
        nonce => Ok(nonce),
    }
}

fn held_data(value: Option<Value>, member: &'static str) -> Result<Option<HeldData>, BadRequest> {
    let members = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(members)) => fold_names(members)?,
        Some(_) => return Err(BadRequest::Type { member, expected: "object" }),
    };
    let Some(data) = members.get("data").filter(|data| !data.is_null() && *data != "") else { return Ok(None) };
    let data = data.as_str().ok_or(BadRequest::Type { member, expected: "string" })?;
    let bytes = bytes_of_held_data(data, member)?;
    let data_type = members.get("datatype").and_then(Value::as_str).unwrap_or_default();
    if data_type.eq_ignore_ascii_case("binary") {
        Ok(Some(HeldData::binary(bytes)))
    } else if data_type.eq_ignore_ascii_case("json") {
        Ok(Some(HeldData::json(bytes).map_err(|_| BadRequest::NotJsonObject(member))?))
    } else {
        Err(BadRequest::DataType { member, found: data_type.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<AttestRequest, BadRequest> {
        AttestRequest::from_json(body.as_bytes(), AttestationType::SgxEnclave)
    }

    #[test]
    fn member_names_and_data_types_are_matched_without_case() {
        let request = parse(r#"{"QUOTE":"AQ","RuntimeData":{"Data":"e30","DataType":"json"},"extra":1}"#).unwrap();
        assert_eq!(request.evidence, [1]);
        assert_eq!(request.runtime_data, Some(HeldData::json(b"{}".to_vec()).unwrap()));
    }

    #[test]
    fn empty_and_missing_data_mean_none_and_a_number_is_a_nonce() {
        let request = parse(
            r#"{"quote":"AQ==","initTimeData":{"data":"","dataType":""},"runtimeData":{"dataType":"JSON"},"nonce":17}"#,
        )
        .unwrap();
        assert_eq!((request.init_time_data, request.runtime_data), (None, None));
        assert_eq!(request.nonce.as_deref(), Some("17"));
    }

    #[test]
    fn json_runtime_data_may_end_in_a_nul() {
        let request = parse(r#"{"quote":"AQ","runtimeData":{"data":"e30A","dataType":"JSON"}}"#).unwrap();
        assert_eq!(request.runtime_data.unwrap().bytes(), b"{}\0");
    }

    #[test]
    fn every_refusal_is_its_own() {
        use BadRequest as B;
        type Is = fn(&BadRequest) -> bool;
        let table: [(&str, Is); 14] = [
            ("", |e| matches!(e, B::Json(_))),
            ("not json", |e| matches!(e, B::Json(_))),
            (r#"{"quote":"AQ","quote":"AQ"}"#, |e| matches!(e, B::Json(strict_json::Error::Duplicate { .. }))),
            ("[]", |e| matches!(e, B::NotAnObject)),
            (r#"{"quote":"AQ","Quote":"AQ"}"#, |e| matches!(e, B::Duplicate(_))),
            ("{}", |e| matches!(e, B::Missing("quote"))),
            (r#"{"report":"AQ"}"#, |e| matches!(e, B::Missing("quote"))),
            (r#"{"quote":1}"#, |e| matches!(e, B::Type { member: "quote", .. })),
            (r#"{"quote":"A"}"#, |e| matches!(e, B::Base64("quote"))),
            (r#"{"quote":"AQ","runtimeData":"AQ"}"#, |e| matches!(e, B::Type { member: "runtimeData", .. })),
            (r#"{"quote":"AQ","runtimeData":{"data":"AQ","dataType":"x"}}"#, |e| matches!(e, B::DataType { .. })),
            (r#"{"quote":"AQ","runtimeData":{"data":"W10","dataType":"JSON"}}"#, |e| matches!(e, B::NotJsonObject(_))),
            (r#"{"quote":"AQ","runtimeData":{"data":"*","dataType":"Binary"}}"#, |e| matches!(e, B::Base64(_))),
            (r#"{"quote":"AQ","nonce":true}"#, |e| matches!(e, B::Type { member: "nonce", .. })),
        ];
        for (body, is_expected) in table {
            let error = parse(body).unwrap_err();
            assert!(is_expected(&error), "{body}: {error:?}");
            assert!(!error.help().is_empty());
        }
        let long = format!(r#"{{"quote":"AQ","nonce":"{}"}}"#, "n".repeat(MAX_NONCE + 1));
        assert!(matches!(parse(&long), Err(B::NonceTooLong)));
        for number in ["123456789012345678901234567890", "1.5"] {
            assert!(matches!(parse(&format!(r#"{{"quote":"AQ","nonce":{number}}}"#)), Err(B::NonceNotExact)));
        }
        let data = base64::encode(&vec![0; MAX_HELD_DATA + 1]);
        let long = format!(r#"{{"quote":"AQ","runtimeData":{{"data":"{data}","dataType":"Binary"}}}}"#);
        assert!(matches!(parse(&long), Err(B::DataTooLong("runtimeData"))));
    }

    #[test]
    fn requests_of_2018_have_their_own_members() {
        let parse = |body: &str| AttestRequest::from_json_of_2018(body.as_bytes());
        let request = parse(r#"{"quote":"AQ","ENCLAVEHELDDATA":"Ag","runtimeData":1}"#).unwrap();
        assert_eq!((request.api_version, request.evidence.as_slice()), (ApiVersion::Of2018, &[1][..]));
        assert_eq!(request.runtime_data, Some(HeldData::binary(vec![2])));
        for nothing in ["", ",\"EnclaveHeldData\":\"\"", ",\"EnclaveHeldData\":null"] {
            assert_eq!(parse(&format!("{{\"Quote\":\"AQ\"{nothing}}}")).unwrap().runtime_data, None);
        }
        let long = base64::encode(&vec![0; MAX_HELD_DATA + 1]);
        type Is = fn(&BadRequest) -> bool;
        let table: [(String, Is); 5] = [
            ("{}".into(), |e| matches!(e, BadRequest::Missing("Quote"))),
            (r#"{"Quote":"AQ","quote":"AQ"}"#.into(), |e| matches!(e, BadRequest::Duplicate(_))),
            (r#"{"Quote":"AQ","EnclaveHeldData":{}}"#.into(), |e| matches!(e, BadRequest::Type { .. })),
            (r#"{"Quote":"AQ","EnclaveHeldData":"*"}"#.into(), |e| matches!(e, BadRequest::Base64("EnclaveHeldData"))),
            (format!(r#"{{"Quote":"AQ","EnclaveHeldData":"{long}"}}"#), |e| matches!(e, BadRequest::DataTooLong(_))),
        ];
        for (body, is_expected) in table {
            let error = parse(&body).unwrap_err();
            assert!(is_expected(&error), "{error:?}");
        }
    }

    #[test]
    fn deeply_nested_json_is_refused_without_recursion() {
        let body = "[".repeat(10_000);
        assert!(matches!(parse(&body), Err(BadRequest::Json(strict_json::Error::TooDeep { .. }))));
    }
}

//! Evidence in, a token out: what both APIs share.

use std::sync::Arc;

use attestation::{AttestRequest, AttestationType, BadRequest, PolicyType};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::context::Context;
use super::entry::Attested;
use crate::response::{ApiError, json_text};

/// Types that policies can be set for and evidence is not taken for, and names that are none.
pub(super) fn not_supported(name: &str) -> ApiError {
    let name: String = PolicyType::from_name(name)
        .map_or_else(|| name.chars().take(40).collect(), |policy_type| policy_type.as_str().to_owned());
    let message = format!("attestation of `{name}` is not supported by this provider");
    let help = "this provider attests SgxEnclave, OpenEnclave and TdxVm";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "attestation_type_not_supported", message, help)
}

/// Reads a request, attests, and answers in the form of that request: in JSON, for which nothing in a token has to be escaped.
pub(super) async fn attest(
    context: &Context,
    attestation_type: AttestationType,
    read: impl FnOnce(&[u8]) -> Result<AttestRequest, BadRequest>,
    answer: impl FnOnce(&str) -> String,
    body: Body,
) -> Result<Response, ApiError> {
    let body = context.read(body).await?;
    let request = read(&body)?;
    let provider = Arc::clone(&context.provider);
    let attested = context.providers().attest(provider, attestation_type, request, body, context.now()).await;
    let mut response = match attested.token {
        Ok(token) => json_text(answer(&token)),
        Err(error) => ApiError::from(error).into_response(),
    };
    let (evidence_sha256, is_draft) = (attested.evidence_sha256, attested.is_draft);
    response.extensions_mut().insert(Attested { evidence_sha256, is_draft });
    Ok(response)
}

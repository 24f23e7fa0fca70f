//! `/attest/{type}`: which API a request to attest speaks.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::attest::{attest, not_supported};
use super::entry::Entered;
use super::{Api, of_2018};
use crate::response::ApiError;
use attestation::ApiVersion;
use attestation::AttestRequest;
use attestation::AttestationType;
use attestation::Role;

/// `POST /attest/{type}`; for SGX in the API of 2018 too, where the query names it.
pub(super) async fn evidence(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let attestation_type = AttestationType::from_name(&name).ok_or_else(|| not_supported(&name))?;
    match (ApiVersion::from_name(entered.query.parameter("api-version").as_deref()), attestation_type) {
        (ApiVersion::Of2018, AttestationType::SgxEnclave | AttestationType::OpenEnclave) => {
            of_2018::evidence(&api, &entered, attestation_type, &headers, body).await
        }
        _ => {
            if !entered.provider.settings().anonymous_attestation {
                let what = format!("/attest/{}", attestation_type.as_str());
                api.caller_with(Role::Reader, &headers, &entered, &what).await?;
            }
            let read = |body: &[u8]| AttestRequest::from_json(body, attestation_type);
            let answer = |token: &str| format!("{{\"token\":\"{token}\"}}");
            attest(&api, &entered, attestation_type, read, answer, &headers, body).await
        }
    }
}

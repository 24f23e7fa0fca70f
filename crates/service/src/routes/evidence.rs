//! `/attest/{type}`: which API a request to attest speaks.

use attestation::{ApiVersion, AttestRequest, AttestationType, Role};
use axum::body::Body;
use axum::response::Response;

use super::attest::{attest, not_supported};
use super::context::{Context, Path};
use super::of_2018;
use crate::response::ApiError;

/// `POST /attest/{type}`; for SGX in the API of 2018 too, where the query names it.
pub(super) async fn evidence(context: Context, Path(name): Path<String>, body: Body) -> Result<Response, ApiError> {
    let attestation_type = AttestationType::from_name(&name).ok_or_else(|| not_supported(&name))?;
    match (ApiVersion::from_name(context.query.parameter("api-version").as_deref()), attestation_type) {
        (ApiVersion::Of2018, AttestationType::SgxEnclave | AttestationType::OpenEnclave) => {
            of_2018::evidence(&context, attestation_type, body).await
        }
        _ => {
            if !context.provider.settings().anonymous_attestation {
                let what = format!("/attest/{}", attestation_type.as_str());
                context.caller_with(Role::Reader, &what).await?;
            }
            let read = |body: &[u8]| AttestRequest::from_json(body, attestation_type);
            let answer = |token: &str| format!("{{\"token\":\"{token}\"}}");
            attest(&context, attestation_type, read, answer, body).await
        }
    }
}

//! Which TCB baselines there are.

use attestation::{AttestationType, PolicyType, Role};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::administration;
use super::context::{Context, Path};
use crate::response::{ApiError, json_body};

/// `GET /tcbbaselines/{type}`, for whoever may have evidence attested. `provideCurrentTcbInPolicy=true` asks for the selected
/// one alone.
pub(super) async fn list(context: Context, Path(name): Path<String>) -> Result<Response, ApiError> {
    let attestation_type = AttestationType::from_name(&name).ok_or_else(|| none(&name))?;
    let provider = &context.provider;
    if !provider.settings().anonymous_attestation {
        let what = format!("/tcbbaselines/{}", attestation_type.as_str());
        context.caller_with(Role::Reader, &what).await?;
    }
    let mut baselines = provider.tcb_baselines(attestation_type, context.now())?;
    let only = context.query.parameter("provideCurrentTcbInPolicy");
    if only.is_some_and(|only| only.eq_ignore_ascii_case("true")) {
        baselines.retain(|baseline| baseline.is_selected_tcb);
    }
    Ok(json_body(&json!({"tcbBaselines": baselines})))
}

fn none(name: &str) -> ApiError {
    let Some(policy_type) = PolicyType::from_name(name) else { return administration::unknown_type(name) };
    let message = format!("there are no TCB baselines of {}", policy_type.as_str());
    let help = "ask for SgxEnclave, OpenEnclave or TdxVm";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "tcb_baselines_not_supported", message, help)
}

//! `POST /revoke` (RFC 7009), and the list of what was revoked.

use attestation::{Presented, RevocationError, Role, TokenId};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::body;
use super::context::Context;
use crate::response::{ApiError, json_body};

/// Whose work it is where the token itself was presented, in the audit.
const PRESENTER: &str = "the token's bearer";

/// Revokes the token in the form's field `token`, or for a contributor the one whose id is in `jti`.
///
/// The caller is a contributor of the provider, or presents the token itself as bearer token. It is not an error if the text is not
/// a valid token of this provider (RFC 7009, section 2.2). A token without an id, of the API of 2018, cannot be revoked and is
/// refused (section 2.2.1).
pub(super) async fn revoke(context: Context, body: Body) -> Result<Response, ApiError> {
    let (provider, now) = (&context.provider, context.now());
    let body = context.read(body).await?;
    let field = |name: &str| body::field(&body, name);
    let (token, jti) = (field("token"), field("jti"));
    let presented = token.as_deref().filter(|token| context.bearer() == Some(token));
    match presented.map(|token| Presented::of(token, provider, now)) {
        Some(Presented::Token(id)) => {
            return revoked(context.providers().revoke_presented(provider, id, PRESENTER, now).await);
        }
        Some(Presented::WithoutId) => return Ok(without_id()),
        // It is refused already, and whoever names a public key id proves nothing by it.
        Some(Presented::OfWithdrawnKey) => return revoked(Ok(())),
        Some(Presented::Other) | None => {}
    }
    let by = context.caller_with(Role::Contributor, "/revoke").await?.name;
    let id = match (token, jti) {
        (Some(token), None) => match Presented::of(&token, provider, now) {
            Presented::Token(id) => id,
            Presented::WithoutId => return Ok(without_id()),
            Presented::OfWithdrawnKey | Presented::Other => return revoked(Ok(())),
        },
        (None, Some(jti)) => TokenId::alone(&jti, provider, now)?,
        _ => return Ok(malformed("invalid_request", "send the form field token, or jti")),
    };
    revoked(context.providers().revoke_for_contributor(provider, id, &by, now).await)
}

/// `GET /revoked`: what relying parties look at.
pub(super) async fn list(context: Context) -> Response {
    let mut response = json_body(&context.provider.revoked_tokens(context.now()));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn revoked(done: Result<(), RevocationError>) -> Result<Response, ApiError> {
    done?;
    Ok(StatusCode::OK.into_response())
}

/// The refusal of a token that has no id by which it could be listed.
fn without_id() -> Response {
    malformed(
        "unsupported_token_type",
        "tokens of the API of 2018 have no jti and cannot be revoked; attest with a later api-version, or have the owner withdraw \
         the signing key: veritee provider withdraw-key",
    )
}

/// A refusal as RFC 7009 has it (section 2.2.1).
fn malformed(error: &str, description: &str) -> Response {
    (StatusCode::BAD_REQUEST, json_body(&json!({"error": error, "error_description": description}))).into_response()
}

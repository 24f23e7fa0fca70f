//! The REST API: extract, one domain call, respond.

mod access;
mod administration;
mod attest;
mod audit;
mod bearer;
mod body;
mod context;
mod control_plane;
mod entry;
mod evidence;
mod of_2018;
mod query;
mod revocation;
mod tcb_baselines;

use std::sync::Arc;

use attestation::Attestation;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use token::OpenIdMetadata;

use crate::response::{ApiError, json_body};

pub use body::MAX_BODY;
use context::Context;
use entry::{Entry, Fixed};

/// What handlers share.
type Api = Arc<Attestation>;

/// The API of a service: that of each provider at its own URL, and the control plane at that of the provider `default`.
///
/// Whoever serves it has to poll [`Attestation::run`]; otherwise attestation ends after a while.
pub fn router(attestation: Arc<Attestation>) -> Router {
    let of_service = Router::new()
        .merge(access::routes())
        .merge(audit::routes())
        .merge(control_plane::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(entry::only_at_the_service));
    let of_providers = Router::new()
        .route("/attest/{type}", post(evidence::evidence))
        .route("/tcbbaselines/{type}", get(tcb_baselines::list))
        .route("/servicehealth", get(|| async { StatusCode::NO_CONTENT }))
        .route("/revoke", post(revocation::revoke))
        .route("/revoked", get(revocation::list))
        .route("/openapi.json", get(openapi))
        .route("/certs", get(certs))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/oauth2/token", post(access::token))
        .merge(administration::routes())
        .merge(of_2018::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(middleware::from_fn(entry::check_network));
    let routes = of_providers.merge(of_service).with_state(Arc::clone(&attestation));
    // The path is rewritten before routing, so the routes stand behind a service of their own.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(Entry::new(attestation), entry::enter))
}

/// What the API is, for programs (OpenAPI 3.1).
pub const OPENAPI: &str = include_str!("../openapi.json");

async fn openapi() -> Response {
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    (Extension(Fixed), [(header::CONTENT_TYPE, content_type)], OPENAPI).into_response()
}

async fn certs(context: Context) -> Response {
    json_body(&context.provider.jwks(context.now()))
}

async fn metadata(context: Context) -> Response {
    let provider = &context.provider;
    json_body(&OpenIdMetadata::new(provider.issuer(), provider.settings().token_algorithm))
}

async fn not_found(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!("there is nothing at `{path}`");
    let help = "this provider attests SgxEnclave, OpenEnclave and TdxVm";
    ApiError::new(StatusCode::NOT_FOUND, "NotFound", "route_unknown", message, help)
}

async fn method_not_allowed() -> ApiError {
    let help = "attest, reset and add with POST, set a policy with PUT, read with GET";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "method_not_allowed", "wrong method", help)
}

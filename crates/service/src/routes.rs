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
    let routes = routes().with_state(Arc::clone(&attestation));
    // The path is rewritten before routing, so the routes stand behind a service of their own.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(Entry::new(attestation), entry::enter))
}

/// Every route.
fn routes() -> Router<Api> {
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
    of_providers.merge(of_service)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The path in lower case, with `{}` for each parameter.
    fn normal(path: &str) -> String {
        let name_of =
            |part: &str| part.split_once('}').map_or_else(|| part.to_owned(), |(_, rest)| format!("}}{rest}"));
        let mut parts = path.split('{');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |path, part| path + "{" + &name_of(part)).to_ascii_lowercase()
    }

    /// Only the `Debug` text of a router lists its paths. The integration test tries their methods.
    #[test]
    fn every_path_is_described_and_no_other() {
        let shown = format!("{:?}", routes());
        // What follows is the fallback.
        let shown = shown.split_once("fallback_router").unwrap().0;
        let router: BTreeSet<String> = shown.split('"').filter(|text| text.starts_with('/')).map(normal).collect();
        assert!(router.contains("/attest/{}") && router.len() > 35, "{router:?}");
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let described: BTreeSet<String> =
            document["paths"].as_object().unwrap().keys().map(|path| normal(path)).collect();
        let missing: Vec<_> = router.difference(&described).collect();
        assert!(missing.is_empty(), "not described: {missing:?}");
        // These the router finds by a parameter, and the handler tells them apart.
        let by_handler = |path: &str| {
            path.starts_with("/policies/{}:")
                || ["/attest/sgxenclave", "/attest/openenclave", "/attest/tdxvm"].contains(&path)
        };
        let surplus: Vec<_> = described.difference(&router).filter(|path| !by_handler(path)).collect();
        assert!(surplus.is_empty(), "there is no route: {surplus:?}");
    }
}

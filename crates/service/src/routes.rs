//! The REST API: extract, one domain call, respond.

mod access;
mod administration;
mod attest;
mod audit;
mod bearer;
mod body;
mod control_plane;
mod entry;
mod evidence;
mod of_2018;
mod query;
mod revocation;
mod tcb_baselines;

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use token::OpenIdMetadata;
use unix_time::UnixTime;

use crate::response::{ApiError, json_body};
use attestation::Providers;
use attestation::{Access, Caller, Role};

pub use body::MAX_BODY;
use entry::{Entered, Entry, Fixed};

/// What handlers share.
#[derive(Clone)]
struct Api {
    providers: Arc<Providers>,
    access: Arc<Access>,
}

/// The API of a service: that of each provider at its own URL, and the control plane at that of the provider `default`.
pub fn router(providers: Arc<Providers>, access: Access) -> Router {
    let api = Api { providers: Arc::clone(&providers), access: Arc::new(access) };
    let routes = Router::new()
        .route("/attest/{type}", post(evidence::evidence))
        .route("/policies/{target}", any(administration::policies))
        .route("/certificates", get(administration::certificates))
        .route("/certificates:add", post(administration::add_certificate))
        .route("/certificates:remove", post(administration::remove_certificate))
        .route("/tcbbaselines/{type}", get(tcb_baselines::list))
        .route("/servicehealth", get(|| async { StatusCode::NO_CONTENT }))
        .route("/revoke", post(revocation::revoke))
        .route("/revoked", get(revocation::list))
        .route("/openapi.json", get(openapi))
        .route("/certs", get(certs))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/oauth2/token", post(access::token))
        .route("/clients", get(access::clients).post(access::create_client))
        .route("/clients/{id}", delete(access::delete_client))
        .merge(audit::routes())
        .merge(of_2018::routes())
        .merge(control_plane::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api);
    // The path is rewritten before routing, so the routes stand behind a service of their own.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(Entry::new(providers), entry::enter))
}

/// What the API is, for programs (OpenAPI 3.1).
pub const OPENAPI: &str = include_str!("../openapi.json");

async fn openapi() -> Response {
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    (Extension(Fixed), [(header::CONTENT_TYPE, content_type)], OPENAPI).into_response()
}

async fn certs(Extension(entered): Extension<Entered>) -> Response {
    json_body(&entered.provider.jwks(UnixTime::of_system_clock()))
}

async fn metadata(Extension(entered): Extension<Entered>) -> Response {
    let provider = &entered.provider;
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

impl Api {
    /// Whoever sent the request.
    async fn caller(&self, headers: &HeaderMap, entered: &Entered, what: &str) -> Result<Caller, ApiError> {
        let caller = self.access.caller(bearer::bearer(headers), entered.peer, UnixTime::of_system_clock()).await;
        caller.map_err(|error| ApiError::of_access(&error, what))
    }

    /// Whoever sent the request, where that role with the provider, or a higher one, is theirs.
    async fn caller_with(
        &self,
        role: Role,
        headers: &HeaderMap,
        entered: &Entered,
        what: &str,
    ) -> Result<Caller, ApiError> {
        let caller = self.caller(headers, entered, what).await?;
        if caller.may(role, entered.provider.name()) { Ok(caller) } else { Err(forbidden(&caller, role, what)) }
    }

    /// Whoever sent the request, where the service is theirs.
    async fn owner(&self, headers: &HeaderMap, entered: &Entered, what: &str) -> Result<Caller, ApiError> {
        let caller = self.caller(headers, entered, what).await?;
        if caller.may_everywhere(Role::Owner) { Ok(caller) } else { Err(forbidden(&caller, Role::Owner, what)) }
    }
}

fn forbidden(caller: &Caller, role: Role, what: &str) -> ApiError {
    let message = format!("{} does not have the role {} that {what} requires", caller.name, role.as_str());
    let help = "ask the owner of the service for a client with that role (veritee token create), or for a rule that gives it to \
                your issuer's tokens";
    ApiError::new(StatusCode::FORBIDDEN, "Forbidden", "role_insufficient", message, help)
}

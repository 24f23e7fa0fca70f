//! What every request passes: which provider it is for, a time limit, what the log says of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use attestation::{Provider, Providers, Target};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{Extensions, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use web::{AnswerError, Connection, Gate, Limits, LogRequest, RequestId, RequestLine};

use super::Api;
use super::context::Entered;
use super::query::Query;
use crate::response::ApiError;

/// Time for a request, its body included.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What was asked to be attested, for the log.
#[derive(Clone)]
pub(super) struct Attested {
    pub(super) evidence_sha256: String,
    pub(super) is_draft: bool,
}

/// What every request needs.
#[derive(Clone)]
pub(super) struct Entry {
    attestation: Api,
    /// A request that comes without a connection counts as one of its own.
    gate: Gate,
}

impl Entry {
    pub(super) fn new(attestation: Api) -> Self {
        Self { attestation, gate: Gate::new(Limits::default()) }
    }
}

/// Marks an answer whose bytes are the same for everybody and take no memory of their own.
#[derive(Clone)]
pub(super) struct Fixed;

/// Lets through what is for a provider of this service alone, with the path within its API in lower case. The answer carries the id
/// of the request, and what only the service can add to its line in the log.
pub(super) async fn enter(State(entry): State<Entry>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random);
    let connection = request.extensions().get::<Connection>().cloned();
    let peer = connection.as_ref().map(Connection::peer);
    let connection = match connection.map_or_else(|| entry.gate.admit((Ipv4Addr::UNSPECIFIED, 0).into()), Ok) {
        Ok(connection) => connection,
        Err(refused) => return ApiError::from(refused).into_response(),
    };
    let (provider, mut response) = match target(entry.attestation.providers(), &request) {
        Ok((provider, path)) => {
            let query = Query::new(request.uri().query());
            let (peer, connection) = (peer.map(|peer| peer.ip()), connection.clone());
            let entered = Entered { provider: Arc::clone(&provider), peer, connection, query };
            (Some(provider), handle(request, path, entered, next).await.unwrap_or_else(IntoResponse::into_response))
        }
        Err(error) => (None, error.into_response()),
    };
    response = held(response, &connection).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("x-ms-request-id", value);
    }
    if let Some(provider) = provider {
        response.extensions_mut().insert(provider);
    }
    response.extensions_mut().insert(LogRequest(log));
    response
}

/// Writes the line of a request, with the provider that it was for and what was attested.
fn log(line: &RequestLine<'_>, extensions: &Extensions) {
    let provider = extensions.get::<Arc<Provider>>();
    let attested = extensions.get::<Attested>();
    web::log_request!(line;
        provider = provider.map(|provider| provider.name().as_str()),;
        evidence.sha256 = attested.map(|attested| attested.evidence_sha256.as_str()),
        draft = attested.map(|attested| attested.is_draft),
        simulated = provider.map(|provider| provider.is_simulated()),
    );
}

/// Charges the answer to the connection until it was written.
async fn held(response: Response, connection: &Connection) -> Response {
    if response.extensions().get::<Fixed>().is_some() {
        return response;
    }
    let (parts, body) = response.into_parts();
    match connection.hold_answer(body).await {
        Ok(bytes) => Response::from_parts(parts, Body::from(bytes)),
        Err(error) => {
            let mut refusal = ApiError::from(error).into_response();
            let mut known = parts.extensions;
            known.extend(std::mem::take(refusal.extensions_mut()));
            *refusal.extensions_mut() = known;
            refusal
        }
    }
}

impl From<web::Refused> for ApiError {
    fn from(refused: web::Refused) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, "ServerBusy", &refused).retry_after(1)
    }
}

impl From<AnswerError> for ApiError {
    fn from(error: AnswerError) -> Self {
        let (status, code) = match error {
            AnswerError::Exhausted(_) => (StatusCode::SERVICE_UNAVAILABLE, "ServerBusy"),
            AnswerError::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        };
        Self::of(status, code, &error).retry_if_unavailable()
    }
}

/// The provider that a request is for, and the path within its API.
fn target(providers: &Providers, request: &Request) -> Result<(Arc<Provider>, String), ApiError> {
    match providers.target(authority_of(request).as_ref(), request.uri().path()) {
        Target::Provider(provider, path) => Ok((provider, path)),
        Target::Unknown(name) => {
            let message = format!("there is no provider `{name}`");
            let help = "`veritee provider list` shows those there are";
            Err(ApiError::new(StatusCode::NOT_FOUND, "NotFound", "provider_unknown", message, help))
        }
        Target::Unusable(name) => {
            let message = format!("provider `{name}` cannot be used");
            let help = "the service's log says why";
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "InternalError", "provider_unusable", message, help))
        }
        Target::Elsewhere => Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "InvalidOperation",
            "misdirected_request",
            "no provider of this service has this host and path",
            "use the provider's public URL exactly as it is configured",
        )),
    }
}

/// Lets through what is asked at the URL of the provider `default`: routes about the service are there alone.
pub(super) async fn only_at_the_service(
    Extension(entered): Extension<Entered>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if entered.provider.name().is_default() {
        return Ok(next.run(request).await);
    }
    let help = "ask at the URL of the service, without /p/NAME";
    let message = "the service is not managed below a provider";
    Err(ApiError::new(StatusCode::NOT_FOUND, "NotFound", "route_unknown", message, help))
}

/// A provider without public network access is for addresses of private networks. Behind a proxy that is the proxy's.
pub(super) async fn check_network(
    Extension(entered): Extension<Entered>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if entered.provider.settings().public_network_access || entered.peer.is_none_or(is_private) {
        return Ok(next.run(request).await);
    }
    let message = "this provider is not for the public network";
    let help = "ask from a private network, or enable publicNetworkAccess";
    Err(ApiError::new(StatusCode::FORBIDDEN, "Forbidden", "public_network_access_disabled", message, help))
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

async fn handle(mut request: Request, path: String, entered: Entered, next: Next) -> Result<Response, ApiError> {
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let path = PathAndQuery::try_from(path).map_err(|_| {
        let help = "ask for a path of the API";
        ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "path_malformed", "path is malformed", help)
    })?;
    // The query is no part of the route.
    *request.uri_mut() = Uri::from(path);
    request.extensions_mut().insert(entered);
    tokio::time::timeout(TIMEOUT, next.run(request)).await.map_err(|_| {
        let help = "send the body at once";
        let message = format!("request was not complete within {} seconds", TIMEOUT.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "InvalidOperation", "timeout", message, help)
    })
}

/// HTTP/2 names the authority in the request target, HTTP/1.1 in `Host`; both at once must agree.
fn authority_of(request: &Request) -> Option<Authority> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let from_header = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(host), None) => Some(host.to_str().ok()?.parse::<Authority>().ok()?),
        (Some(_), Some(_)) => return None,
    };
    match (request.uri().authority(), from_header) {
        (Some(target), Some(host)) if *target != host => None,
        (Some(target), _) => Some(target.clone()),
        (None, host) => host,
    }
}

//! The REST API: extract, one domain call, respond.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use dcap::UnixTime;
use serde_json::json;
use token::OpenIdMetadata;

use crate::attestation_type::AttestationType;
use crate::provider::Provider;
use crate::request::AttestRequest;
use crate::response::{ApiError, Refused, json_body};

/// Bytes of a request body. A quote with its certificates has about 5,000.
pub const MAX_BODY: usize = 2 << 20;
/// Time for a request, its body included.
const TIMEOUT: Duration = Duration::from_secs(30);

type Shared = State<Arc<Provider>>;

/// The API of one provider, to be served below its public URL.
pub fn router(provider: Arc<Provider>) -> Router {
    let routes = Router::new()
        .route("/attest/sgxenclave", post(attest_sgx_enclave))
        .route("/attest/openenclave", post(attest_open_enclave))
        .route("/certs", get(certs))
        .route("/.well-known/openid-configuration", get(metadata))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(&provider));
    // The path is rewritten before routing, so the routes stand behind a service of their own.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(Arc::clone(&provider), for_this_provider))
        .layer(middleware::from_fn_with_state(provider, logged))
}

async fn attest_sgx_enclave(State(provider): Shared, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    attest(&provider, AttestationType::SgxEnclave, &headers, body).await
}

async fn attest_open_enclave(State(provider): Shared, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    attest(&provider, AttestationType::OpenEnclave, &headers, body).await
}

async fn attest(
    provider: &Provider,
    attestation_type: AttestationType,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = read_body(headers, body).await?;
    let request = AttestRequest::from_json(&body, attestation_type)?;
    let attestation = provider.attest(attestation_type, &request, UnixTime::of_system_clock())?;
    let mut response = json_body(&json!({"token": attestation.token}));
    response.extensions_mut().insert(EvidenceDigest(attestation.evidence_sha256));
    Ok(response)
}

async fn certs(State(provider): Shared) -> Response {
    json_body(&*provider.jwks())
}

async fn metadata(State(provider): Shared) -> Response {
    json_body(&OpenIdMetadata::new(provider.issuer()))
}

async fn not_found(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let message = format!("there is nothing at `{path}`");
    ApiError::new(
        StatusCode::NOT_FOUND,
        "NotFound",
        "route_unknown",
        message,
        "this provider attests SgxEnclave and OpenEnclave",
    )
}

async fn method_not_allowed() -> ApiError {
    let help = "attest with POST; certs and metadata are read with GET";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "method_not_allowed", "wrong method", help)
}

/// Reads at most [`MAX_BODY`] bytes. Compressed bodies are refused: a small one can become large.
async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "InvalidParameter",
            "body_compressed",
            "request body is compressed",
            "send the body without Content-Encoding",
        ));
    }
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        if is_length_limit(&error) {
            let message = format!("request body is longer than {MAX_BODY} bytes");
            let help = "a quote with its certificates has about 5,000 bytes";
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "InvalidParameter", "body_too_long", message, help)
        } else {
            let help = "send the whole body";
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "InvalidParameter",
                "body_incomplete",
                "request body broke off",
                help,
            )
        }
    })
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Lets through what is for this provider's public URL alone, with its path in lower case and without the prefix.
async fn for_this_provider(State(provider): Shared, mut request: Request, next: Next) -> Response {
    let authority = authority_of(&request);
    let Some(path) = provider.public_url().path_within(authority.as_ref(), request.uri().path()) else {
        return ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "InvalidOperation",
            "misdirected_request",
            "no provider of this service has this host and path",
            "use the provider's public URL exactly as it is configured",
        )
        .into_response();
    };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let Ok(path) = PathAndQuery::try_from(path) else { return StatusCode::BAD_REQUEST.into_response() };
    // The query is dropped: every api-version is served alike and nothing else is read from it.
    *request.uri_mut() = Uri::from(path);
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let help = "send the body at once";
            let message = format!("request was not complete within {} seconds", TIMEOUT.as_secs());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "InvalidOperation", "timeout", message, help).into_response()
        }
    }
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

/// SHA-256 of the evidence, for the log.
#[derive(Clone)]
struct EvidenceDigest(String);

/// One line for each request, with an id that the answer carries.
async fn logged(State(provider): Shared, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id();
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(200).collect();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-ms-request-id", value);
    }
    tracing::info!(
        provider = provider.name(),
        http.method = %method,
        http.path = path,
        http.status = response.status().as_u16(),
        duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        request.id = id,
        peer = peer.as_deref(),
        refused = response.extensions().get::<Refused>().map(|refused| refused.0.as_str()),
        evidence.sha256 = response.extensions().get::<EvidenceDigest>().map(|digest| digest.0.as_str()),
        "request"
    );
    response
}

/// An id in the form of Azure's: version, trace, span, flags.
fn request_id() -> String {
    let mut bytes = [0; 24];
    // Ids name log lines and guard nothing; without randomness they are merely all the same.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let (trace, span) = bytes.split_at(16);
    format!("00-{}-{}-00", hex::encode(trace), hex::encode(span))
}

//! The REST API: extract, one domain call, respond.

mod administration;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use dcap::UnixTime;
use http_body_util::BodyExt;
use serde_json::json;
use token::OpenIdMetadata;
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::attest::AttestError;
use crate::attestation_type::AttestationType;
use crate::hashes::sha256_hex;
use crate::policy_type::PolicyType;
use crate::provider::Provider;
use crate::request::AttestRequest;
use crate::response::{ApiError, Refused, json_body};

/// Bytes of a request body. A quote with its certificates has about 5,000.
pub const MAX_BODY: usize = 2 << 20;
/// Bytes beyond that which are read and thrown away before the connection is closed.
const MAX_THROWN_AWAY: usize = 16 << 20;
/// Time for a request, its body included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What handlers share.
#[derive(Clone)]
struct Api {
    provider: Arc<Provider>,
    access: Arc<Access>,
    /// Attestations at once: as many as there are cores, for each is computation.
    attestations: Arc<Semaphore>,
    /// Draft policies at once: one, for they are anybody's programs.
    drafts: Arc<Semaphore>,
}

/// The API of one provider, to be served below its public URL.
pub fn router(provider: Arc<Provider>, access: Access) -> Router {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let api = Api {
        provider: Arc::clone(&provider),
        access: Arc::new(access),
        attestations: Arc::new(Semaphore::new(cores)),
        drafts: Arc::new(Semaphore::new(1)),
    };
    let routes = Router::new()
        .route("/attest/sgxenclave", post(attest_sgx_enclave))
        .route("/attest/openenclave", post(attest_open_enclave))
        .route("/attest/{type}", post(attest_other))
        .route("/policies/{target}", any(administration::policies))
        .route("/certificates", get(administration::certificates))
        .route("/certificates:add", post(administration::change_certificates))
        .route("/certificates:remove", post(administration::change_certificates))
        .route("/servicehealth", get(|| async { StatusCode::NO_CONTENT }))
        .route("/certs", get(certs))
        .route("/.well-known/openid-configuration", get(metadata))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api);
    // The path is rewritten before routing, so the routes stand behind a service of their own.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(Arc::clone(&provider), for_this_provider))
        .layer(middleware::from_fn_with_state(provider, logged))
}

async fn attest_sgx_enclave(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    attest(&api, AttestationType::SgxEnclave, &headers, body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn attest_open_enclave(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    attest(&api, AttestationType::OpenEnclave, &headers, body).await.unwrap_or_else(IntoResponse::into_response)
}

/// Types that policies can be set for and evidence is not taken for yet.
async fn attest_other(Path(name): Path<String>) -> ApiError {
    let Some(policy_type) = PolicyType::from_name(&name) else {
        return not_found(Uri::from_static("/attest")).await;
    };
    let message = format!("attestation of {} is not supported by this provider", policy_type.as_str());
    let help = "this provider attests SgxEnclave and OpenEnclave";
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidOperation", "attestation_type_not_supported", message, help)
}

async fn attest(
    api: &Api,
    attestation_type: AttestationType,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let body = read_body(headers, body).await?;
    let request = AttestRequest::from_json(&body, attestation_type)?;
    let attested =
        Attested { evidence_sha256: sha256_hex(&[&request.evidence]), is_draft: request.draft_policy.is_some() };
    let token = compute(api, attestation_type, request).await;
    let mut response = match token {
        Ok(token) => json_body(&json!({"token": token})),
        Err(error) => ApiError::from(error).into_response(),
    };
    response.extensions_mut().insert(attested);
    Ok(response)
}

/// Attests on a thread of its own: it is computation, and must not hold up what only waits.
async fn compute(api: &Api, attestation_type: AttestationType, request: AttestRequest) -> Result<String, AttestError> {
    // A closed semaphore cannot be: nothing closes it. Without a permit the work would merely not be bounded.
    let _draft = match request.draft_policy {
        Some(_) => Arc::clone(&api.drafts).acquire_owned().await.ok(),
        None => None,
    };
    let _permit = Arc::clone(&api.attestations).acquire_owned().await.ok();
    let provider = Arc::clone(&api.provider);
    let attesting =
        tokio::task::spawn_blocking(move || provider.attest(attestation_type, &request, UnixTime::of_system_clock()));
    attesting.await.unwrap_or(Err(AttestError::Interrupted))
}

async fn certs(State(api): State<Api>) -> Response {
    json_body(&*api.provider.jwks())
}

async fn metadata(State(api): State<Api>) -> Response {
    json_body(&OpenIdMetadata::new(api.provider.issuer()))
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
    let help = "attest, reset and add with POST, set a policy with PUT, read with GET";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "method_not_allowed", "wrong method", help)
}

/// Reads at most [`MAX_BODY`] bytes. Compressed bodies are refused: a small one can become large.
///
/// What is too long is read on for a while and thrown away: a client that is still sending would not hear the answer.
async fn read_body(headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let mut thrown_away: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let help = "send the whole body";
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "InvalidParameter",
                "body_incomplete",
                "request body broke off",
                help,
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if thrown_away == 0 && bytes.len().saturating_add(data.len()) <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
            thrown_away = thrown_away.saturating_add(data.len());
        }
        if thrown_away > MAX_THROWN_AWAY {
            break;
        }
    }
    if thrown_away > 0 {
        let message = format!("request body is longer than {MAX_BODY} bytes");
        let help = "a quote with its certificates has about 5,000 bytes";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "InvalidParameter", "body_too_long", message, help));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "InvalidParameter",
            "body_compressed",
            "request body is compressed",
            "send the body without Content-Encoding",
        ));
    }
    Ok(bytes)
}

/// Lets through what is for this provider's public URL alone, with its path in lower case and without the prefix.
async fn for_this_provider(State(provider): State<Arc<Provider>>, mut request: Request, next: Next) -> Response {
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
    let Ok(path) = PathAndQuery::try_from(path) else {
        let help = "ask for a path of the API";
        return ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "path_malformed", "path is malformed", help)
            .into_response();
    };
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

/// What was asked to be attested, for the log.
#[derive(Clone)]
struct Attested {
    evidence_sha256: String,
    is_draft: bool,
}

/// One line for each request, with an id that the answer carries.
async fn logged(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id();
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(200).collect();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.to_string());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-ms-request-id", value);
    }
    let attested = response.extensions().get::<Attested>();
    tracing::info!(
        provider = provider.name(),
        http.method = %method,
        http.path = path,
        http.status = response.status().as_u16(),
        duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        request.id = id,
        peer = peer.as_deref(),
        refused = response.extensions().get::<Refused>().map(|refused| refused.0.as_str()),
        evidence.sha256 = attested.map(|attested| attested.evidence_sha256.as_str()),
        draft = attested.map(|attested| attested.is_draft),
        simulated = provider.is_simulated(),
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

//! The simulated Intel's service over HTTP.
//!
//! [`Pcs`] serves a simulation on any listener, and is what `veritee platform pcs` runs. [`LocalPcs`] is for tests of clients: it
//! runs on a free port of loopback until it is dropped.

mod local;

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use problem::Problem;
use rustls::ServerConfig;
use unix_time::UnixTime;
use web::{BodyError, Connection, Gate, Limits, Refusal, Serving};

use crate::kept::SimulationError;
use crate::pcs::{self, Answer};
use crate::simulation::Simulation;

pub use local::{LocalPcs, LocalPcsError};

/// The longest time that an answer may take: a route can be told to be slow.
const SLOWEST: Duration = Duration::from_secs(3600);

/// The simulated Intel's service, about the simulation in a directory.
///
/// Each answer is made from what the directory contains at that time, so changes of platforms and of [`States`](crate::pcs::States)
/// take effect while it runs.
#[derive(Clone)]
pub struct Pcs {
    directory: PathBuf,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

impl fmt::Debug for Pcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pcs").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Pcs {
    /// Opens the simulation in that directory. Documents are issued at the time that `clock` gives.
    ///
    /// # Errors
    /// See [`SimulationError`].
    pub fn open(
        directory: &Path,
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
    ) -> Result<Self, SimulationError> {
        // PPIDs are encrypted under this key, so it must exist before the first request.
        Simulation::open(directory)?.ppid_key()?;
        Ok(Self { directory: directory.to_owned(), clock: Arc::new(clock) })
    }

    /// Serves on a listener, with TLS if there is a configuration for it. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn serve(self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> io::Result<Serving> {
        let limits = Limits::default();
        // Whoever develops against it has one address.
        let limits = Limits { connections_per_peer: limits.connections, handling: SLOWEST, ..limits };
        web::serve(listener, tls, Gate::new(limits), Router::new().fallback(answer).with_state(self))
    }

    fn answer(&self, request: &pcs::Request<'_>) -> Result<Answer, SimulationError> {
        let simulation = Simulation::open(&self.directory)?;
        pcs::answer(&simulation, &simulation.states()?, request, (self.clock)())
    }
}

async fn answer(State(pcs): State<Pcs>, Extension(connection): Extension<Connection>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match connection.receive(body, pcs::Request::MAX_BODY, pcs::Request::MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return refuse(status_of(error), &error),
    };
    let answering = tokio::task::spawn_blocking(move || {
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        pcs.answer(&pcs::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query,
            has_subscription_key: head.headers.contains_key("ocp-apim-subscription-key"),
            body: &body,
        })
    });
    match answering.await {
        Ok(Ok(answer)) => {
            tokio::time::sleep(answer.delay).await;
            response(answer, &connection).await
        }
        Ok(Err(error)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error),
        Err(error) => failed("answer_interrupted", error.to_string()),
    }
}

/// An answer without a body. The log says why.
fn refuse(status: StatusCode, error: &dyn Problem) -> Response {
    (status, Extension(Refusal::of(error))).into_response()
}

fn failed(code: &'static str, causes: String) -> Response {
    let refusal = Refusal { code: code.into(), causes: Some(causes.into()) };
    (StatusCode::INTERNAL_SERVER_ERROR, Extension(refusal)).into_response()
}

const fn status_of(error: BodyError) -> StatusCode {
    match error {
        BodyError::BrokeOff => StatusCode::BAD_REQUEST,
        BodyError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        BodyError::Exhausted(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn response(answer: Answer, connection: &Connection) -> Response {
    let body = match connection.hold_answer(Body::from(answer.body)).await {
        Ok(body) => body,
        Err(error) => return refuse(StatusCode::SERVICE_UNAVAILABLE, &error),
    };
    let mut response = Response::new(Body::from(body));
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.status_mut() = status;
    if status.is_server_error() {
        let causes = Some("the route is in a state in which it fails".into());
        response.extensions_mut().insert(Refusal { code: "state_of_route".into(), causes });
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

//! The simulated Intel's service over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use clap::Subcommand;
use serde_json::{Map, Value};
use simulator::pcs::{self, Answer, Route, State, States};
use simulator::{Simulation, SimulationError};
use web::tls::{DevelopmentCa, DevelopmentCaError};
use web::{BodyError, Connection, Gate, Limits};

use super::{Data, now};
use crate::failure::{self, Failure};
use crate::serve::connections::{cannot_listen, listen};
use crate::serve::simulation::unusable;
use crate::{log, serve, show};

/// How long requests under way are given when it ends.
const GRACE: Duration = Duration::from_secs(1);
/// How long an answer may take: a route can be told to be slow.
const SLOWEST: Duration = Duration::from_secs(3600);

/// Serve what Intel's Provisioning Certification Service serves, about the machines of the data directory: version 4 of the API,
/// registration, and the root CRL at /IntelSGXRootCA.der. Routes can be put into states while it runs.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    data: Data,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8082")]
    listen: SocketAddr,
    /// Serve plain HTTP instead of HTTPS with a certificate of the data directory's development CA.
    #[arg(long)]
    http: bool,
}

#[derive(Subcommand)]
enum Command {
    Set(Set),
    Clear(Clear),
    /// Show which routes are in which states.
    States(Data),
}

/// Put a route into a state: it answers 503, or what it gives has expired, and so on.
#[derive(clap::Args)]
struct Set {
    /// pckcert, pckcerts, pckcrl, tcb, qe-identity, qve-identity, tcbevaluationdatanumbers, fmspcs, crl or registration.
    route: Route,
    /// 400, 401, 404, 410, 429, 500 or 503 (with Retry-After: 429:30), expired, not-yet-valid, slow:SECONDS or lying.
    state: State,
    #[command(flatten)]
    data: Data,
}

/// Have a route, or all, do again what it should.
#[derive(clap::Args)]
struct Clear {
    /// The route; all where none is named.
    route: Option<Route>,
    #[command(flatten)]
    data: Data,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        None => serve(arguments),
        Some(Command::Set(Set { route, state, data })) => {
            show_states(&data.open()?.change_states(|states| states.set(*route, *state)).map_err(unusable)?)
        }
        Some(Command::Clear(Clear { route, data })) => {
            let routes = route.as_ref().map_or(&Route::ALL[..], std::slice::from_ref);
            let clear = |states: &mut States| routes.iter().for_each(|route| states.clear(*route));
            show_states(&data.open()?.change_states(clear).map_err(unusable)?)
        }
        Some(Command::States(data)) => show_states(&data.open()?.states().map_err(unusable)?),
    }
}

fn show_states(states: &States) -> Result<(), Failure> {
    let all: Map<String, Value> =
        states.iter().map(|(route, state)| (route.as_str().to_owned(), state.to_string().into())).collect();
    if all.is_empty() { show::line("every route does what it should") } else { show::fields(&Value::Object(all), 0) }
}

fn serve(arguments: &Arguments) -> Result<(), Failure> {
    log::to_stderr();
    let directory = arguments.data.directory();
    // There is one before anybody asks for it.
    Simulation::open(&directory).and_then(|mut simulation| simulation.ppid_key().map(|_| ())).map_err(unusable)?;
    let listener = listen(arguments.listen, "--listen")?;
    let cannot_listen = |error: std::io::Error| cannot_listen(arguments.listen, "--listen", &error);
    let address = listener.local_addr().map_err(cannot_listen)?;
    let app = Router::new().fallback(answer).with_state(directory);
    serve::runtime()?.block_on(async {
        let (scheme, tls) = if arguments.http {
            ("http", None)
        } else {
            let config = DevelopmentCa::open_in(&arguments.data.data, now()).and_then(|ca| ca.server_config(now()));
            ("https", Some(config.map_err(|error: DevelopmentCaError| Failure::of_environment(&error))?))
        };
        let limits = Limits::default();
        let limits = Limits { connections_per_peer: limits.connections, handling: SLOWEST, ..limits };
        let mut serving = web::serve(listener, tls, Gate::new(limits), app).map_err(cannot_listen)?;
        let end = serve::signal()?;
        show::line(&format!(
            "simulated PCS is ready at {scheme}://localhost:{}/sgx/certification/v4/",
            address.port()
        ))?;
        tokio::select! {
            () = end => serving.stop(GRACE).await,
            () = serving.ended() => {
                return Err(Failure::environment("server_failed", "service stopped: the log says why", ""));
            }
        }
        Ok(())
    })
}

/// Answers from the state that the data directory is in by now.
async fn answer(
    Extracted(directory): Extracted<PathBuf>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = match connection.receive(body, pcs::Request::MAX_BODY, pcs::Request::MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return refused(error).into_response(),
    };
    let asked = format!("{} {}", head.method, head.uri.path());
    let answering = tokio::task::spawn_blocking(move || -> Result<Answer, SimulationError> {
        let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let request = pcs::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query,
            has_subscription_key: head.headers.contains_key("ocp-apim-subscription-key"),
            body: &body,
        };
        let simulation = Simulation::open(&directory)?;
        pcs::answer(&simulation, &simulation.states()?, &request, now())
    });
    match answering.await {
        Ok(Ok(answer)) => {
            tracing::info!(http.request = asked, http.status = answer.status, "request");
            tokio::time::sleep(answer.delay).await;
            response(answer, &connection).await
        }
        Ok(Err(error)) => {
            tracing::error!(http.request = asked, error = failure::chain(&error), "simulation cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const fn refused(error: BodyError) -> StatusCode {
    match error {
        BodyError::BrokeOff => StatusCode::BAD_REQUEST,
        BodyError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        BodyError::Exhausted(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn response(answer: Answer, connection: &Connection) -> Response {
    let Ok(body) = connection.hold_answer(Body::from(answer.body)).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

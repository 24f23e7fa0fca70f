//! A listener with short limits over a service for tests.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use problem::Problem;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use web::{Connection, Gate, Limits, LogRequest, Refusal, RequestId, RequestLine, Serving};

/// Bytes of the answer at `/large`: more than all buffers between a service and a client hold.
pub const LARGE: usize = 2 << 20;

pub struct Running {
    pub address: SocketAddr,
    pub gate: Gate,
    pub serving: Serving,
    /// The certificate, where it is TLS.
    pub certificate: CertificateDer<'static>,
}

/// Limits that nothing reaches, and one connection at a time: another one is served only once the first is closed.
pub fn one_connection() -> Limits {
    let never = Duration::from_secs(600);
    Limits {
        connections: 1,
        connections_per_peer: 1,
        handshake: never,
        header: never,
        idle: never,
        age: never,
        handling: never,
        delivery: never,
        write_stall: never,
        drain: Duration::from_millis(100),
        ..Limits::default()
    }
}

/// A limit that is reached soon.
pub const SOON: Duration = Duration::from_millis(300);

pub fn running(limits: Limits) -> Running {
    start(limits, false)
}

pub fn running_with_tls(limits: Limits) -> Running {
    start(limits, true)
}

fn start(limits: Limits, with_tls: bool) -> Running {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let tls = with_tls.then(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate.clone()], key.into()).unwrap())
    });
    let gate = Gate::new(limits);
    let listener = web::listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = web::serve(listener, tls, gate.clone(), tower::service_fn(answer)).unwrap();
    Running { address, gate, serving, certificate }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let connection = request.extensions().get::<Connection>().unwrap().clone();
    let path = request.uri().path().to_owned();
    let (status, body) = match path.as_str() {
        "/large" => match connection.hold_answer(Full::new(Bytes::from(vec![b'x'; LARGE]))).await {
            Ok(bytes) => (200, bytes),
            Err(error) => (503, error.code().into_owned().into()),
        },
        "/never" => std::future::pending().await,
        "/slow" => {
            tokio::time::sleep(SOON).await;
            (200, "slow".into())
        }
        "/body" => match connection.receive(request.into_body().map_err(std::io::Error::other), 1 << 20, 0).await {
            Ok(body) => (200, body.len().to_string().into()),
            Err(error) => (400, error.code().into_owned().into()),
        },
        "/failed" => (500, Bytes::from("failed")),
        "/id" => (200, request.extensions().get::<RequestId>().unwrap().as_str().to_owned().into()),
        _ => (200, Bytes::from("small")),
    };
    let mut response = Response::builder().status(status).body(Full::new(body)).unwrap();
    match path.as_str() {
        "/failed" => drop(response.extensions_mut().insert(Refusal::of(&Failed(std::fmt::Error)))),
        "/named" => drop(response.extensions_mut().insert(LogRequest(log_named))),
        _ => {}
    }
    Ok(response)
}

fn log_named(line: &RequestLine<'_>, _: &http::Extensions) {
    web::log_request!(line; provider = "somebody",; draft = true,);
}

#[derive(Debug, thiserror::Error)]
#[error("nothing works")]
struct Failed(#[source] std::fmt::Error);

impl Problem for Failed {
    fn code(&self) -> Cow<'static, str> {
        "nothing_works".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "none".into()
    }
}

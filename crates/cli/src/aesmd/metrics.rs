//! Metrics over HTTP, on loopback.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use aesm::{MEDIA_TYPE, Server};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::serve::connections::{BoundedAcceptor, limit_http, listen};

/// Whoever looks has one connection, or a few.
const MAX_CONNECTIONS: usize = 16;

/// Takes the address, which has to be a loopback one: who asks for quotes on a machine is nobody else's business.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() {
        return Err(Failure::usage(
            "metrics_beyond_loopback",
            format!("metrics are not served at `{address}`"),
            "give a loopback address, such as 127.0.0.1:9099, and a proxy before it where others are to see them",
        ));
    }
    listen(address, "--metrics")
}

/// Serves them until the task is ended; gives the address.
pub fn serve(listener: TcpListener, server: &Arc<Server>) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let unusable = |error: std::io::Error| {
        Failure::environment("metrics_unusable", format!("metrics cannot be served: {error}"), "")
    };
    let address = listener.local_addr().map_err(unusable)?;
    let server = Arc::clone(server);
    let metrics = move || std::future::ready(([(CONTENT_TYPE, MEDIA_TYPE)], server.metrics()));
    let app = Router::new().route("/metrics", get(metrics)).into_make_service();
    let http = limit_http(axum_server::from_tcp(listener).map_err(unusable)?);
    let serving = tokio::spawn(async move {
        if let Err(error) = http.acceptor(BoundedAcceptor::new(MAX_CONNECTIONS)).serve(app).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    Ok((address, serving))
}

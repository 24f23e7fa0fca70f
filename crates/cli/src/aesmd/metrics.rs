//! Metrics over HTTP, on loopback.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use aesm::{MEDIA_TYPE, Server};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use web::{Gate, Limits, Serving};

use crate::failure::Failure;
use crate::serve::connections::listen;

/// Whoever looks has one connection, or a few.
const MAX_CONNECTIONS: usize = 16;

/// Time that requests under way are given to finish.
pub const GRACE: Duration = Duration::from_secs(1);

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

/// Serves them until what it gives is dropped; gives the address too.
pub fn serve(listener: TcpListener, server: &Arc<Server>) -> Result<(SocketAddr, Serving), Failure> {
    let unusable = |error: std::io::Error| {
        Failure::environment("metrics_unusable", format!("metrics cannot be served: {error}"), "")
    };
    let address = listener.local_addr().map_err(unusable)?;
    let server = Arc::clone(server);
    let metrics = move || std::future::ready(([(CONTENT_TYPE, MEDIA_TYPE)], server.metrics()));
    let app = Router::new().route("/metrics", get(metrics));
    let limits = Limits { connections: MAX_CONNECTIONS, connections_per_peer: MAX_CONNECTIONS, ..Limits::default() };
    let serving = web::serve(listener, None, Gate::new(limits), app).map_err(unusable)?;
    Ok((address, serving))
}

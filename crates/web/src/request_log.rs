//! One line in the log for each request, and one more for each that failed inside the service.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Instant;

use http::{Extensions, Method, Request, Response};
use problem::{Problem, chain};

use crate::request_id::RequestId;

/// Characters of a path in the log.
const MAX_PATH: usize = 200;

/// Why a request was refused, for the log: an extension of its response.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The code of the error.
    pub code: Cow<'static, str>,
    /// The error with its causes. They are logged if the response has a status of 5xx.
    pub causes: Option<Box<str>>,
}

impl Refusal {
    /// The refusal that an error is answered with.
    pub fn of(error: &dyn Problem) -> Self {
        Self { code: error.code(), causes: Some(chain(error).into()) }
    }
}

/// What the log says of a request and its response.
#[derive(Debug)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, cut if it is long.
    pub path: &'a str,
    /// The status of the response.
    pub status: u16,
    /// Microseconds from the header of the request until there was a response.
    pub duration_us: u64,
    /// The id of the request.
    pub id: &'a str,
    /// The address at the other end.
    pub peer: String,
    /// The code of the error, if the request was refused.
    pub refused: Option<&'a str>,
}

/// Writes the line of a request in place of the usual one, with fields that only the service knows: an extension of a response.
///
/// The function gets the extensions of the response, and writes the line with [`log_request`](crate::log_request).
#[derive(Clone, Copy, Debug)]
pub struct LogRequest(pub fn(&RequestLine<'_>, &Extensions));

/// Writes the line of a request: `log_request!(line; FIELDS; FIELDS)`, with fields of a service before and after the usual ones.
///
/// Each of these fields ends with a comma. The caller's crate needs `tracing`.
#[macro_export]
macro_rules! log_request {
    ($line:ident; $($before:tt)*) => { $crate::log_request!(@split $line; []; $($before)*) };
    (@split $line:ident; [$($before:tt)*]; ; $($after:tt)*) => {
        ::tracing::info!(
            $($before)*
            http.method = %$line.method,
            http.path = $line.path,
            http.status = $line.status,
            duration_us = $line.duration_us,
            request.id = $line.id,
            peer = $line.peer,
            refused = $line.refused,
            $($after)*
            "request"
        )
    };
    (@split $line:ident; [$($before:tt)*]; $next:tt $($rest:tt)*) => {
        $crate::log_request!(@split $line; [$($before)* $next]; $($rest)*)
    };
}

/// What is known of a request when its header was received.
#[derive(Debug)]
pub(crate) struct Begun {
    at: Instant,
    id: RequestId,
    method: Method,
    path: String,
}

impl Begun {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path().chars().take(MAX_PATH).collect();
        Self { at: Instant::now(), id: RequestId::random(), method: request.method().clone(), path }
    }

    pub(crate) fn id(&self) -> &RequestId {
        &self.id
    }

    /// Writes what the log says of the request and its response.
    pub(crate) fn log<B>(&self, peer: SocketAddr, response: &Response<B>) {
        let (extensions, status) = (response.extensions(), response.status());
        let refusal = extensions.get::<Refusal>();
        let line = RequestLine {
            method: &self.method,
            path: &self.path,
            status: status.as_u16(),
            duration_us: u64::try_from(self.at.elapsed().as_micros()).unwrap_or(u64::MAX),
            id: self.id.as_str(),
            peer: peer.to_string(),
            refused: refusal.map(|refusal| &*refusal.code),
        };
        if status.is_server_error() {
            let causes = refusal.and_then(|refusal| refusal.causes.as_deref());
            tracing::error!(request.id = line.id, refused = line.refused, error = causes, "request failed");
        }
        match extensions.get::<LogRequest>() {
            Some(LogRequest(write)) => write(&line, extensions),
            None => log_usual(&line),
        }
    }
}

fn log_usual(line: &RequestLine<'_>) {
    log_request!(line;;);
}

//! Request headers are charged to their connection while the request is handled.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::Empty;
use problem::Problem;

use crate::connection::{Connection, Held};
use crate::memory::Exhausted;
use crate::request_log::Refusal;

/// Bytes that a field takes besides its name and value.
const FIELD: usize = 160;

/// Why a request is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    /// It has more fields than are taken.
    #[error("request has more than {0} header fields")]
    TooManyFields(usize),
    /// The request target is malformed.
    #[error("request target is malformed")]
    Target,
    /// There is no memory for it.
    #[error("no memory is left for the request header")]
    Exhausted(Exhausted),
}

impl Problem for HeadError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooManyFields(_) => "too_many_header_fields",
            Self::Target => "request_target_malformed",
            Self::Exhausted(Exhausted::Connection) => "header_memory_of_connection_exhausted",
            Self::Exhausted(Exhausted::Peer) => "header_memory_of_peer_exhausted",
            Self::Exhausted(Exhausted::Service) => "header_memory_exhausted",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::TooManyFields(_) => "send fewer header fields",
            Self::Target => "send a request target as RFC 9112, section 3.2, has it",
            Self::Exhausted(_) => "finish other requests first, or try again in a moment",
        };
        text.into()
    }
}

impl HeadError {
    /// The answer. It has no body: HTTP itself answers other faults of a header in the same way.
    pub(crate) fn answer(self) -> Response<Empty<Bytes>> {
        let mut answer = Response::new(Empty::new());
        *answer.status_mut() = match self {
            Self::TooManyFields(_) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Target => StatusCode::BAD_REQUEST,
            Self::Exhausted(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        if matches!(self, Self::Exhausted(_)) {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer.extensions_mut().insert(Refusal::of(&self));
        answer
    }
}

impl Connection {
    /// Charges the header of a request.
    pub(crate) fn hold_head<B>(&self, mut request: Request<B>) -> Result<(Request<B>, Held), HeadError> {
        let fields = request.headers();
        if fields.len() > self.limits().header_fields {
            return Err(HeadError::TooManyFields(self.limits().header_fields));
        }
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        let length = fields.iter().fold(target, |length, (name, value)| {
            length.saturating_add(name.as_str().len()).saturating_add(value.len()).saturating_add(FIELD)
        });
        let mut held = self.body_charge();
        held.grow_to(length).map_err(HeadError::Exhausted)?;
        // Over HTTP/2 a header of a few bytes keeps the whole buffer in which it was received, and a connection has many requests.
        if request.version() == Version::HTTP_2 {
            *request.headers_mut() = copied(request.headers());
            *request.uri_mut() = request.uri().to_string().parse::<Uri>().map_err(|_| HeadError::Target)?;
        }
        Ok((request, held))
    }
}

fn copied(fields: &HeaderMap) -> HeaderMap {
    let mut copied = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(mut copy)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            copy.set_sensitive(value.is_sensitive());
            copied.append(name, copy);
        }
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use crate::limits::{BodyLimits, Limits};

    fn connection() -> Connection {
        let bodies = BodyLimits { reserve: 1000, per_connection: 1000, ..Limits::default().bodies };
        let limits = Limits { header_fields: 3, bodies, ..Limits::default() };
        Gate::new(limits).admit("192.0.2.1:1".parse().unwrap()).unwrap()
    }

    fn request(fields: usize, length: usize) -> Request<()> {
        let mut request = Request::builder().version(Version::HTTP_2).uri("https://localhost/a?b=c");
        for _ in 0..fields {
            request = request.header("x", "y".repeat(length));
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_header_keeps_its_fields_and_its_target() {
        let (held, _held) = connection().hold_head(request(2, 10)).unwrap();
        assert_eq!(held.uri(), "https://localhost/a?b=c");
        assert_eq!(held.headers().get_all("x").iter().collect::<Vec<_>>(), ["yyyyyyyyyy"; 2]);
    }

    #[test]
    fn headers_of_requests_that_are_being_handled_are_charged() {
        let connection = connection();
        assert_eq!(connection.hold_head(request(4, 1)).unwrap_err(), HeadError::TooManyFields(3));
        let (_, first) = connection.hold_head(request(1, 800)).unwrap();
        let _second = connection.hold_head(request(1, 800)).unwrap();
        let refused = connection.hold_head(request(1, 800)).unwrap_err();
        assert_eq!(refused, HeadError::Exhausted(Exhausted::Connection));
        assert_eq!(refused.answer().headers()[header::RETRY_AFTER], "1");
        drop(first);
        connection.hold_head(request(1, 800)).unwrap();
    }
}

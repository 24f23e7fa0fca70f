//! What handlers are given of a request: its context, and who sent it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use attestation::{Access, Caller, Provider, Providers, Role};
use axum::body::Body;
use axum::extract::{Extension, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::MethodRouter;
use serde::de::DeserializeOwned;
use unix_time::UnixTime;
use web::{Connection, Received};

use super::bearer::bearer;
use super::query::Query;
use super::{Api, body};
use crate::response::ApiError;

/// What [`super::entry`] knows of a request before it is handled.
#[derive(Clone)]
pub(super) struct Entered {
    /// As it is now: nothing newer is looked at.
    pub(super) provider: Arc<Provider>,
    /// Where it comes from.
    pub(super) peer: Option<IpAddr>,
    /// What holds its body in memory.
    pub(super) connection: Connection,
    pub(super) query: Query,
}

/// The context of a request: the provider that it is for, and the clock.
pub(super) struct Context {
    attestation: Api,
    /// A snapshot: nothing newer is looked at.
    pub(super) provider: Arc<Provider>,
    pub(super) peer: Option<IpAddr>,
    pub(super) query: Query,
    headers: HeaderMap,
    connection: Connection,
}

impl FromRequestParts<Api> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Some(entered) = parts.extensions.get::<Entered>().cloned() else {
            let (message, help) = ("request came past the entry of the service", "this is a fault of the service");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Err(ApiError::new(status, "InternalError", "request_not_entered", message, help));
        };
        let Entered { provider, peer, connection, query } = entered;
        let (attestation, headers) = (Arc::clone(api), parts.headers.clone());
        Ok(Self { attestation, provider, peer, query, headers, connection })
    }
}

impl Context {
    /// The providers of the service.
    pub(super) fn providers(&self) -> &Providers {
        self.attestation.providers()
    }

    /// Who may do what.
    pub(super) fn access(&self) -> &Access {
        self.attestation.access()
    }

    /// The time now.
    pub(super) fn now(&self) -> UnixTime {
        UnixTime::of_system_clock()
    }

    /// The headers of the request.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The bearer token of the request.
    pub(super) fn bearer(&self) -> Option<&str> {
        bearer(&self.headers)
    }

    /// Reads the body of the request.
    pub(super) async fn read(&self, body: Body) -> Result<Received, ApiError> {
        body::read(&self.connection, &self.headers, body).await
    }

    /// Reads the JWS in the body of the request.
    pub(super) async fn jws(&self, body: Body) -> Result<String, ApiError> {
        body::jws(&self.read(body).await?)
    }

    /// Who sent the request.
    pub(super) async fn caller(&self, what: &str) -> Result<Caller, ApiError> {
        let caller = self.attestation.access().caller(self.bearer(), self.peer, self.now()).await;
        caller.map_err(|error| ApiError::of_access(&error, what))
    }

    /// Who sent the request, if that role with the provider, or a higher one, is theirs.
    pub(super) async fn caller_with(&self, role: Role, what: &str) -> Result<Caller, ApiError> {
        let caller = self.caller(what).await?;
        if caller.may(role, self.provider.name()) { Ok(caller) } else { Err(forbidden(&caller, role, what)) }
    }

    /// Who sent the request, if the service is theirs.
    async fn owner(&self, what: &str) -> Result<Caller, ApiError> {
        let caller = self.caller(what).await?;
        if caller.may_everywhere(Role::Owner) { Ok(caller) } else { Err(forbidden(&caller, Role::Owner, what)) }
    }
}

/// The parameters in the path of a request. Axum's own extractor refuses in plain text.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, api).await {
            Ok(axum::extract::Path(parameters)) => Ok(Self(parameters)),
            Err(_) => {
                let (message, help) =
                    ("the path is not UTF-8", "encode the names in the path as UTF-8, then in percent signs");
                Err(ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "path_malformed", message, help))
            }
        }
    }
}

/// The refusal of a caller who does not have that role.
pub(super) fn forbidden(caller: &Caller, role: Role, what: &str) -> ApiError {
    let message = format!("{} does not have the role {} that {what} requires", caller.name, role.as_str());
    let help = "ask the owner of the service for a client with that role (veritee token create), or for a rule that gives it to \
                your issuer's tokens";
    ApiError::new(StatusCode::FORBIDDEN, "Forbidden", "role_insufficient", message, help)
}

/// What a route does, in the words of Azure's refusals.
#[derive(Clone, Copy)]
struct Operation {
    name: &'static str,
    is_of_2018: bool,
}

/// Names what a route does, for the refusals of those who may not.
pub(super) fn named(name: &'static str, route: MethodRouter<Api>) -> MethodRouter<Api> {
    route.route_layer(Extension(Operation { name, is_of_2018: false }))
}

/// The same for a route of the API of 2018, whose refusals have another form.
pub(super) fn named_of_2018(name: &'static str, route: MethodRouter<Api>) -> MethodRouter<Api> {
    route.route_layer(Extension(Operation { name, is_of_2018: true }))
}

/// What is required of a caller.
#[derive(Clone, Copy)]
enum Requirement {
    /// To be known.
    Known,
    /// That role with the provider.
    Role(Role),
    /// To own the service.
    Owner,
}

/// The name of the operation, and its caller if they meet the requirement.
async fn authorize(
    parts: &mut Parts,
    api: &Api,
    requirement: Requirement,
) -> Result<(Cow<'static, str>, Caller), ApiError> {
    let context = Context::from_request_parts(parts, api).await?;
    let operation = parts.extensions.get::<Operation>().copied();
    let name = match operation {
        Some(operation) => Cow::Borrowed(operation.name),
        None => Cow::Owned(parts.uri.path().to_owned()),
    };
    let caller = match requirement {
        Requirement::Known => context.caller(&name).await,
        Requirement::Role(role) => context.caller_with(role, &name).await,
        Requirement::Owner => context.owner(&name).await,
    };
    let is_of_2018 = operation.is_some_and(|operation| operation.is_of_2018);
    let caller = caller.map_err(|refusal| if is_of_2018 { refusal.of_2018() } else { refusal })?;
    Ok((name, caller))
}

/// A caller who is known, and may have no role with the provider.
pub(super) struct Known {
    pub(super) caller: Caller,
    operation: Cow<'static, str>,
}

impl Known {
    /// Refuses a caller who does not have that role.
    pub(super) fn forbidden(&self, role: Role) -> ApiError {
        forbidden(&self.caller, role, &self.operation)
    }
}

/// A reader of the provider.
pub(super) struct Reader;

/// A contributor of the provider.
pub(super) struct Contributor(pub(super) Caller);

/// The owner of the service.
pub(super) struct Owner(pub(super) Caller);

impl FromRequestParts<Api> for Known {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let (operation, caller) = authorize(parts, api, Requirement::Known).await?;
        Ok(Self { caller, operation })
    }
}

impl FromRequestParts<Api> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        authorize(parts, api, Requirement::Role(Role::Reader)).await.map(|_| Self)
    }
}

impl FromRequestParts<Api> for Contributor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        authorize(parts, api, Requirement::Role(Role::Contributor)).await.map(|(_, caller)| Self(caller))
    }
}

impl FromRequestParts<Api> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        authorize(parts, api, Requirement::Owner).await.map(|(_, caller)| Self(caller))
    }
}

//! The resource manager's API for providers. Paths come in lower case.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Value, json};
use unix_time::UnixTime;

use super::entry::Entered;
use super::{Api, body, forbidden};
use crate::resource::{Resource, operations};
use crate::response::{ApiError, json_body};
use attestation::{Caller, Role};
use attestation::{ControlError, Create, Patch};
use attestation::{Provider, ProviderName};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const RESOURCES: &str = "/providers/microsoft.attestation";

pub(super) fn routes() -> Router<Api> {
    let at = |path: &str| format!("/subscriptions/{{subscription}}{path}");
    let group = at(&format!("/resourcegroups/{{group}}{RESOURCES}/attestationproviders"));
    Router::new()
        .route(&format!("{RESOURCES}/operations"), get(list_operations))
        .route(&at(&format!("{RESOURCES}/attestationproviders")), get(list))
        .route(&at(&format!("{RESOURCES}/defaultproviders")), get(list_defaults))
        .route(&at(&format!("{RESOURCES}/locations/{{location}}/defaultprovider")), get(show_default))
        .route(&group, get(list_in_group))
        .route(&format!("{group}/{{name}}"), get(show).put(create).patch(change).delete(delete))
        .route(&format!("{group}/{{name}}/rotatekeys"), post(rotate_keys))
        .route(&format!("{group}/{{name}}/withdrawkey"), post(withdraw_key))
        .route(&format!("{group}/{{name}}/privateendpointconnections"), get(list_nothing))
        .route(
            &format!("{group}/{{name}}/privateendpointconnections/{{connection}}"),
            get(show_connection).put(make_connection).delete(delete_connection),
        )
        .route(&format!("{group}/{{name}}/privatelinkresources"), get(list_nothing))
}

/// Reads after how many seconds a new key is to sign; an empty body leaves it to the service.
fn lead_in(body: &[u8]) -> Result<Option<i64>, ControlError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Rotate {
        lead_seconds: Option<i64>,
    }
    if body.is_empty() { Ok(None) } else { read(body).map(|rotate: Rotate| rotate.lead_seconds) }
}

/// Reads the id of the key that is to be withdrawn.
fn withdrawn_key_in(body: &[u8]) -> Result<String, ControlError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Withdraw {
        key_id: String,
    }
    read(body).map(|withdraw: Withdraw| withdraw.key_id)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    strict_json::from_slice(body, 4).map_err(|error| ControlError::Body(error.to_string()))
}

type Scope = (String, String, String);

async fn list_operations(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.caller(&headers, &entered, "operations").await?;
    Ok(json_body(&operations()))
}

async fn list(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(subscription): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &entered, "attestationProviders").await?;
    Ok(listed(&api, &caller, |provider| is_in(provider, &subscription, None)))
}

async fn list_in_group(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path((subscription, group)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = api.caller(&headers, &entered, "attestationProviders").await?;
    Ok(listed(&api, &caller, |provider| is_in(provider, &subscription, Some(&group))))
}

/// Those that the caller may read.
fn listed(api: &Api, caller: &Caller, is_asked_for: impl Fn(&Provider) -> bool) -> Response {
    let providers = api.providers.all();
    let shown = providers.iter().filter(|provider| is_asked_for(provider) && caller.may(Role::Reader, provider.name()));
    json_body(&json!({"value": shown.map(|provider| Resource(provider).resource()).collect::<Vec<Value>>()}))
}

async fn list_defaults(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.caller(&headers, &entered, "defaultProviders").await?;
    let providers = api.providers.all();
    let defaults = providers.iter().filter(|provider| provider.is_location_default());
    let shown: Vec<Value> = defaults.map(|provider| Resource(provider).default_of_location()).collect();
    Ok(json_body(&json!({"value": shown})))
}

async fn show_default(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path((_, location)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.caller(&headers, &entered, "defaultProvider").await?;
    let providers = api.providers.all();
    let found = providers.iter().find(|provider| provider.is_location_default() && provider.location() == location);
    let found = found.ok_or_else(|| ControlError::Missing(format!("default of {location:.40}")))?;
    Ok(json_body(&Resource(found).default_of_location()))
}

async fn show(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let what = "attestationProviders/read";
    let caller = api.caller(&headers, &entered, what).await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    if !caller.may(Role::Reader, &name) {
        return Err(forbidden(&caller, Role::Reader, what));
    }
    Ok(json_body(&Resource(&*find(&api, &name, &scope)?).resource()))
}

async fn create(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "attestationProviders/write").await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let create = Create::from_json(&body::read(&entered, &headers, body).await?, &scope.0, &scope.1)?;
    // The resource manager's PUT changes what is there.
    if let Ok(existing) = find(&api, &name, &scope) {
        if !create.is_patch_in(&existing.location()) {
            return Err(ControlError::Exists(name).into());
        }
        let changed =
            api.providers.change_settings(&existing, create.patch(), &caller, UnixTime::of_system_clock()).await?;
        return Ok(json_body(&Resource(&changed).resource()));
    }
    let made = api.providers.create(&name, create, &caller, UnixTime::of_system_clock()).await?;
    Ok((StatusCode::CREATED, json_body(&Resource(&made).resource())).into_response())
}

async fn change(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "attestationProviders/write").await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let provider = find(&api, &name, &scope)?;
    let patch = Patch::from_json(&body::read(&entered, &headers, body).await?)?;
    let changed = api.providers.change_settings(&provider, &patch, &caller, UnixTime::of_system_clock()).await?;
    Ok(json_body(&Resource(&changed).resource()))
}

async fn delete(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "attestationProviders/delete").await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    // As the resource manager has it: what is not there is deleted.
    if find(&api, &name, &scope).is_err() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    api.providers.delete(&name, &caller, UnixTime::of_system_clock()).await?;
    Ok(StatusCode::OK.into_response())
}

/// `POST …/rotateKeys`: another signing key.
async fn rotate_keys(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "attestationProviders/rotateKeys/action").await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let provider = find(&api, &name, &scope)?;
    let lead = lead_in(&body::read(&entered, &headers, body).await?)?;
    let rotated = api.providers.rotate(&provider, lead, &caller.name, UnixTime::of_system_clock()).await?;
    Ok(json_body(&Resource(&rotated).resource()))
}

/// `POST …/withdrawKey`: a signing key is withdrawn.
async fn withdraw_key(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let caller = api.owner(&headers, &entered, "attestationProviders/withdrawKey/action").await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    find(&api, &name, &scope)?;
    let kid = withdrawn_key_in(&body::read(&entered, &headers, body).await?)?;
    let changed = api.providers.withdraw_key(&name, &kid, &caller.name, UnixTime::of_system_clock()).await?;
    Ok(json_body(&Resource(&changed).resource()))
}

/// There are no private endpoints here.
async fn list_nothing(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path(scope): Path<Scope>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let what = "attestationProviders/read";
    let caller = api.caller(&headers, &entered, what).await?;
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    if !caller.may(Role::Reader, &name) {
        return Err(forbidden(&caller, Role::Reader, what));
    }
    find(&api, &name, &scope)?;
    Ok(json_body(&json!({"value": []})))
}

/// One of the connections that are not there.
type Connection = (String, String, String, String);

async fn show_connection(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    Path((subscription, group, name, connection)): Path<Connection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    list_nothing(State(api), Extension(entered), Path((subscription, group, name)), headers).await?;
    let (message, help) = (format!("there is no connection `{connection:.80}`"), "there are no private endpoints here");
    Err(ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFound", "connection_unknown", message, help))
}

async fn make_connection(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    api.owner(&headers, &entered, "privateEndpointConnections/write").await?;
    let (message, help) = ("there are no private endpoints here", "let the service listen in a private network");
    Err(ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "connections_not_supported", message, help))
}

async fn delete_connection(
    State(api): State<Api>,
    Extension(entered): Extension<Entered>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    api.owner(&headers, &entered, "privateEndpointConnections/delete").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The provider of that name, where it is under that subscription and resource group.
fn find(
    api: &Api,
    name: &ProviderName,
    (subscription, group, _): &Scope,
) -> Result<std::sync::Arc<Provider>, ControlError> {
    let found = api.providers.get(name).filter(|provider| is_in(provider, subscription, Some(group)));
    found.ok_or_else(|| ControlError::Missing(name.to_string()))
}

fn is_in(provider: &Provider, subscription: &str, group: Option<&str>) -> bool {
    provider.settings().subscription.eq_ignore_ascii_case(subscription)
        && group.is_none_or(|group| provider.settings().resource_group.eq_ignore_ascii_case(group))
}

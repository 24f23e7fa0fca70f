//! The resource manager's API for providers. Paths come in lower case.

use attestation::{ControlError, Provider, ProviderName, Role};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::{Value, json};

use super::Api;
use super::context::{Context, Known, Owner, Path, named};
use crate::resource::{Resource, operations};
use crate::resource_body::{Create, Patch, lead_in, withdrawn_key_in};
use crate::response::{ApiError, json_body};

const RESOURCES: &str = "/providers/microsoft.attestation";

pub(super) fn routes() -> Router<Api> {
    let at = |path: &str| format!("/subscriptions/{{subscription}}{path}");
    let group = at(&format!("/resourcegroups/{{group}}{RESOURCES}/attestationproviders"));
    let connection = format!("{group}/{{name}}/privateendpointconnections/{{connection}}");
    Router::new()
        .route(&format!("{RESOURCES}/operations"), named("operations", get(list_operations)))
        .route(&at(&format!("{RESOURCES}/attestationproviders")), named("attestationProviders", get(list)))
        .route(&at(&format!("{RESOURCES}/defaultproviders")), named("defaultProviders", get(list_defaults)))
        .route(
            &at(&format!("{RESOURCES}/locations/{{location}}/defaultprovider")),
            named("defaultProvider", get(show_default)),
        )
        .route(&group, named("attestationProviders", get(list_in_group)))
        .route(&format!("{group}/{{name}}"), named("attestationProviders/read", get(show)))
        .route(&format!("{group}/{{name}}"), named("attestationProviders/write", put(create).patch(change)))
        .route(&format!("{group}/{{name}}"), named("attestationProviders/delete", axum::routing::delete(delete)))
        .route(
            &format!("{group}/{{name}}/rotatekeys"),
            named("attestationProviders/rotateKeys/action", post(rotate_keys)),
        )
        .route(
            &format!("{group}/{{name}}/withdrawkey"),
            named("attestationProviders/withdrawKey/action", post(withdraw_key)),
        )
        .route(
            &format!("{group}/{{name}}/privateendpointconnections"),
            named("attestationProviders/read", get(list_nothing)),
        )
        .route(&connection, named("attestationProviders/read", get(show_connection)))
        .route(&connection, named("privateEndpointConnections/write", put(make_connection)))
        .route(&connection, named("privateEndpointConnections/delete", axum::routing::delete(delete_connection)))
        .route(&format!("{group}/{{name}}/privatelinkresources"), named("attestationProviders/read", get(list_nothing)))
}

type Scope = (String, String, String);

async fn list_operations(_: Known) -> Result<Response, ApiError> {
    Ok(json_body(&operations()))
}

async fn list(known: Known, context: Context, Path(subscription): Path<String>) -> Result<Response, ApiError> {
    Ok(listed(&context, &known, |provider| is_in(provider, &subscription, None)))
}

async fn list_in_group(
    known: Known,
    context: Context,
    Path((subscription, group)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(listed(&context, &known, |provider| is_in(provider, &subscription, Some(&group))))
}

/// Those that the caller may read.
fn listed(context: &Context, known: &Known, is_asked_for: impl Fn(&Provider) -> bool) -> Response {
    let providers = context.providers().all();
    let shown =
        providers.iter().filter(|provider| is_asked_for(provider) && known.caller.may(Role::Reader, provider.name()));
    json_body(&json!({"value": shown.map(|provider| Resource(provider).resource()).collect::<Vec<Value>>()}))
}

async fn list_defaults(_: Known, context: Context) -> Result<Response, ApiError> {
    let providers = context.providers().all();
    let defaults = providers.iter().filter(|provider| provider.is_location_default());
    let shown: Vec<Value> = defaults.map(|provider| Resource(provider).default_of_location()).collect();
    Ok(json_body(&json!({"value": shown})))
}

async fn show_default(
    _: Known,
    context: Context,
    Path((_, location)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let providers = context.providers().all();
    let found = providers.iter().find(|provider| provider.is_location_default() && provider.location() == location);
    let found = found.ok_or_else(|| ControlError::Missing(format!("default of {location:.40}")))?;
    Ok(json_body(&Resource(found).default_of_location()))
}

async fn show(known: Known, context: Context, Path(scope): Path<Scope>) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    if !known.caller.may(Role::Reader, &name) {
        return Err(known.forbidden(Role::Reader));
    }
    Ok(json_body(&Resource(&*find(&context, &name, &scope)?).resource()))
}

async fn create(
    Owner(caller): Owner,
    context: Context,
    Path(scope): Path<Scope>,
    body: Body,
) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let create = Create::from_json(&context.read(body).await?)?;
    // The resource manager's PUT changes what is there.
    if let Ok(existing) = find(&context, &name, &scope) {
        if !create.is_patch_in(existing.location()) {
            return Err(ControlError::Exists(name).into());
        }
        let change = create.patch().change()?;
        let changed = context.providers().change_settings(&existing, change, &caller, context.now()).await?;
        return Ok(json_body(&Resource(&changed).resource()));
    }
    let spec = create.spec(context.providers(), &scope.0, &scope.1)?;
    let made = context.providers().create(&name, spec, &caller, context.now()).await?;
    Ok((StatusCode::CREATED, json_body(&Resource(&made).resource())).into_response())
}

async fn change(
    Owner(caller): Owner,
    context: Context,
    Path(scope): Path<Scope>,
    body: Body,
) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let provider = find(&context, &name, &scope)?;
    let change = Patch::from_json(&context.read(body).await?)?.change()?;
    let changed = context.providers().change_settings(&provider, change, &caller, context.now()).await?;
    Ok(json_body(&Resource(&changed).resource()))
}

async fn delete(Owner(caller): Owner, context: Context, Path(scope): Path<Scope>) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    // As the resource manager has it: what is not there is deleted.
    if find(&context, &name, &scope).is_err() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    context.providers().delete(&name, &caller, context.now()).await?;
    Ok(StatusCode::OK.into_response())
}

/// `POST …/rotateKeys`: another signing key.
async fn rotate_keys(
    Owner(caller): Owner,
    context: Context,
    Path(scope): Path<Scope>,
    body: Body,
) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    let provider = find(&context, &name, &scope)?;
    let lead = lead_in(&context.read(body).await?)?;
    let rotated = context.providers().rotate(&provider, lead, &caller.name, context.now()).await?;
    Ok(json_body(&Resource(&rotated).resource()))
}

/// `POST …/withdrawKey`: a signing key is withdrawn.
async fn withdraw_key(
    Owner(caller): Owner,
    context: Context,
    Path(scope): Path<Scope>,
    body: Body,
) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    find(&context, &name, &scope)?;
    let kid = withdrawn_key_in(&context.read(body).await?)?;
    let changed = context.providers().withdraw_key(&name, &kid, &caller.name, context.now()).await?;
    Ok(json_body(&Resource(&changed).resource()))
}

/// There are no private endpoints here.
async fn list_nothing(known: Known, context: Context, Path(scope): Path<Scope>) -> Result<Response, ApiError> {
    let name = ProviderName::parse(&scope.2).map_err(ControlError::from)?;
    if !known.caller.may(Role::Reader, &name) {
        return Err(known.forbidden(Role::Reader));
    }
    find(&context, &name, &scope)?;
    Ok(json_body(&json!({"value": []})))
}

/// One of the connections that are not there.
type Connection = (String, String, String, String);

async fn show_connection(
    known: Known,
    context: Context,
    Path((subscription, group, name, connection)): Path<Connection>,
) -> Result<Response, ApiError> {
    list_nothing(known, context, Path((subscription, group, name))).await?;
    let (message, help) = (format!("there is no connection `{connection:.80}`"), "there are no private endpoints here");
    Err(ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFound", "connection_unknown", message, help))
}

async fn make_connection(_: Owner) -> Result<Response, ApiError> {
    let (message, help) = ("there are no private endpoints here", "let the service listen in a private network");
    Err(ApiError::new(StatusCode::BAD_REQUEST, "InvalidParameter", "connections_not_supported", message, help))
}

async fn delete_connection(_: Owner) -> Result<StatusCode, ApiError> {
    Ok(StatusCode::NO_CONTENT)
}

/// The provider of that name, where it is under that subscription and resource group.
fn find(
    context: &Context,
    name: &ProviderName,
    (subscription, group, _): &Scope,
) -> Result<std::sync::Arc<Provider>, ControlError> {
    let found = context.providers().get(name).filter(|provider| is_in(provider, subscription, Some(group)));
    found.ok_or_else(|| ControlError::Missing(name.to_string()))
}

fn is_in(provider: &Provider, subscription: &str, group: Option<&str>) -> bool {
    provider.settings().subscription.eq_ignore_ascii_case(subscription)
        && group.is_none_or(|group| provider.settings().resource_group.eq_ignore_ascii_case(group))
}

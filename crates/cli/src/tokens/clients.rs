//! `veritee token create`, `list`, `delete`: clients of the service's own issuer of access tokens.

use std::path::PathBuf;

use axum::http::Method;
use serde_json::{Value, json};
use state_dir::{SecretFile, StateError};
use zeroize::Zeroizing;

use crate::arguments::duration;
use crate::failure::Failure;
use crate::provider::shown;
use crate::remote::ServiceArguments;
use crate::{serve, show};

/// Make a client. Its secret is shown once.
///
/// With it the client gets access tokens, good for 15 minutes, from `/oauth2/token` of the service (OAuth 2.0 client credentials).
#[derive(clap::Args)]
pub struct Create {
    /// Its name, for the history of what it changes.
    #[arg(long, value_name = "NAME")]
    client: String,
    /// What it may do: read policies and signers, change them, or everything.
    #[arg(long, value_name = "ROLE", value_parser = ["reader", "contributor", "owner"])]
    role: String,
    /// With which provider; left out, with every one.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// For how long it gets tokens: a number with `m`, `h` or `d`.
    #[arg(long, value_name = "30d", value_parser = duration, default_value = "30d")]
    expires: i64,
    /// Write id and secret to this file, which --token-file takes, for its owner alone.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// List the clients.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Delete a client: its access tokens are refused from now on.
#[derive(clap::Args)]
pub struct Delete {
    /// Its id, as `list` shows it.
    id: String,
    #[command(flatten)]
    service: ServiceArguments,
}

pub fn create(create: &Create) -> Result<(), Failure> {
    serve::runtime()?.block_on(make(create))
}

pub fn list(list: &List) -> Result<(), Failure> {
    serve::runtime()?.block_on(async {
        let found = list.service.client().await?.manage(Method::GET, "/clients", None).await?;
        listed(&found, list.json)
    })
}

pub fn delete(delete: &Delete) -> Result<(), Failure> {
    serve::runtime()?.block_on(async {
        let path = format!("/clients/{}", delete.id);
        delete.service.client().await?.manage(Method::DELETE, &path, None).await?;
        Ok(())
    })
}

async fn make(create: &Create) -> Result<(), Failure> {
    // Before anything is made: a secret that cannot be kept is lost.
    let unusable = |error: StateError| Failure::of_environment(&error);
    let file = create.out.as_deref().map(SecretFile::reserve).transpose().map_err(unusable)?;
    let mut body = json!({"name": create.client, "role": create.role, "expiresIn": create.expires});
    if let Some(provider) = &create.provider {
        body["provider"] = provider.as_str().into();
    }
    let made = create.service.client().await?.manage(Method::POST, "/clients", Some(&body)).await;
    // Without a client no file stays.
    let made = made?;
    let Some(file) = file else { return shown(&made, create.json) };
    let kept = json!({"clientId": made["clientId"], "clientSecret": made["clientSecret"]});
    file.write(Zeroizing::new(format!("{kept}\n")).as_bytes()).map_err(unusable)?;
    let mut shown_without = made;
    shown_without.as_object_mut().map(|members| members.remove("clientSecret"));
    shown(&shown_without, create.json)
}

fn listed(found: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(found);
    }
    for client in found["value"].as_array().into_iter().flatten() {
        let text = |member: &str| show::inline(client[member].as_str().unwrap_or("all providers"));
        let (id, name, role) = (text("clientId"), text("name"), text("role"));
        let (provider, until) = (text("provider"), text("expiresAt"));
        show::line(&format!("{id}  {role:11}  {provider:24}  until {until}  {name}"))?;
    }
    Ok(())
}

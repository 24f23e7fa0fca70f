//! `veritee provider`: the providers of a running service.

mod policy;
mod settings;

use attestation::policy_jws::SignerCertificate;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::arguments::duration;
use crate::failure::Failure;
use crate::remote::ServiceArguments;
use crate::{serve, show};
pub use settings::certificates;
use settings::{Changes, Fixed};

/// Make, show, change and delete the attestation providers of a service, and their policies.
///
/// docs/providers.md has the commands of Azure beside these.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(Create),
    /// Show a provider.
    Show(Named),
    List(List),
    Update(Update),
    /// Delete a provider with its keys and policies: its tokens cannot be verified any more.
    Delete(Named),
    Default(Default),
    RotateKeys(RotateKeys),
    WithdrawKey(WithdrawKey),
    Policy(policy::Arguments),
}

/// Where a provider is managed.
#[derive(clap::Args)]
struct Scope {
    /// The subscription it is managed under.
    #[arg(long, value_name = "ID", default_value = "00000000-0000-0000-0000-000000000000")]
    subscription: String,
    /// The resource group it is managed under.
    #[arg(long, value_name = "NAME", default_value = "veritee")]
    resource_group: String,
}

impl Scope {
    fn path(&self) -> String {
        let Self { subscription, resource_group } = self;
        let providers = "providers/Microsoft.Attestation/attestationProviders";
        format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/{providers}")
    }
}

/// Make a provider, with keys of its own. Roots, trust model and location stay as they are made.
#[derive(clap::Args)]
struct Create {
    /// Its name: 3 to 24 letters, digits and hyphens.
    name: String,
    #[command(flatten)]
    fixed: Fixed,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Named {
    /// Its name.
    name: String,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// List the providers that you may read.
#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Change a provider; what is not named stays.
#[derive(clap::Args)]
struct Update {
    /// Its name.
    name: String,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Show the default provider of a location, or of every location.
#[derive(clap::Args)]
struct Default {
    /// The location.
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Make another signing key: it is published at once and signs after a while; the old one stays published until its last token
/// has expired. Providers do so on their own, every 90 days unless told otherwise.
#[derive(clap::Args)]
struct RotateKeys {
    /// The provider's name.
    name: String,
    /// After how long the new key signs: a number with `m`, `h` or `d`. Relying parties have to see it before [default: 1d].
    #[arg(long, value_name = "1d", value_parser = duration)]
    lead: Option<i64>,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Withdraw a signing key that others may have: from now on it neither signs nor is published, and none of its tokens verifies.
///
/// If it is the key that signs, a new one is made, which signs immediately. Relying parties that keep keys or verify offline see it
/// when they fetch the keys again, or ask for the revoked list: `veritee token verify --check-revocation`.
#[derive(clap::Args)]
struct WithdrawKey {
    /// The provider's name.
    name: String,
    /// The key's id, `keyId` in `provider show` and `kid` in the header of its tokens.
    #[arg(value_name = "KEY-ID")]
    key_id: String,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(async {
        match &arguments.command {
            Command::Create(create) => {
                let mut body = create.changes.body();
                create.fixed.add_to(&mut body)?;
                let path = format!("{}/{}", create.scope.path(), create.name);
                // The resource manager's PUT would change one that is there.
                let client = create.service.client().await?;
                if client.manage(Method::GET, &path, None).await.is_ok() {
                    let message = format!("provider `{}` exists already", create.name);
                    return Err(Failure::verdict(
                        "provider_exists",
                        message,
                        "choose another name, or `provider update`",
                    ));
                }
                shown(&client.manage(Method::PUT, &path, Some(&body)).await?, create.json)
            }
            Command::Show(named) => {
                let path = format!("{}/{}", named.scope.path(), named.name);
                shown(&named.service.client().await?.manage(Method::GET, &path, None).await?, named.json)
            }
            Command::Delete(named) => {
                let path = format!("{}/{}", named.scope.path(), named.name);
                let client = named.service.client().await?;
                // What is not there would count as deleted.
                client.manage(Method::GET, &path, None).await?;
                client.manage(Method::DELETE, &path, None).await?;
                shown(&json!({"deleted": named.name}), named.json)
            }
            Command::List(list) => {
                let found = list.service.client().await?.manage(Method::GET, &list.scope.path(), None).await?;
                listed(&found, list.json)
            }
            Command::Update(update) => {
                let path = format!("{}/{}", update.scope.path(), update.name);
                let client = update.service.client().await?;
                shown(&client.manage(Method::PATCH, &path, Some(&update.changes.body())).await?, update.json)
            }
            Command::Default(default) => {
                let resources =
                    format!("/subscriptions/{}/providers/Microsoft.Attestation", default.scope.subscription);
                let client = default.service.client().await?;
                match &default.location {
                    Some(location) => {
                        let path = format!("{resources}/locations/{location}/defaultProvider");
                        shown(&client.manage(Method::GET, &path, None).await?, default.json)
                    }
                    None => {
                        let path = format!("{resources}/defaultProviders");
                        listed(&client.manage(Method::GET, &path, None).await?, default.json)
                    }
                }
            }
            Command::RotateKeys(rotate) => {
                let path = format!("{}/{}/rotateKeys", rotate.scope.path(), rotate.name);
                let body = json!({"leadSeconds": rotate.lead});
                shown(&rotate.service.client().await?.manage(Method::POST, &path, Some(&body)).await?, rotate.json)
            }
            Command::WithdrawKey(withdraw) => {
                let path = format!("{}/{}/withdrawKey", withdraw.scope.path(), withdraw.name);
                let body = json!({"keyId": withdraw.key_id});
                shown(&withdraw.service.client().await?.manage(Method::POST, &path, Some(&body)).await?, withdraw.json)
            }
            Command::Policy(arguments) => policy::run(arguments).await,
        }
    })
}

pub fn shown(value: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json { show::json(value) } else { show::fields(value, 0) }
}

/// What an administrator's token says; its times and issuer are for programs.
pub fn shown_claims(claims: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(claims);
    }
    let mut told = claims.clone();
    if let Value::Object(members) = &mut told {
        members.retain(|name, _| name.starts_with("x-ms-"));
        // The same under its later name.
        members.remove("x-ms-certificate-result");
        if let Some(signer) = members.get_mut("x-ms-policy-signer") {
            *signer = subject(signer).into();
        }
    }
    show::fields(&told, 0)
}

/// Whose certificate a JWK holds first.
pub fn subject(jwk: &Value) -> String {
    let der = jwk["x5c"][0].as_str().and_then(|text| STANDARD.decode(text).ok());
    let certificate = der.and_then(|der| SignerCertificate::from_der(&der).ok());
    certificate.map_or_else(
        || "a certificate that cannot be read".to_owned(),
        |certificate| format!("{}  {}", certificate.thumbprint_sha1(), show::inline(&certificate.subject())),
    )
}

/// A line for each provider.
fn listed(found: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(found);
    }
    for provider in found["value"].as_array().into_iter().flatten() {
        let text = |value: &Value| show::inline(value.as_str().unwrap_or_default());
        let properties = &provider["properties"];
        let (name, location) = (text(&provider["name"]), text(&provider["location"]));
        let (model, uri) = (text(&properties["trustModel"]), text(&properties["attestUri"]));
        show::line(&format!("{name:24}  {model:8}  {location:12}  {uri}"))?;
    }
    Ok(())
}

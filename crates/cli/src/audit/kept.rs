//! What decisions were made from, where the service keeps it.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::text;
use crate::failure::Failure;
use crate::remote::ServiceArguments;
use crate::{output, show};

/// List the platforms whose last evidence is kept.
#[derive(clap::Args)]
pub struct Platforms {
    /// At which provider.
    #[arg(long, value_name = "NAME", default_value = "default")]
    provider: String,
    #[command(flatten)]
    service: ServiceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Get the last evidence of a platform, and the collateral it was judged by.
#[derive(clap::Args)]
pub struct Evidence {
    /// The platform, as `veritee audit platforms` lists it.
    platform: String,
    /// At which provider.
    #[arg(long, value_name = "NAME", default_value = "default")]
    provider: String,
    #[command(flatten)]
    service: ServiceArguments,
    /// Write the evidence to this file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the collateral to this file.
    #[arg(long, value_name = "FILE")]
    collateral_out: Option<PathBuf>,
    /// Replace the files where they exist.
    #[arg(long)]
    force: bool,
}

/// Get something that a decision was made from, by the SHA-256 that its record names.
#[derive(clap::Args)]
pub struct Input {
    /// 64 hexadecimal digits.
    sha256: String,
    #[command(flatten)]
    service: ServiceArguments,
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file where it exists.
    #[arg(long)]
    force: bool,
}

pub async fn platforms(arguments: &Platforms) -> Result<(), Failure> {
    let client = arguments.service.client().await?;
    let mut platforms: Vec<String> = Vec::new();
    loop {
        let after = platforms.last().map_or("0", String::as_str);
        let answer = client.get_json(&format!("/audit/platforms/{}/{after}", arguments.provider)).await?;
        let page = answer["value"].as_array().map(Vec::as_slice).unwrap_or_default();
        let known = platforms.len();
        platforms.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
        if platforms.len() == known {
            break;
        }
    }
    if arguments.json {
        return show::json(&json!({"platforms": platforms}));
    }
    if platforms.is_empty() {
        return show::line("none: evidence is kept where the service runs with --audit last-evidence or all-inputs");
    }
    platforms.iter().try_for_each(|platform| show::line(platform))
}

pub async fn evidence(arguments: &Evidence) -> Result<(), Failure> {
    let client = arguments.service.client().await?;
    let path = format!("/audit/evidence/{}/{}", arguments.provider, arguments.platform);
    let answer = client.get_json(&path).await?;
    let evidence = URL_SAFE_NO_PAD.decode(text(&answer, "evidence"));
    let evidence = evidence.map_err(|_| client.not_understood(&path, "its evidence cannot be read"))?;
    let collateral = text(&answer, "collateralSha256");
    if let Some(out) = &arguments.collateral_out {
        output::write(out, &client.get_bytes(&format!("/audit/inputs/{collateral}")).await?, arguments.force)?;
    }
    output::write(&arguments.out, &evidence, arguments.force)?;
    show::line(&format!("received at {}, judged by collateral {collateral}", text(&answer, "receivedAt")))
}

pub async fn input(arguments: &Input) -> Result<(), Failure> {
    let client = arguments.service.client().await?;
    let bytes = client.get_bytes(&format!("/audit/inputs/{}", arguments.sha256)).await?;
    output::write(&arguments.out, &bytes, arguments.force)
}

//! `veritee token revoke`: a token is refused by whoever asks before it expires.

use std::path::PathBuf;

use clap::ArgGroup;

use crate::failure::{self, Failure};
use crate::remote::PublicService;
use crate::{serve, show};

const MAX_TOKEN: u64 = jose::jws::MAX_LENGTH as u64 + 1024;

/// Revoke an attestation token before it expires.
///
/// Whoever has the token may revoke it; a contributor of its provider may revoke any, by its id. Relying parties see it that ask:
/// `veritee token verify --check-revocation`. Those that verify offline do not.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("which").required(true).args(["token", "jti"])))]
pub struct Arguments {
    /// A file with the token; `-` reads standard input.
    token: Option<PathBuf>,
    /// The token's id, its claim `jti`.
    #[arg(long, value_name = "HEX", requires = "token_file")]
    jti: Option<String>,
    /// A file with the bearer token of a contributor, or with a client as `veritee token create --out` writes it.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    service: PublicService,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let token = match &arguments.token {
        Some(path) => Some(String::from_utf8_lossy(&failure::read_file(path, MAX_TOKEN)?).trim().to_owned()),
        None => None,
    };
    let form: Vec<(&str, &str)> = token
        .iter()
        .map(|token| ("token", token.as_str()))
        .chain(arguments.jti.iter().map(|jti| ("jti", jti.as_str())))
        .collect();
    serve::runtime()?.block_on(async {
        match &arguments.token_file {
            Some(file) => arguments.service.client_with(file).await?.revoke(&form, None).await?,
            None => arguments.service.client()?.revoke(&form, token.as_deref()).await?,
        }
        show::line("revoked, if it was a token of this provider that is still valid")
    })
}

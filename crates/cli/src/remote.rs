//! The service that a command talks to, as the arguments name it.

use std::path::{Path, PathBuf};

use client::{Client, Credentials, Service, provider_url};
use zeroize::Zeroizing;

use crate::failure::{self, Failure};

const MAX_CA: u64 = 1 << 20;
const MAX_TOKEN_FILE: u64 = 16 << 10;

/// Which service.
#[derive(clap::Args)]
pub struct PublicService {
    /// The service's public URL.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443")]
    url: String,
    /// Trust this CA for TLS instead of the system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
}

impl PublicService {
    /// Makes a client without credentials.
    pub fn client(&self) -> Result<Client, Failure> {
        client(&self.url, self.ca.as_deref())
    }

    /// Makes a client with the token in the file. If the file holds a client of the service's own issuer, its token is requested.
    pub async fn client_with(&self, token_file: &Path) -> Result<Client, Failure> {
        let client = self.client()?;
        let contents = Zeroizing::new(failure::read_file(token_file, MAX_TOKEN_FILE).map_err(Failure::or_usage)?);
        let credentials = Credentials::parse(&contents).ok_or_else(|| no_token(token_file))?;
        Ok(client.authenticate(&credentials).await?)
    }
}

/// Which service, and as whom.
#[derive(clap::Args)]
pub struct ServiceArguments {
    #[command(flatten)]
    service: PublicService,
    /// A file with a bearer token, such as `admin-token` of the data directory, or with a client as `veritee token create --out` writes it.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
}

impl ServiceArguments {
    /// Makes a client with the token.
    pub async fn client(&self) -> Result<Client, Failure> {
        self.service.client_with(&self.token_file).await
    }

    /// Returns the URL of a provider of the service.
    pub fn provider_url(&self, provider: &str) -> String {
        provider_url(self.service.url.trim_end_matches('/'), provider)
    }
}

/// Makes a client without credentials. `ca` is trusted instead of the system's authorities.
pub fn client(url: &str, ca: Option<&Path>) -> Result<Client, Failure> {
    let service = Service::parse(url)?;
    let authorities = ca.map(|path| failure::read_file(path, MAX_CA).map_err(Failure::or_usage)).transpose()?;
    Ok(Client::new(service, authorities.as_deref())?)
}

fn no_token(file: &Path) -> Failure {
    Failure::usage(
        "token_file_malformed",
        format!("`{}` holds neither a bearer token nor a client", file.display()),
        "pass <data>/admin-token, or the file that `veritee token create --out` wrote",
    )
}

//! The options of `veritee serve`: flags, environment variables, a file, or defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use attestation::{AuditChoice, Retention};
use dcap::TcbStatus;
use serde::Deserialize;
use unix_time::UnixTime;
use web::Limits;
use zeroize::Zeroizing;

use super::access_issuers::{AccessIssuers, Table};
use super::retention::{self, Bounds};
use crate::arguments::parse_accepted_status;
use crate::clock::parse_time;
use crate::failure::Failure;
use crate::options::file::ConfigFile;
use crate::options::{Given, Value};
use crate::{duration, group, secret};

const MAX_URL_FILE: usize = 4 << 10;
/// How long attestation goes on without the store.
const MAX_STALENESS: Duration = Duration::from_secs(300);
/// Where a provider is whose operator does not say.
const LOCATION: &str = "local";
/// The table of the file that is not a flag: whom to trust and for what takes more than a flag.
const ACCESS_ISSUER: &str = "access-issuer";

/// A secret that an environment variable can hold instead of a file.
pub struct Secret {
    pub variable: &'static str,
    pub help: &'static str,
}

const DATABASE_URL: Secret = Secret {
    variable: "VERITEE_DATABASE_URL",
    help: "the URL of a PostgreSQL database, where --database-url-file is not given.",
};
pub const KEY_ENCRYPTION_KEY: Secret = Secret {
    variable: "VERITEE_KEY_ENCRYPTION_KEY",
    help: "the key that signing keys are sealed under, where --key-encryption-key is not given.",
};
/// Every secret that an environment variable can hold.
pub const SECRETS: [Secret; 2] = [DATABASE_URL, KEY_ENCRYPTION_KEY];

/// Run the attestation service.
///
/// Without options: HTTPS on 127.0.0.1:8443 with a development CA (tls/ca.pem in the data directory). Flags take precedence over
/// environment variables, those over the file of --config, and the file over the defaults. `veritee config example` prints a file with
/// every option, and `veritee config check` checks one.
#[derive(clap::Args)]
pub struct Arguments {
    /// Listen at this address; port 0 takes a free one.
    #[arg(long, env = "VERITEE_SERVE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// The URL that clients use, and the issuer of tokens [default: https://localhost:PORT].
    #[arg(long, env = "VERITEE_SERVE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Connections at once from one address, or from one /64 network of IPv6; all connections together are 512. Behind a proxy all
    /// come from its address: give 512 there.
    #[arg(
        long,
        env = "VERITEE_SERVE_CONNECTIONS_PER_PEER",
        value_name = "COUNT",
        value_parser = connections_per_peer,
        default_value_t = Limits::default().connections_per_peer
    )]
    connections_per_peer: usize,
    /// A domain whose every name leads here: providers are reached at `https://NAME.DOMAIN` instead of `PUBLIC-URL/p/NAME`. Changing it
    /// changes their issuer.
    #[arg(long, env = "VERITEE_SERVE_PROVIDER_DOMAIN", value_name = "DOMAIN")]
    provider_domain: Option<String>,
    /// Where the provider `default` is, in your geography; a location has one default provider.
    #[arg(long, env = "VERITEE_SERVE_LOCATION", value_name = "NAME", default_value = LOCATION)]
    location: String,
    /// Directory for keys and state, for its owner alone.
    #[arg(long, env = "VERITEE_SERVE_DATA", value_name = "DIR", default_value = "veritee-data")]
    data: PathBuf,
    /// Trust this group with the data directory, by name or number: it may have access to it, and write to the directories above it.
    /// It is meant for volumes with an fsGroup in Kubernetes (docs/providers.md).
    #[arg(long, env = "VERITEE_SERVE_DATA_GROUP", value_name = "GROUP")]
    data_group: Option<String>,
    /// Serve plain HTTP, behind a proxy that does TLS.
    #[arg(long, env = "VERITEE_SERVE_HTTP")]
    http: bool,
    /// Certificate chain for TLS instead of the development CA's.
    #[arg(long, env = "VERITEE_SERVE_TLS_CERTIFICATE", value_name = "PEM")]
    tls_certificate: Option<PathBuf>,
    /// Private key for TLS, in a file that others cannot read.
    #[arg(long, env = "VERITEE_SERVE_TLS_KEY", value_name = "PEM")]
    tls_key: Option<PathBuf>,
    /// A file with the URL of a PostgreSQL database that several replicas share, instead of SQLite in the data directory. Others
    /// cannot read the file. Without it that in the environment variable VERITEE_DATABASE_URL, if there is one.
    #[arg(long, env = "VERITEE_SERVE_DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// For how long attestation goes on while the database cannot be reached. A number without a unit is seconds.
    #[arg(
        long,
        env = "VERITEE_SERVE_MAX_STALENESS",
        value_name = "DURATION",
        value_parser = duration::or_seconds,
        default_value = "300s"
    )]
    max_staleness: Duration,
    /// A file with the key that signing keys are sealed under in the store: 32 bytes in hexadecimal or base64. Others cannot read
    /// the file. Without it that in the environment variable VERITEE_KEY_ENCRYPTION_KEY, or one that is made in the data directory.
    #[arg(long, env = "VERITEE_SERVE_KEY_ENCRYPTION_KEY_FILE", value_name = "FILE")]
    key_encryption_key: Option<PathBuf>,
    /// What to record besides configuration changes: `changes` (nothing more), `decisions` (a digest of each attestation of proven
    /// evidence, counts of other refusals), `last-evidence` (also the latest evidence of each platform), `all-inputs` (everything each
    /// decision about proven evidence was based on).
    #[arg(long, env = "VERITEE_SERVE_AUDIT", value_name = "WHAT", default_value = "changes")]
    audit: Audited,
    /// Delete audit records and inputs that are older than an age (90d), or the oldest above a total size (10GiB); give both as
    /// 90d,10GiB [default: keep all].
    #[arg(
        long,
        env = "VERITEE_SERVE_AUDIT_RETENTION",
        value_name = "AGE,SIZE",
        value_parser = retention::age_or_size
    )]
    audit_retention: Option<Bounds>,
    /// Delete the oldest audit records and inputs when the audit takes more than this size, such as 10GiB.
    #[arg(long, env = "VERITEE_SERVE_AUDIT_MAX_SIZE", value_name = "SIZE", value_parser = retention::size)]
    audit_max_size: Option<Bounds>,
    /// Collateral: dcap-qvl's JSON, or a directory of pieces; changes are noticed.
    #[arg(long, env = "VERITEE_SERVE_COLLATERAL", value_name = "PATH")]
    collateral: Option<PathBuf>,
    /// Trust a simulated machine, made in the data directory on first use, instead of Intel's hardware.
    #[arg(long, env = "VERITEE_SERVE_SIMULATED")]
    simulated: bool,
    /// Accept these TCB statuses beside UpToDate.
    #[arg(
        long,
        env = "VERITEE_SERVE_ACCEPT_TCB",
        value_name = "STATUS,...",
        value_delimiter = ',',
        value_parser = parse_accepted_status
    )]
    accept_tcb: Vec<TcbStatus>,
    /// Judge evidence as of this time, whatever has expired or been revoked since. Tokens say so.
    #[arg(
        long,
        env = "VERITEE_SERVE_DANGEROUS_VERIFICATION_TIME",
        value_name = "RFC3339",
        value_parser = parse_time
    )]
    dangerous_verification_time: Option<UnixTime>,
    /// Read settings from this TOML file. Its keys are the names of the flags. Tables [[access-issuer]] in it name OpenID Connect
    /// issuers whose bearer tokens are taken, and the roles that their claims give (docs/providers.md).
    #[arg(long, env = "VERITEE_SERVE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What is written down beside changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Audited {
    Changes,
    Decisions,
    LastEvidence,
    AllInputs,
}

impl From<Audited> for AuditChoice {
    fn from(audited: Audited) -> Self {
        match audited {
            Audited::Changes => Self::Changes,
            Audited::Decisions => Self::Decisions,
            Audited::LastEvidence => Self::LastEvidence,
            Audited::AllInputs => Self::AllInputs,
        }
    }
}

/// What the names of its environment variables begin with.
pub const VARIABLES: &str = "VERITEE_SERVE_";

/// The tables of a file; the keys are read with the declarations of the flags.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Tables {
    access_issuer: Vec<Table>,
}

/// Everything decided.
#[derive(Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub connections_per_peer: usize,
    pub provider_domain: Option<String>,
    pub location: String,
    pub data: PathBuf,
    pub data_group: Option<u32>,
    pub http: bool,
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub database_url: Option<Zeroizing<String>>,
    pub max_staleness: Duration,
    pub key_encryption_key: Option<PathBuf>,
    pub audit: AuditChoice,
    pub audit_retention: Option<Retention>,
    pub collateral: Option<PathBuf>,
    pub simulated: bool,
    pub accept_tcb: Vec<TcbStatus>,
    pub dangerous_verification_time: Option<UnixTime>,
    pub access_issuers: AccessIssuers,
}

/// The settings, with where each option comes from.
pub struct Configuration {
    pub settings: Settings,
    pub options: Vec<Value>,
    pub file: Option<PathBuf>,
}

impl Configuration {
    /// Reads the file that the options name, and everything that the options name.
    pub fn read(given: Given<Arguments>) -> Result<Self, Failure> {
        let path = given.raw("config").map(PathBuf::from);
        let file = path.as_deref().map(|path| ConfigFile::read::<Arguments>(path, &[ACCESS_ISSUER])).transpose()?;
        let tables = file.as_ref().map_or_else(|| Ok(Tables::default()), tables)?;
        let resolved = given.resolve(file.as_ref())?;
        let issuers = AccessIssuers::read(tables.access_issuer, path.as_deref().unwrap_or(Path::new("")))?;
        let settings = Settings::of(resolved.options, issuers)?;
        Ok(Self { settings, options: resolved.origins, file: path })
    }
}

fn tables(file: &ConfigFile) -> Result<Tables, Failure> {
    toml::from_str(&file.text).map_err(|error| Failure::of_usage(&file.invalid_table(&error)))
}

impl Settings {
    fn of(arguments: Arguments, access_issuers: AccessIssuers) -> Result<Self, Failure> {
        let data_group = arguments.data_group.map(|text| group::number("--data-group", &text)).transpose()?;
        let (retention, max_size) = (arguments.audit_retention, arguments.audit_max_size);
        let settings = Self {
            listen: arguments.listen,
            public_url: arguments.public_url,
            connections_per_peer: arguments.connections_per_peer,
            provider_domain: arguments.provider_domain,
            location: arguments.location,
            data: arguments.data,
            data_group,
            http: arguments.http,
            tls_certificate: arguments.tls_certificate,
            tls_key: arguments.tls_key,
            database_url: database_url(arguments.database_url_file)?,
            max_staleness: arguments.max_staleness.max(Duration::from_secs(1)),
            key_encryption_key: arguments.key_encryption_key,
            audit: arguments.audit.into(),
            audit_retention: retention::together(retention, max_size).map_err(|error| Failure::of_usage(&error))?,
            collateral: arguments.collateral,
            simulated: arguments.simulated,
            accept_tcb: arguments.accept_tcb,
            dangerous_verification_time: arguments.dangerous_verification_time,
            access_issuers,
        };
        if settings.simulated && settings.collateral.is_some() {
            return Err(Failure::usage(
                "collateral_with_simulated",
                "a simulated machine brings its own collateral",
                "drop --collateral, or drop --simulated",
            ));
        }
        if settings.tls_certificate.is_some() != settings.tls_key.is_some() {
            return Err(Failure::usage(
                "tls_incomplete",
                "a TLS certificate and its key go together",
                "pass both --tls-certificate and --tls-key, or neither",
            ));
        }
        Ok(settings)
    }

    /// A service over a simulated machine on a free port, as the demonstration runs it.
    pub fn simulated_on_a_free_port(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            connections_per_peer: Limits::default().connections_per_peer,
            provider_domain: None,
            location: LOCATION.to_owned(),
            data,
            data_group: None,
            http: false,
            tls_certificate: None,
            tls_key: None,
            // Whatever the environment says: a demonstration has a directory of its own.
            database_url: None,
            max_staleness: MAX_STALENESS,
            key_encryption_key: None,
            audit: AuditChoice::Changes,
            audit_retention: None,
            collateral: None,
            simulated: true,
            accept_tcb: Vec::new(),
            dangerous_verification_time: None,
            access_issuers: AccessIssuers::default(),
        }
    }
}

/// Connections of one peer: at least one, and at most all.
fn connections_per_peer(text: &str) -> Result<usize, String> {
    let most = Limits::default().connections;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("use 1 to {most}"))
}

/// The URL of a PostgreSQL database: it holds a password, so it is in a file or in the environment.
fn database_url(file: Option<PathBuf>) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(path) = file else {
        return Ok(std::env::var(DATABASE_URL.variable).ok().map(Zeroizing::new));
    };
    let bytes = secret::read(&path, MAX_URL_FILE).map_err(Failure::or_usage)?;
    Ok(Some(Zeroizing::new(String::from_utf8_lossy(&bytes).trim().to_owned())))
}

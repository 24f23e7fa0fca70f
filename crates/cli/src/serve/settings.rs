//! What `veritee serve` is told: by flags, by a file, or by default.

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
use super::retention;
use crate::arguments::{accepted_statuses, parse_accepted_status};
use crate::clock::parse_time;
use crate::failure::{self, Failure};
use crate::{group, secret};

const MAX_CONFIG: u64 = 1 << 20;
const MAX_URL_FILE: usize = 4 << 10;
/// How long attestation goes on without the store.
const MAX_STALENESS: Duration = Duration::from_secs(300);
/// Where a provider is whose operator does not say.
const LOCATION: &str = "local";

/// Run the attestation service.
///
/// Without flags: HTTPS on 127.0.0.1:8443 with a development CA (tls/ca.pem in the data directory).
#[derive(clap::Args, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Arguments {
    /// Listen at this address; port 0 takes a free one [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The URL that clients use, and the issuer of tokens [default: https://localhost:PORT].
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Connections at once from one address, or from one /64 network of IPv6; all connections together are 512. Behind a proxy all
    /// come from its address: give 512 there [default: 128].
    #[arg(long, value_name = "COUNT")]
    connections_per_peer: Option<usize>,
    /// A domain whose every name leads here: providers are reached at `https://NAME.DOMAIN` instead of `PUBLIC-URL/p/NAME`. Changing it
    /// changes their issuer.
    #[arg(long, value_name = "DOMAIN")]
    provider_domain: Option<String>,
    /// Where the provider `default` is, in your geography; a location has one default provider [default: local].
    #[arg(long, value_name = "NAME")]
    location: Option<String>,
    /// Directory for keys and state, for its owner alone [default: ./veritee-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Trust this group with the data directory, by name or number: it may have access to it, and write to the directories above it.
    /// It is meant for volumes with an fsGroup in Kubernetes (docs/providers.md).
    #[arg(long, value_name = "GROUP")]
    data_group: Option<String>,
    /// Serve plain HTTP, behind a proxy that does TLS.
    #[arg(long)]
    http: bool,
    /// Certificate chain for TLS instead of the development CA's.
    #[arg(long, value_name = "PEM")]
    tls_certificate: Option<PathBuf>,
    /// Private key for TLS, in a file that others cannot read.
    #[arg(long, value_name = "PEM")]
    tls_key: Option<PathBuf>,
    /// A file with the URL of a PostgreSQL database that several replicas share, instead of SQLite in the data directory. Others
    /// cannot read the file. Without it that in the environment variable VERITEE_DATABASE_URL, if there is one.
    #[arg(long, value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// For how many seconds attestation goes on while the database cannot be reached [default: 300].
    #[arg(long, value_name = "SECONDS")]
    max_staleness: Option<u64>,
    /// A file with the key that signing keys are sealed under in the store: 32 bytes in hexadecimal or base64. Others cannot read
    /// the file. Without it that in the environment variable VERITEE_KEY_ENCRYPTION_KEY, or one that is made in the data directory.
    #[arg(long, value_name = "FILE")]
    key_encryption_key: Option<PathBuf>,
    /// What to record besides configuration changes: `changes` (nothing more), `decisions` (a digest of each attestation of proven
    /// evidence, counts of other refusals), `last-evidence` (also the latest evidence of each platform), `all-inputs` (everything each
    /// decision about proven evidence was based on) [default: changes].
    #[arg(long, value_name = "WHAT")]
    audit: Option<Audited>,
    /// Delete audit records and inputs that are older than an age (90d), or the oldest above a total size (10GiB); give both as
    /// 90d,10GiB [default: keep all].
    #[arg(long, value_name = "AGE,SIZE")]
    audit_retention: Option<String>,
    /// Delete the oldest audit records and inputs when the audit takes more than this size, such as 10GiB.
    #[arg(long, value_name = "SIZE")]
    audit_max_size: Option<String>,
    /// Collateral: dcap-qvl's JSON, or a directory of pieces; changes are noticed.
    #[arg(long, value_name = "PATH")]
    collateral: Option<PathBuf>,
    /// Trust a simulated machine, made in the data directory on first use, instead of Intel's hardware.
    #[arg(long)]
    simulated: bool,
    /// Accept these TCB statuses beside UpToDate.
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',', value_parser = parse_accepted_status)]
    #[serde(deserialize_with = "accepted_statuses")]
    accept_tcb: Vec<TcbStatus>,
    /// Judge evidence as of this time, whatever has expired or been revoked since. Tokens say so.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time)]
    dangerous_verification_time: Option<UnixTime>,
    /// Read settings from this TOML file; flags go before it. Its keys are the names of the flags. Tables [[access-issuer]] in it name
    /// OpenID Connect issuers whose bearer tokens are taken, and the roles that their claims give (docs/providers.md).
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Whom to trust and for what takes more than a flag.
    #[arg(skip)]
    access_issuer: Vec<Table>,
}

/// What is written down beside changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Audited {
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

impl Settings {
    /// Flags go before the file, and the file before the defaults.
    pub fn read(flags: Arguments) -> Result<Self, Failure> {
        let file = match &flags.config {
            Some(path) => read_config(path)?,
            None => Arguments::default(),
        };
        let settings = Self {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8443))),
            public_url: flags.public_url.or(file.public_url),
            connections_per_peer: connections_per_peer(flags.connections_per_peer.or(file.connections_per_peer))?,
            provider_domain: flags.provider_domain.or(file.provider_domain),
            location: flags.location.or(file.location).unwrap_or_else(|| LOCATION.to_owned()),
            data: flags.data.or(file.data).unwrap_or_else(|| PathBuf::from("veritee-data")),
            data_group: flags
                .data_group
                .or(file.data_group)
                .map(|text| group::number("--data-group", &text))
                .transpose()?,
            http: flags.http || file.http,
            tls_certificate: flags.tls_certificate.or(file.tls_certificate),
            tls_key: flags.tls_key.or(file.tls_key),
            database_url: database_url(flags.database_url_file.or(file.database_url_file))?,
            max_staleness: flags
                .max_staleness
                .or(file.max_staleness)
                .map_or(MAX_STALENESS, |seconds| Duration::from_secs(seconds.max(1))),
            key_encryption_key: flags.key_encryption_key.or(file.key_encryption_key),
            audit: flags.audit.or(file.audit).map_or(AuditChoice::Changes, AuditChoice::from),
            audit_retention: retention::read(
                flags.audit_retention.or(file.audit_retention).as_deref(),
                flags.audit_max_size.or(file.audit_max_size).as_deref(),
            )?,
            collateral: flags.collateral.or(file.collateral),
            simulated: flags.simulated || file.simulated,
            accept_tcb: if flags.accept_tcb.is_empty() { file.accept_tcb } else { flags.accept_tcb },
            dangerous_verification_time: flags.dangerous_verification_time.or(file.dangerous_verification_time),
            access_issuers: AccessIssuers::read(file.access_issuer, flags.config.as_deref().unwrap_or(Path::new("")))?,
        };
        if settings.simulated && settings.collateral.is_some() {
            return Err(Failure::usage(
                "collateral_with_simulated",
                "a simulated machine brings its own collateral",
                "drop --collateral, or drop --simulated",
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
fn connections_per_peer(given: Option<usize>) -> Result<usize, Failure> {
    let limits = Limits::default();
    let count = given.unwrap_or(limits.connections_per_peer);
    if !(1..=limits.connections).contains(&count) {
        return Err(Failure::usage(
            "connections_per_peer_invalid",
            format!("invalid number of connections per peer: {count}"),
            format!("use 1 to {}", limits.connections),
        ));
    }
    Ok(count)
}

/// The URL of a PostgreSQL database: it holds a password, so it stands in a file or in the environment.
fn database_url(file: Option<PathBuf>) -> Result<Option<Zeroizing<String>>, Failure> {
    let Some(path) = file else {
        return Ok(std::env::var("VERITEE_DATABASE_URL").ok().map(Zeroizing::new));
    };
    let bytes = secret::read(&path, MAX_URL_FILE).map_err(Failure::or_usage)?;
    Ok(Some(Zeroizing::new(String::from_utf8_lossy(&bytes).trim().to_owned())))
}

fn read_config(path: &Path) -> Result<Arguments, Failure> {
    let bytes = failure::read_file(path, MAX_CONFIG).map_err(Failure::or_usage)?;
    let malformed = |message: String| {
        Failure::usage(
            "config_malformed",
            format!("`{}` is no configuration: {message}", path.display()),
            "keys are the names of the flags of `veritee serve`, such as public-url = \"https://attest.example\"; docs/providers.md has \
             the tables [[access-issuer]]",
        )
    };
    let text = String::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| malformed(error.to_string().trim_end().to_owned()))
}

//! The certificate that the service uses for TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use problem::Problem;
use rustls::ServerConfig;
use state_dir::PrivateDir;
use unix_time::UnixTime;
use web::tls::{self, DevelopmentCa, DevelopmentCaError};

use super::settings::Settings;
use crate::failure::{self, Failure};
use crate::secret;

/// Bytes of a file with a private key.
const MAX_KEY: usize = 64 << 10;
/// Bytes of a file with certificates.
const MAX_CHAIN: u64 = 1 << 20;

/// A TLS configuration, and the certificate of the CA that clients have to trust if it is the development CA's.
pub struct Tls {
    pub config: Arc<ServerConfig>,
    pub ca: Option<PathBuf>,
}

/// The TLS configuration; none if a proxy does TLS.
pub fn configured(settings: &Settings, data: &PrivateDir, now: UnixTime) -> Result<Option<Tls>, Failure> {
    match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Tls { config: operators(certificate, key)?, ca: None })),
        _ if settings.http => Ok(None),
        _ => {
            let unusable = |error: DevelopmentCaError| Failure::of_environment(&error);
            let ca = DevelopmentCa::open(data, now).map_err(unusable)?;
            let config = ca.server_config(now).map_err(unusable)?;
            Ok(Some(Tls { config, ca: Some(ca.certificate().to_owned()) }))
        }
    }
}

/// The operator's own certificate chain and key. A key that others can read is refused.
pub fn operators(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let chain = failure::read_file(certificate, MAX_CHAIN).map_err(Failure::or_usage)?;
    let pem = secret::read(key, MAX_KEY)?;
    tls::server_config(&chain, &pem).map_err(|error| {
        let (certificate, key) = (certificate.display(), key.display());
        let message = format!("cannot use `{certificate}` with `{key}` for TLS: {}", failure::chain(&error));
        Failure::environment(&error.code(), message, error.help())
    })
}

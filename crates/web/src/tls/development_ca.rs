//! A development CA, whose certificates are good for loopback only.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::Utf8Error;
use std::sync::Arc;

use problem::Problem;
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::ServerConfig;
use state_dir::{PrivateDir, StateError, Trust};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use super::config::{self, CertificateError};
use super::parameters;

const KEY: &str = "ca-key.pem";
const CERTIFICATE: &str = "ca.pem";

/// Bytes of a file with a private key.
const MAX_KEY: usize = 64 << 10;

/// Why a development CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentCaError {
    /// Its directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The directory has a key and no certificate.
    #[error(
        "development CA in `{}` cannot be used: there is a key without its certificate, from a start that broke off",
        .0.display()
    )]
    CertificateMissing(PathBuf),
    /// The directory has a certificate and no key.
    #[error("development CA in `{}` cannot be used: the key is missing", .0.display())]
    KeyMissing(PathBuf),
    /// The key is not text.
    #[error("development CA in `{}` cannot be used", path.display())]
    KeyNotText {
        /// The file of the key.
        path: PathBuf,
        /// Why it is not.
        source: Utf8Error,
    },
    /// A key cannot be made or read, or a certificate cannot be made.
    #[error("development CA in `{}` cannot be used", path.display())]
    Certificate {
        /// The file of the key or of the certificate.
        path: PathBuf,
        /// What is wrong.
        source: rcgen::Error,
    },
    /// A certificate that it made is not taken for TLS.
    #[error("development CA in `{}` cannot be used", path.display())]
    Tls {
        /// The file of the CA's certificate.
        path: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
}

impl Problem for DevelopmentCaError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::State(error) => error.code(),
            _ => "development_ca_unusable".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::State(error) => error.help(),
            _ => {
                "delete the directory `tls` in the data directory to have it made anew; clients then need the new ca.pem"
                    .into()
            }
        }
    }
}

/// The development CA of a data directory: `tls/ca.pem` and `tls/ca-key.pem` in it.
///
/// Name constraints restrict it to localhost and loopback addresses, so trusting it endangers no other connection.
pub struct DevelopmentCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

impl DevelopmentCa {
    /// Opens the CA of a data directory, and makes it on first use.
    ///
    /// # Errors
    ///
    /// [`DevelopmentCaError`] if its files cannot be used or made.
    pub fn open(data: &PrivateDir, now: UnixTime) -> Result<Self, DevelopmentCaError> {
        let directory = data.subdirectory("tls")?;
        let lock = directory.lock()?;
        let at = |name: &str| directory.path().join(name);
        let broken = |name: &str| {
            let path = at(name);
            |source| DevelopmentCaError::Certificate { path, source }
        };
        let has_certificate = directory.contains(CERTIFICATE)?;
        let key = match directory.read(KEY, MAX_KEY)? {
            Some(key) if has_certificate => key,
            Some(_) => return Err(DevelopmentCaError::CertificateMissing(directory.path().to_owned())),
            None if has_certificate => return Err(DevelopmentCaError::KeyMissing(at(KEY))),
            None => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken(KEY))?;
                let signed = parameters::ca(now).and_then(|ca| ca.self_signed(&pair)).map_err(broken(CERTIFICATE))?;
                let key = Zeroizing::new(pair.serialize_pem().into_bytes());
                // The key is written first: a certificate without its key could never be used.
                lock.create(KEY, &key)?;
                lock.create(CERTIFICATE, signed.pem().as_bytes())?;
                key
            }
        };
        let text = std::str::from_utf8(&key);
        let text = text.map_err(|source| DevelopmentCaError::KeyNotText { path: at(KEY), source })?;
        let pair = KeyPair::from_pem(text).map_err(broken(KEY))?;
        let parameters = parameters::ca(now).map_err(broken(CERTIFICATE))?;
        Ok(Self { issuer: Issuer::new(parameters, pair), certificate: at(CERTIFICATE) })
    }

    /// Does the same for a command that does nothing else in the data directory.
    ///
    /// # Errors
    ///
    /// [`DevelopmentCaError`] as of [`Self::open`], or if the data directory cannot be used or made.
    pub fn open_in(data: &Path, now: UnixTime) -> Result<Self, DevelopmentCaError> {
        Self::open(&PrivateDir::open_or_create(data, Trust::OWNER)?, now)
    }

    /// The path of its certificate, for clients.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Makes a server certificate for localhost and loopback; its key never leaves the process.
    ///
    /// # Errors
    ///
    /// [`DevelopmentCaError`] if the certificate cannot be made or used.
    pub fn server_config(&self, now: UnixTime) -> Result<Arc<ServerConfig>, DevelopmentCaError> {
        let path = || self.certificate.clone();
        let made = || -> Result<_, rcgen::Error> {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let certificate = parameters::server(now)?.signed_by(&pair, &self.issuer)?;
            Ok((certificate.pem(), Zeroizing::new(pair.serialize_pem())))
        };
        let made = made().map_err(|source| DevelopmentCaError::Certificate { path: path(), source });
        let (certificate, key) = made?;
        let config = config::server_config(certificate.as_bytes(), key.as_bytes());
        config.map_err(|source| DevelopmentCaError::Tls { path: path(), source })
    }

    /// Whether its certificates are good for a host.
    pub fn covers(host: &str) -> bool {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

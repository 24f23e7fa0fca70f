//! TLS of the service: the operator's certificate, or one of a development CA that is good for loopback alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use state_dir::{PrivateDir, StateError, Trust};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::failure::{self, Failure};
use crate::secret;

const KEY: &str = "ca-key.pem";
const CERTIFICATE: &str = "ca.pem";

/// Bytes of a file with a private key.
const MAX_KEY: usize = 64 << 10;
/// Bytes of a file with certificates.
const MAX_CHAIN: u64 = 1 << 20;
const CA_YEARS: i64 = 10;
/// Apple's and others' limit for a server certificate; a new one is made at every start.
const SERVER_DAYS: i64 = 397;

/// The development CA of a data directory: `tls/ca.pem` and `tls/ca-key.pem` in it.
///
/// Name constraints restrict it to localhost and loopback addresses, so trusting it endangers no other connection.
pub struct DevelopmentCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

impl DevelopmentCa {
    /// Opens the CA of that data directory, and makes it on first use.
    pub fn open(data: &PrivateDir) -> Result<Self, Failure> {
        let unusable = |error: StateError| Failure::of_environment(&error);
        let directory = data.subdirectory("tls").map_err(unusable)?;
        let lock = directory.lock().map_err(unusable)?;
        let at = |name: &str| directory.path().join(name);
        let key = directory.read(KEY, MAX_KEY).map_err(unusable)?;
        let has_certificate = directory.contains(CERTIFICATE).map_err(unusable)?;
        let key = match key {
            Some(key) if has_certificate => key,
            Some(_) => {
                return Err(broken(
                    directory.path(),
                    &"there is a key without its certificate, from a start that broke off",
                ));
            }
            None if has_certificate => return Err(broken(&at(KEY), &"the key is missing")),
            None => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| broken(&at(KEY), &error))?;
                let signed = ca_parameters().self_signed(&pair).map_err(|error| broken(&at(CERTIFICATE), &error))?;
                let key = Zeroizing::new(pair.serialize_pem().into_bytes());
                // The key is written first: a certificate without its key could never be used.
                lock.create(KEY, &key).map_err(unusable)?;
                lock.create(CERTIFICATE, signed.pem().as_bytes()).map_err(unusable)?;
                key
            }
        };
        let text = std::str::from_utf8(&key).map_err(|error| broken(&at(KEY), &error))?;
        let pair = KeyPair::from_pem(text).map_err(|error| broken(&at(KEY), &error))?;
        Ok(Self { issuer: Issuer::new(ca_parameters(), pair), certificate: at(CERTIFICATE) })
    }

    /// The same, for a command that has nothing else to do in the data directory.
    pub fn open_in(data: &Path) -> Result<Self, Failure> {
        let data = PrivateDir::open_or_create(data, Trust::OWNER).map_err(|error| Failure::of_environment(&error))?;
        Self::open(&data)
    }

    /// Where its certificate lies, for clients.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Makes a server certificate for localhost and loopback; its key never leaves the process.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, Failure> {
        let made = || -> Result<_, rcgen::Error> {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
            parameters.subject_alt_names.extend([
                SanType::IpAddress([127, 0, 0, 1].into()),
                SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
            ]);
            parameters.distinguished_name = name("localhost");
            parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            parameters.use_authority_key_identifier_extension = true;
            (parameters.not_before, parameters.not_after) = validity(Duration::days(SERVER_DAYS));
            let certificate = parameters.signed_by(&pair, &self.issuer)?;
            Ok((certificate.pem(), pair.serialize_pem()))
        };
        let (certificate, key) = made().map_err(|error| broken(&self.certificate, &error))?;
        config(certificate.as_bytes(), key.as_bytes()).map_err(|error| broken(&self.certificate, &error))
    }
}

/// Whether the development CA may vouch for that host.
pub fn is_covered(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The operator's own certificate chain and key; a key that others can read is refused.
pub fn operator_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let chain = failure::read_file(certificate, MAX_CHAIN)?;
    let pem = secret::read(key, MAX_KEY)?;
    config(&chain, &pem).map_err(|error| {
        Failure::environment(
            "tls_unreadable",
            format!("cannot use `{}` with `{}` for TLS: {error}", certificate.display(), key.display()),
            "pass a certificate chain and its private key, both in PEM",
        )
    })
}

/// TLS 1.2 and 1.3 with that certificate chain and its key, both in PEM.
fn config(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, String> {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("certificate is malformed: {error}"))?;
    let mut keys = PrivateKeyDer::pem_slice_iter(key);
    let key = match (keys.next(), keys.next()) {
        (Some(Ok(key)), None) => key,
        (Some(Err(error)), _) => return Err(format!("private key is malformed: {error}")),
        (None, _) => return Err("the file has no private key".to_owned()),
        (Some(_), Some(_)) => return Err("the file has several private keys".to_owned()),
    };
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn ca_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name("Veritee development CA (localhost only)");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (parameters.not_before, parameters.not_after) = validity(Duration::days(CA_YEARS * 365));
    parameters
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From an hour ago, for clients with slow clocks.
fn validity(lifetime: Duration) -> (OffsetDateTime, OffsetDateTime) {
    let now = OffsetDateTime::now_utc();
    (now.saturating_sub(Duration::hours(1)), now.saturating_add(lifetime))
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::environment(
        "development_ca_unusable",
        format!("development CA in `{}` cannot be used: {error}", path.display()),
        "delete the directory `tls` in the data directory to have it made anew; clients then need the new ca.pem",
    )
}

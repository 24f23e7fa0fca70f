//! TLS of the service: the operator's certificate, or one of a development CA that is good for loopback alone.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::failure::{self, Failure};

/// Bytes of a file with certificates or a key.
const MAX_PEM: u64 = 1 << 20;
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
    pub fn open(data: &Path) -> Result<Self, Failure> {
        let directory = data.join("tls");
        let (certificate, key) = (directory.join("ca.pem"), directory.join("ca-key.pem"));
        if !certificate.exists() {
            if key.exists() {
                return Err(broken(&directory, &"there is a key without its certificate, from a start that broke off"));
            }
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| broken(&directory, &error))?;
            let signed = ca_parameters().self_signed(&pair).map_err(|error| broken(&directory, &error))?;
            fs::create_dir_all(&directory).map_err(|error| broken(&directory, &error))?;
            // The key goes first: a certificate without its key could never be mended.
            write_new(&key, pair.serialize_pem().as_bytes(), 0o600)?;
            write_new(&certificate, signed.pem().as_bytes(), 0o644)?;
        }
        let text = fs::read_to_string(&key).map_err(|error| broken(&key, &error))?;
        let pair = KeyPair::from_pem(&text).map_err(|error| broken(&key, &error))?;
        Ok(Self { issuer: Issuer::new(ca_parameters(), pair), certificate })
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

/// The operator's own certificate chain and key.
pub fn operator_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::environment(
            "tls_unreadable",
            format!("cannot use `{}` with `{}` for TLS: {error}", certificate.display(), key.display()),
            "pass a certificate chain and its private key, both in PEM",
        )
    };
    let read = |path: &Path| failure::read_file(path, MAX_PEM).map(Zeroizing::new).map_err(Failure::or_usage);
    config(&read(certificate)?, &read(key)?).map_err(|error| unreadable(&error))
}

/// TLS 1.2 and 1.3 with that certificate chain and its key, both in PEM.
fn config(certificate: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, String> {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("certificate is malformed: {error}"))?;
    let mut keys = PrivateKeyDer::pem_slice_iter(key);
    let key = match (keys.next(), keys.next()) {
        (Some(Ok(key)), None) => key,
        (Some(Err(error)), _) => return Err(format!("private key is malformed: {error}")),
        (None, _) => return Err("there is no private key".to_owned()),
        (Some(_), Some(_)) => return Err("there are several private keys".to_owned()),
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

/// Writes a file that must not be there yet.
pub fn write_new(path: &Path, contents: &[u8], mode: u32) -> Result<(), Failure> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        Failure::environment(
            "file_unwritable",
            format!("cannot write `{}`: {error}", path.display()),
            "check the directory's permissions and free space",
        )
    })
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::environment(
        "development_ca_unusable",
        format!("development CA in `{}` cannot be used: {error}", path.display()),
        "delete the directory `tls` in the data directory to have it made anew; clients then need the new ca.pem",
    )
}

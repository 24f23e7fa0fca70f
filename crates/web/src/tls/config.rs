//! The TLS configuration of a server.

use std::borrow::Cow;
use std::sync::Arc;

use problem::Problem;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why a certificate chain and a private key do not make a TLS configuration.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The certificate chain is not PEM.
    #[error("certificate is malformed")]
    Chain(#[source] pem::Error),
    /// The private key is not PEM.
    #[error("private key is malformed")]
    Key(#[source] pem::Error),
    /// There is no private key.
    #[error("the file has no private key")]
    NoKey,
    /// There is more than one private key.
    #[error("the file has several private keys")]
    SeveralKeys,
    /// The certificate and the key cannot be used, or do not belong together.
    #[error(transparent)]
    Unusable(rustls::Error),
}

impl Problem for CertificateError {
    fn code(&self) -> Cow<'static, str> {
        "tls_unreadable".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "pass a certificate chain and its private key, both in PEM".into()
    }
}

/// Returns the configuration for TLS 1.2 and 1.3 with a certificate chain and its private key, both in PEM.
///
/// # Errors
///
/// [`CertificateError`] if one of them is malformed, or if they do not belong together.
pub fn server_config(chain: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, CertificateError> {
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(CertificateError::Chain)?;
    let mut keys = PrivateKeyDer::pem_slice_iter(key);
    let key = match (keys.next(), keys.next()) {
        (Some(Ok(key)), None) => key,
        (Some(Err(error)), _) => return Err(CertificateError::Key(error)),
        (None, _) => return Err(CertificateError::NoKey),
        (Some(_), Some(_)) => return Err(CertificateError::SeveralKeys),
    };
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(CertificateError::Unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

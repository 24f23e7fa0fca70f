//! Why keys cannot be fetched.

use super::MAX_BODY;
use crate::jwks::JwksError;
use crate::openid::KeySetError;
use crate::revocation::RevocationError;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The process has not chosen a rustls provider.
    #[error("no cryptographic provider for TLS is installed in this process")]
    NoProvider,
    /// The CA certificates are not in PEM, or there are none.
    #[error("no CA certificate could be read from the PEM")]
    Authorities(#[source] Option<reqwest::Error>),
    /// `HTTPS_PROXY` is no address.
    #[error("the proxy in HTTPS_PROXY has no valid address")]
    Proxy(#[source] reqwest::Error),
    /// TLS could not be set up, for example because the platform has no root certificates.
    #[error("the HTTPS client cannot be made")]
    Build(#[source] reqwest::Error),
}

impl ClientError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProvider => "client_no_provider",
            Self::Authorities(_) => "client_authorities",
            Self::Proxy(_) => "client_proxy",
            Self::Build(_) => "client_build",
        }
    }

    /// What the caller can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoProvider => "install rustls's aws-lc-rs provider as the process's default first",
            Self::Authorities(_) => "give a file of CA certificates in PEM",
            Self::Proxy(_) => "set HTTPS_PROXY to an address such as `http://proxy.example:3128`, or unset it",
            Self::Build(_) => "install the platform's CA certificates, or name a CA file",
        }
    }
}

/// Why the keys of an issuer could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No base address.
    #[error("`{url}` is no address of an issuer")]
    Address {
        /// The address.
        url: String,
    },
    /// Not HTTPS.
    #[error("`{url}` is not reached over HTTPS")]
    Insecure {
        /// The address.
        url: String,
    },
    /// No answer, or one that broke off.
    #[error("`{url}` cannot be fetched")]
    Transport {
        /// The address.
        url: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// Another status than 200; redirects are not followed.
    #[error("`{url}` answers with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The client followed a redirect.
    #[error("`{url}` was answered from another address")]
    Redirected {
        /// The address.
        url: String,
    },
    /// Longer than [`MAX_BODY`].
    #[error("`{url}` answers with more than {MAX_BODY} bytes")]
    TooLong {
        /// The address.
        url: String,
    },
    /// The metadata is no strict JSON with `issuer` and `jwks_uri`.
    #[error("the metadata at `{url}` is not that of an issuer")]
    Metadata {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: strict_json::Error,
    },
    /// The metadata is another issuer's.
    #[error("the metadata is that of `{found}` instead of `{expected}`")]
    Issuer {
        /// The metadata's `issuer`.
        found: String,
        /// The issuer asked for.
        expected: String,
    },
    /// The keys are at another scheme, host or port.
    #[error("the metadata points to keys at `{url}`, which is not the issuer's own address")]
    ForeignKeys {
        /// The metadata's `jwks_uri`.
        url: String,
    },
    /// The key set is malformed.
    #[error("the key set at `{url}` is malformed")]
    Keys {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: JwksError,
    },
    /// The list of revoked tokens is malformed, or another issuer's.
    #[error("what `{url}` answers is refused")]
    Revoked {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: RevocationError,
    },
    /// The key set of an OpenID Connect issuer is malformed.
    #[error("the key set at `{url}` is malformed")]
    KeySet {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: KeySetError,
    },
}

impl FetchError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "fetch_address",
            Self::Insecure { .. } => "fetch_insecure",
            Self::Transport { .. } => "fetch_transport",
            Self::Status { .. } => "fetch_status",
            Self::Redirected { .. } => "fetch_redirected",
            Self::TooLong { .. } => "fetch_too_long",
            Self::Metadata { .. } => "fetch_metadata",
            Self::Issuer { .. } => "fetch_issuer",
            Self::ForeignKeys { .. } => "fetch_foreign_keys",
            Self::Keys { .. } | Self::KeySet { .. } => "fetch_keys",
            Self::Revoked { .. } => "fetch_revoked",
        }
    }

    /// What the relying party can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Address { .. } => "give the issuer's base address, such as `https://attest.example`",
            Self::Insecure { .. } => "use `https://`; plain HTTP to loopback has to be allowed explicitly",
            Self::Transport { .. } => {
                "check the network and the issuer's TLS certificate; name its CA if it has its own"
            }
            Self::Status { .. } | Self::Redirected { .. } => {
                "give the address under which the issuer answers by itself"
            }
            Self::TooLong { .. } | Self::Metadata { .. } | Self::Keys { .. } => {
                "check that the address is that of the issuer"
            }
            Self::Revoked { source, .. } => source.help(),
            Self::KeySet { source, .. } => source.help(),
            Self::Issuer { .. } => "spell the issuer as its tokens do, in `iss`",
            Self::ForeignKeys { .. } => {
                "ask the issuer's operator to publish the keys at its own address, or name theirs where that can be configured"
            }
        }
    }
}

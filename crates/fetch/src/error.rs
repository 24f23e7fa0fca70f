//! Why a client cannot be made, or an answer cannot be fetched.

use std::borrow::Cow;

use problem::Problem;

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The process has not chosen a rustls provider.
    #[error("no cryptographic provider for TLS is installed in this process")]
    NoProvider,
    /// The CA certificates are not in PEM, or there are none.
    #[error("no CA certificate could be read from the PEM")]
    Authorities(#[source] Option<reqwest::Error>),
    /// `HTTPS_PROXY` is not an address.
    #[error("the proxy in HTTPS_PROXY has no valid address")]
    Proxy(#[source] reqwest::Error),
    /// TLS could not be set up, for example because the platform has no root certificates.
    #[error("the HTTPS client cannot be made")]
    Build(#[source] reqwest::Error),
}

impl Problem for ClientError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NoProvider => "client_no_provider",
            Self::Authorities(_) => "client_authorities",
            Self::Proxy(_) => "client_proxy",
            Self::Build(_) => "client_build",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NoProvider => "install rustls's aws-lc-rs provider as the process's default first",
            Self::Authorities(_) => "give a file of CA certificates in PEM",
            Self::Proxy(_) => "set HTTPS_PROXY to an address such as `http://proxy.example:3128`, or unset it",
            Self::Build(_) => "install the platform's CA certificates, or name a CA file",
        }
        .into()
    }
}

/// Why an answer cannot be fetched. Addresses that another party wrote are cut to 200 characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The text is not an address of the form that is needed.
    #[error("invalid address `{url}`")]
    Address {
        /// The text.
        url: String,
    },
    /// The address is not HTTPS, and plain HTTP is not allowed there.
    #[error("`{url}` is not reached over HTTPS")]
    Insecure {
        /// The address.
        url: String,
    },
    /// The server did not answer, or not completely, or not in time.
    #[error("`{url}` cannot be fetched")]
    Transport {
        /// The address.
        url: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// The status is not 200; redirects are not followed.
    #[error("`{url}` answers with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The body is compressed, which no request asked for.
    #[error("`{url}` answers with the content coding `{encoding}`")]
    Encoded {
        /// The address.
        url: String,
        /// The content coding.
        encoding: String,
    },
    /// The body exceeds the limit.
    #[error("`{url}` answers with more than {limit} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
    },
}

impl Problem for FetchError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Address { .. } => "fetch_address",
            Self::Insecure { .. } => "fetch_insecure",
            Self::Transport { .. } => "fetch_transport",
            Self::Status { .. } => "fetch_status",
            Self::Encoded { .. } => "fetch_encoded",
            Self::TooLong { .. } => "fetch_too_long",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Address { .. } => {
                "give an address such as `https://attest.example`, without user, password and fragment; a base address has no \
                 query and no slash at its end"
            }
            Self::Insecure { .. } => "use `https://`; plain HTTP to loopback has to be allowed explicitly",
            Self::Transport { .. } => {
                "check the network and the server's TLS certificate; name its CA if it has its own"
            }
            Self::Status { .. } => "give the address under which the server answers by itself",
            Self::Encoded { .. } => "have the server, or the proxy before it, answer without compression",
            Self::TooLong { .. } => "check that the address is the right one",
        }
        .into()
    }
}

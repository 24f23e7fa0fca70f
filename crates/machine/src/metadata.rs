//! The metadata service of Azure's machines: quotes for TD reports, and the certificates that go with quotes and reports.
//!
//! It answers by plain HTTP at an address that only the machine itself reaches, so nothing that it says is authenticated by
//! where it comes from. Never run in Azure: written from public sources and tested against a made-up service.

mod error;

use std::time::Duration;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use fetch::{Address, Client, FetchError, Proxy, Request, Roots, Timeouts, Transport};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use error::{MAX_ANSWER, MetadataClientError, MetadataError};

/// Where every machine in Azure finds it.
pub const AZURE: &str = "http://169.254.169.254";

const TD_QUOTE: &str = "/acc/tdquote";
const AMD_CERTIFICATION: &str = "/metadata/THIM/amd/certification";
const PCK_CERTIFICATE: &str = "/metadata/THIM/sgx/certification/v4/pckcert";
const PCK_API_VERSION: &str = "2021-07-22-preview";

/// The deepest nesting in an answer.
const MAX_DEPTH: usize = 8;

const TIMEOUTS: Timeouts = Timeouts { connect: Duration::from_secs(2), request: Duration::from_secs(30) };

/// Base64 for URLs, which Azure writes without padding; with it is taken too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A client of the metadata service.
#[derive(Clone, Debug)]
pub struct Metadata {
    base: Address,
    client: Client,
}

/// Certificates for SEV-SNP reports of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmdCertification {
    /// The certificate of the key that signs reports, in PEM.
    pub vcek_cert: String,
    /// The TCB that it is for.
    pub tcbm: String,
    /// Its issuers, in PEM.
    pub certificate_chain: String,
}

/// Which PCK certificate is asked for; all in hexadecimal on the wire, numbers in little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PckQuery<'a> {
    /// QE_ID of the quoting enclave.
    pub qe_id: &'a [u8; 16],
    /// CPUSVN of the platform.
    pub cpu_svn: &'a [u8; 16],
    /// Security version of the PCE.
    pub pce_svn: u16,
    /// Which PCE.
    pub pce_id: u16,
}

/// A PCK certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PckCertification {
    /// The certificate, in PEM.
    #[serde(rename = "pckCert")]
    pub certificate: String,
    /// Its issuers, in PEM; as in Intel's header, so maybe percent-encoded.
    #[serde(rename = "sgx-Pck-Certificate-Issuer-Chain")]
    pub issuer_chain: String,
    /// The TCB that it is for, in hexadecimal.
    #[serde(rename = "sgx-Tcbm")]
    pub tcbm: String,
}

#[derive(Deserialize)]
struct QuoteAnswer {
    quote: String,
}

impl Metadata {
    /// The service at a base address: [`AZURE`], or another one's. No redirect is followed and no proxy is asked: they
    /// would see, or be, somebody else's machine.
    ///
    /// The process has to have installed a rustls provider, for the HTTP library wants one even where there is no TLS.
    ///
    /// # Errors
    /// See [`MetadataClientError`].
    pub fn at(base: &str) -> Result<Self, MetadataClientError> {
        // Nothing that is answered there is trusted because of where it comes from.
        let base = Address::parse_base(base.trim_end_matches('/'), Transport::DangerousAnyHttp)
            .map_err(MetadataClientError::Address)?;
        Ok(Self { base, client: Client::new(Roots::Platform, Proxy::Never, TIMEOUTS)? })
    }

    /// A quote for a TDREPORT of this machine.
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub async fn td_quote(&self, td_report: &[u8; 1024]) -> Result<Vec<u8>, MetadataError> {
        let body = format!(r#"{{"report":"{}"}}"#, BASE64.encode(td_report));
        let request = self.request(Method::POST, TD_QUOTE)?.body(body);
        let answer: QuoteAnswer = self.ask(request.header("content-type", "application/json")).await?;
        let quote = BASE64.decode(answer.quote).map_err(MetadataError::Base64)?;
        if quote.is_empty() { Err(MetadataError::NoQuote) } else { Ok(quote) }
    }

    /// The certificates for SEV-SNP reports of this machine.
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub async fn amd_certification(&self) -> Result<AmdCertification, MetadataError> {
        self.ask(self.request(Method::GET, AMD_CERTIFICATION)?).await
    }

    /// A PCK certificate of this machine.
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub async fn pck_certificate(&self, query: &PckQuery<'_>) -> Result<PckCertification, MetadataError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("qeid", &hex(query.qe_id))
            .append_pair("cpusvn", &hex(query.cpu_svn))
            .append_pair("pcesvn", &hex(&query.pce_svn.to_le_bytes()))
            .append_pair("pceid", &hex(&query.pce_id.to_le_bytes()))
            .append_pair("api-version", PCK_API_VERSION)
            .finish();
        self.ask(self.request(Method::GET, &format!("{PCK_CERTIFICATE}?{query}"))?).await
    }

    fn request(&self, method: Method, path: &str) -> Result<Request, MetadataError> {
        Ok(self.client.request(method, &self.base.at(path).map_err(MetadataError::Fetch)?))
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T, MetadataError> {
        // The service answers nobody without this header, so that no browser is made to ask it.
        let body = request.header("Metadata", "true").send_for_ok(MAX_ANSWER).await.map_err(|error| match error {
            FetchError::Status { status, .. } => MetadataError::Status(status),
            FetchError::TooLong { .. } => MetadataError::TooLong,
            error => MetadataError::Fetch(error),
        })?;
        strict_json::from_slice(&body, MAX_DEPTH).map_err(MetadataError::Json)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

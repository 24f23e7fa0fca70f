//! A client of a service: attestation, and administration for whoever has a token.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use axum::http::{Method, StatusCode};
use fetch::{Address, FetchError, Request, Transport};
use serde_json::{Value, json};
use token::discovery;
use token::{Expectations, RevokedTokens, VerifiedToken, Verifier};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use crate::failure::{self, Failure};

const MAX_CA: u64 = 1 << 20;
const MAX_TOKEN_FILE: u64 = 16 << 10;
const TRANSPORT: Transport = Transport::HttpsOrLoopbackHttp;
const MAX_ANSWER: usize = 4 << 20;
const ATTESTATION_VERSION: &str = "2022-08-01";
const MANAGEMENT_VERSION: &str = "2021-06-01";

/// Which service.
#[derive(clap::Args)]
pub struct PublicService {
    /// The service's public URL.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443")]
    url: String,
    /// Trust this CA for TLS instead of the system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
}

impl PublicService {
    /// A client that is nobody.
    pub fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.url, self.ca.as_deref())
    }

    /// A client with the token in the file, which is asked for where the file holds a client of the service's own issuer.
    pub async fn client_with(&self, token_file: &Path) -> Result<Client, Failure> {
        let mut client = self.client()?;
        client.bearer = Some(client.bearer_in(token_file).await?);
        Ok(client)
    }
}

/// Which service, and as whom.
#[derive(clap::Args)]
pub struct ServiceArguments {
    #[command(flatten)]
    service: PublicService,
    /// A file with a bearer token, such as `admin-token` of the data directory, or with a client as `veritee token create --out` writes it.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
}

impl ServiceArguments {
    /// A client with the token.
    pub async fn client(&self) -> Result<Client, Failure> {
        self.service.client_with(&self.token_file).await
    }

    /// The URL of a provider of the service.
    pub fn provider_url(&self, provider: &str) -> String {
        provider_url(self.service.url.trim_end_matches('/'), provider)
    }
}

/// A client of one service.
pub struct Client {
    /// As its tokens have it in `iss`: without a slash at its end.
    issuer: String,
    base: Address,
    http: fetch::Client,
    bearer: Option<Zeroizing<String>>,
}

impl Client {
    /// `ca` is trusted instead of the system's authorities.
    pub fn new(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        // Before anything is sent: evidence, runtime data and tokens go over no open wire.
        let base = Address::parse_base(url.strip_suffix('/').unwrap_or(url), TRANSPORT)
            .map_err(|error| Failure::of_usage(&error))?;
        let authorities = ca.map(|path| failure::read_file(path, MAX_CA).map_err(Failure::or_usage)).transpose()?;
        let http = discovery::client(authorities.as_deref()).map_err(|error| Failure::of_usage(&error))?;
        Ok(Self { issuer: url.trim_end_matches('/').to_owned(), base, http, bearer: None })
    }

    async fn bearer_in(&self, file: &Path) -> Result<Zeroizing<String>, Failure> {
        let bytes = Zeroizing::new(failure::read_file(file, MAX_TOKEN_FILE).map_err(Failure::or_usage)?);
        let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        if !text.starts_with('{') {
            let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            return if is_token { Ok(Zeroizing::new(text.to_owned())) } else { Err(no_token(file)) };
        }
        let client: Value = serde_json::from_str(text).map_err(|_| no_token(file))?;
        let (Some(id), Some(secret)) = (client["clientId"].as_str(), client["clientSecret"].as_str()) else {
            return Err(no_token(file));
        };
        let url = self.at("/oauth2/token")?;
        let request = self.http.request(Method::POST, &url).basic_auth(id, secret);
        let (status, answer) = answer_of(request.body("grant_type=client_credentials".to_owned()), &url).await?;
        match answer["access_token"].as_str().filter(|_| status.is_success()) {
            Some(token) => Ok(Zeroizing::new(token.to_owned())),
            None => {
                let why = answer["error_description"].as_str().or(answer["error"]["message"].as_str());
                let message = format!("no access token: {}", why.unwrap_or("the service does not say why"));
                Err(Failure::environment("client_refused", message, "make a client with `veritee token create`"))
            }
        }
    }

    /// Posts evidence and gives the token, not verified yet.
    pub async fn attest(&self, route: &str, body: &Value) -> Result<String, Failure> {
        let url = self.at(&format!("/attest/{route}?api-version={ATTESTATION_VERSION}"))?;
        let (status, answer) = answer_of(self.http.request(Method::POST, &url).json(body), &url).await?;
        if let Some(token) = answer["token"].as_str().filter(|_| status.is_success()) {
            return Ok(token.to_owned());
        }
        // Anything but 400 is about the service or the way to it, and no verdict on the evidence.
        Err(refused(&url, status, &answer, status == StatusCode::BAD_REQUEST))
    }

    /// A verifier of the issuer's tokens: metadata and keys are fetched from it.
    pub async fn verifier(&self) -> Result<Verifier, Failure> {
        let fetched = discovery::fetch_keys(&self.issuer, &self.http, TRANSPORT).await;
        fetched.map_err(|error| Failure::of_environment(&error))
    }

    /// The issuer's list of revoked tokens.
    pub async fn revoked(&self) -> Result<RevokedTokens, Failure> {
        let fetched = discovery::fetch_revoked(&self.issuer, &self.http, TRANSPORT).await;
        fetched.map_err(|error| Failure::of_environment(&error))
    }

    /// Revokes a token: as whoever presents it, or as a contributor of the provider that issued it.
    pub async fn revoke(&self, form: &[(&str, &str)], presented: Option<&str>) -> Result<(), Failure> {
        let url = self.at("/revoke")?;
        let bearer = presented.or(self.bearer.as_deref().map(String::as_str)).unwrap_or_default();
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.request(Method::POST, &url).bearer_auth(bearer).body(form);
        let (status, answer) = answer_of(request, &url).await?;
        if status.is_success() {
            Ok(())
        } else {
            Err(refused(&url, status, &answer, status == StatusCode::BAD_REQUEST))
        }
    }

    /// Verifies a token as a relying party does.
    pub async fn verify(&self, token: &str, expectations: &Expectations) -> Result<VerifiedToken, Failure> {
        self.verifier()
            .await?
            .verify(token, UnixTime::of_system_clock(), expectations)
            .map_err(|error| Failure::of_verdict(&error))
    }

    /// Asks about the service at a path of its control plane; a body is JSON.
    pub async fn manage(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let url = self.at(&format!("{path}?api-version={MANAGEMENT_VERSION}"))?;
        let request = self.http.request(method, &url);
        self.administer(body.into_iter().fold(request, Request::json), &url).await
    }

    /// What the service has at a path.
    pub async fn get_json(&self, path: &str) -> Result<Value, Failure> {
        let url = self.at(path)?;
        self.administer(self.http.request(Method::GET, &url), &url).await
    }

    /// The same, as bytes.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let url = self.at(path)?;
        let (status, bytes) = bytes_of(self.with_bearer(self.http.request(Method::GET, &url)), &url).await?;
        if status.is_success() {
            return Ok(bytes);
        }
        let answer = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(refused(&url, status, &answer, status == StatusCode::NOT_FOUND))
    }

    /// The answer at a path is none of an attestation service.
    pub fn not_understood(&self, path: &str, what: &str) -> Failure {
        not_understood(&format!("{}{path}", self.issuer), what)
    }

    /// Asks about one provider at a path of its data plane; a body is a JWS, or JSON.
    pub async fn of_provider(
        &self,
        method: Method,
        provider: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<Value, Failure> {
        let path = provider_url("", provider) + path;
        let url = self.at(&format!("{path}?api-version={ATTESTATION_VERSION}"))?;
        let request = self.http.request(method, &url);
        let answer = self.administer(body.into_iter().fold(request, Request::body), &url).await?;
        // Most answers are tokens. TLS says whose they are; what they say is shown.
        match answer["token"].as_str() {
            Some(token) => claims_of(token).ok_or_else(|| not_understood(url.as_str(), "its token cannot be read")),
            None => Ok(answer),
        }
    }

    fn at(&self, path: &str) -> Result<Address, Failure> {
        self.base.at(path).map_err(|error| Failure::of_usage(&error))
    }

    fn with_bearer(&self, request: Request) -> Request {
        self.bearer.iter().fold(request, |request, bearer| request.bearer_auth(bearer))
    }

    async fn administer(&self, request: Request, url: &Address) -> Result<Value, Failure> {
        let (status, answer) = answer_of(self.with_bearer(request), url).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let is_verdict = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::CONFLICT].contains(&status);
        Err(refused(url, status, &answer, is_verdict))
    }
}

/// The URL of a provider of the service at `url`; the default one is the service's own.
fn provider_url(url: &str, provider: &str) -> String {
    if provider == "default" { url.to_owned() } else { format!("{url}/p/{provider}") }
}

/// The claims of a token that came from its issuer over TLS.
fn claims_of(token: &str) -> Option<Value> {
    serde_json::from_slice(&jose::jws::Jws::decode(token).ok()?.payload).ok()
}

/// Sends a request: the status, and the JSON that came; an empty answer is `null`.
async fn answer_of(request: Request, url: &Address) -> Result<(StatusCode, Value), Failure> {
    let (status, answer) = bytes_of(request, url).await?;
    if answer.is_empty() && status.is_success() {
        return Ok((status, json!(null)));
    }
    let answer =
        serde_json::from_slice(&answer).map_err(|_| not_understood(url.as_str(), &format!("{status} without JSON")))?;
    Ok((status, answer))
}

async fn bytes_of(request: Request, url: &Address) -> Result<(StatusCode, Vec<u8>), Failure> {
    let answer = request.send(MAX_ANSWER).await.map_err(|error| match &error {
        FetchError::TooLong { .. } => not_understood(url.as_str(), "its answer is too long"),
        FetchError::Encoded { .. } => not_understood(url.as_str(), "its answer is compressed"),
        error => unreachable(url, error),
    })?;
    Ok((answer.status, answer.body))
}

fn refused(url: &Address, status: StatusCode, answer: &Value, is_verdict: bool) -> Failure {
    let (Some(code), Some(message)) = (answer["error"]["code"].as_str(), answer["error"]["message"].as_str()) else {
        return not_understood(url.as_str(), &format!("{status} without token or error"));
    };
    let detail = answer["error"]["innererror"]["code"].as_str().unwrap_or(code);
    let message = format!("service refused with {status} {code}: {message}");
    if is_verdict {
        Failure::verdict(detail, message, "")
    } else {
        Failure::environment(detail, message, "check the URL, the token and the state of the service")
    }
}

fn no_token(file: &Path) -> Failure {
    Failure::usage(
        "token_file_malformed",
        format!("`{}` holds neither a bearer token nor a client", file.display()),
        "pass <data>/admin-token, or the file that `veritee token create --out` wrote",
    )
}

fn unreachable(url: &Address, error: &FetchError) -> Failure {
    // The error itself only says that this URL cannot be fetched.
    let cause = error.source().map_or_else(|| error.to_string(), failure::chain);
    Failure::environment(
        "service_unreachable",
        format!("cannot reach `{url}`: {cause}"),
        "check that the service runs; for a development CA pass its tls/ca.pem with --ca",
    )
}

fn not_understood(url: &str, what: &str) -> Failure {
    Failure::environment(
        "service_not_understood",
        format!("`{url}` does not answer as an attestation service: {what}"),
        "check the URL",
    )
}

//! A client of one service: attestation, and administration with a bearer token.

use std::fmt;

use fetch::Request;
use http::{Method, StatusCode};
use oidc::discovery;
use serde_json::Value;
use token::{Expectations, RevokedTokens, VerifiedToken, Verifier};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use crate::answer;
use crate::credentials::{Credentials, Kind};
use crate::error::ServiceError;
use crate::issuer::{fetch_revoked, fetch_verifier};
use crate::service::{Service, TRANSPORT, provider_url};

const ATTESTATION_VERSION: &str = "2022-08-01";
const MANAGEMENT_VERSION: &str = "2021-06-01";

/// A client of one service.
pub struct Client {
    service: Service,
    http: fetch::Client,
    bearer: Option<Zeroizing<String>>,
}

impl Client {
    /// Makes a client without credentials. `authorities` are CA certificates in PEM that are trusted instead of the system's.
    ///
    /// # Errors
    /// [`ServiceError::Setup`].
    pub fn new(service: Service, authorities: Option<&[u8]>) -> Result<Self, ServiceError> {
        let http = discovery::client(authorities).map_err(ServiceError::Setup)?;
        Ok(Self { service, http, bearer: None })
    }

    /// Sends a bearer token with the requests from now on. A client of the service's own issuer gets its access token first.
    ///
    /// # Errors
    /// [`ServiceError::NoAccessToken`], and why the service cannot be asked for one.
    pub async fn authenticate(mut self, credentials: &Credentials) -> Result<Self, ServiceError> {
        self.bearer = Some(match &credentials.0 {
            Kind::Bearer(token) => token.clone(),
            Kind::Client { id, secret } => self.access_token(id, secret).await?,
        });
        Ok(self)
    }

    async fn access_token(&self, id: &str, secret: &str) -> Result<Zeroizing<String>, ServiceError> {
        let url = self.service.at("/oauth2/token")?;
        let request = self.http.request(Method::POST, &url).basic_auth(id, secret);
        let (status, mut answer) = answer::json(request.body("grant_type=client_credentials".to_owned()), &url).await?;
        match answer.get_mut("access_token").filter(|_| status.is_success()).map(Value::take) {
            Some(Value::String(token)) => Ok(Zeroizing::new(token)),
            _ => {
                let reason = answer::text(&answer, "/error_description").or(answer::text(&answer, "/error/message"));
                Err(ServiceError::NoAccessToken { reason: reason.map(str::to_owned) })
            }
        }
    }

    /// Posts evidence and returns the token, which is not verified yet.
    ///
    /// # Errors
    /// [`ServiceError`]; a refusal is a verdict on the evidence if its status is 400.
    pub async fn attest(&self, route: &str, body: &Value) -> Result<String, ServiceError> {
        let url = self.service.at(&format!("/attest/{route}?api-version={ATTESTATION_VERSION}"))?;
        let (status, answer) = answer::json(self.http.request(Method::POST, &url).json(body), &url).await?;
        if let Some(token) = answer::text(&answer, "/token").filter(|_| status.is_success()) {
            return Ok(token.to_owned());
        }
        Err(answer::refused(&url, status, &answer, status == StatusCode::BAD_REQUEST))
    }

    /// Fetches the issuer's metadata and keys, and returns a verifier of its tokens.
    ///
    /// # Errors
    /// [`ServiceError::Discovery`].
    pub async fn verifier(&self) -> Result<Verifier, ServiceError> {
        Ok(fetch_verifier(&self.service.issuer, &self.http, TRANSPORT).await?)
    }

    /// Fetches the issuer's list of revoked tokens.
    ///
    /// # Errors
    /// [`ServiceError::Discovery`] and [`ServiceError::Revoked`].
    pub async fn revoked(&self) -> Result<RevokedTokens, ServiceError> {
        fetch_revoked(&self.service.issuer, &self.http, TRANSPORT).await
    }

    /// Revokes a token: with `presented` as bearer token, or else with the client's own credentials.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn revoke(&self, form: &[(&str, &str)], presented: Option<&str>) -> Result<(), ServiceError> {
        let url = self.service.at("/revoke")?;
        let bearer = presented.or(self.bearer.as_deref().map(String::as_str)).unwrap_or_default();
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.request(Method::POST, &url).bearer_auth(bearer).body(form);
        let (status, answer) = answer::json(request, &url).await?;
        if status.is_success() {
            Ok(())
        } else {
            Err(answer::refused(&url, status, &answer, status == StatusCode::BAD_REQUEST))
        }
    }

    /// Fetches the issuer's keys and verifies a token at the time `at` as a relying party does.
    ///
    /// # Errors
    /// [`ServiceError::Discovery`] and [`ServiceError::Token`].
    pub async fn verify(
        &self,
        token: &str,
        at: UnixTime,
        expectations: &Expectations,
    ) -> Result<VerifiedToken, ServiceError> {
        Ok(self.verifier().await?.verify(token, at, expectations)?)
    }

    /// Sends a request to a path of the control plane; a body is JSON.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn manage(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ServiceError> {
        let url = self.service.at(&format!("{path}?api-version={MANAGEMENT_VERSION}"))?;
        let request = self.http.request(method, &url);
        self.administer(body.into_iter().fold(request, Request::json), &url).await
    }

    /// Gets the JSON at a path of the service.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn get_json(&self, path: &str) -> Result<Value, ServiceError> {
        let url = self.service.at(path)?;
        self.administer(self.http.request(Method::GET, &url), &url).await
    }

    /// Gets the bytes at a path of the service.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>, ServiceError> {
        let url = self.service.at(path)?;
        let (status, bytes) = answer::bytes(self.with_bearer(self.http.request(Method::GET, &url)), &url).await?;
        if status.is_success() {
            return Ok(bytes);
        }
        let answer = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(answer::refused(&url, status, &answer, status == StatusCode::NOT_FOUND))
    }

    /// Returns the error that the answer at a path is not one of an attestation service.
    pub fn not_understood(&self, path: &str, what: &str) -> ServiceError {
        answer::not_understood(format!("{}{path}", self.service.issuer), what)
    }

    /// Sends a request to a path of a provider's data plane; a body is a JWS or JSON. Most answers are tokens: their claims are
    /// returned without a check of the signature, because TLS says whose they are.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn of_provider(
        &self,
        method: Method,
        provider: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<Value, ServiceError> {
        let path = provider_url("", provider) + path;
        let url = self.service.at(&format!("{path}?api-version={ATTESTATION_VERSION}"))?;
        let request = self.http.request(method, &url);
        let answer = self.administer(body.into_iter().fold(request, Request::body), &url).await?;
        match answer::text(&answer, "/token") {
            Some(token) => {
                claims_of(token).ok_or_else(|| answer::not_understood(url.to_string(), "its token cannot be read"))
            }
            None => Ok(answer),
        }
    }

    fn with_bearer(&self, request: Request) -> Request {
        self.bearer.iter().fold(request, |request, bearer| request.bearer_auth(bearer))
    }

    async fn administer(&self, request: Request, url: &fetch::Address) -> Result<Value, ServiceError> {
        let (status, answer) = answer::json(self.with_bearer(request), url).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let is_verdict = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::CONFLICT].contains(&status);
        Err(answer::refused(url, status, &answer, is_verdict))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The claims of a token that came from its issuer over TLS.
fn claims_of(token: &str) -> Option<Value> {
    serde_json::from_slice(&jose::jws::Jws::decode(token).ok()?.payload).ok()
}

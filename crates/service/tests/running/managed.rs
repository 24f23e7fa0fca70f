//! Asking the control plane, and signing policies.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use attestation::policy_jws::PolicySigningKey;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::body::Body;
use axum::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use super::{ADMINISTRATOR, Answer, Running, encode, request};

pub const MINIMAL: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
pub const RESET: &str = "eyJhbGciOiJub25lIn0..";
pub const GROUP: &str = "/subscriptions/s1/resourceGroups/g1/providers/Microsoft.Attestation/attestationProviders";

impl Running {
    /// As whoever has that token, at the path of the whole service.
    pub async fn ask_as(&self, token: Option<&str>, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let mut asked = request(method, path);
        if let Some(token) = token {
            asked = asked.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(asked.body(body.into()).unwrap()).await
    }

    /// The same, each time from another address, for whoever is refused too often is told to wait.
    pub async fn ask_from_anywhere(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> Answer {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let peer = SocketAddr::from((Ipv4Addr::from(NEXT.fetch_add(1, Ordering::Relaxed)), 1));
        let mut asked = request(method, path).extension(super::connection(peer));
        if let Some(token) = token {
            asked = asked.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(asked.body(body.into()).unwrap()).await
    }

    /// As the administrator.
    pub async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.ask_as(Some(ADMINISTRATOR), method, path, body).await
    }

    /// Makes a provider over the simulated machine, with these properties, and gives what the control plane shows.
    pub async fn create(&self, name: &str, mut properties: Value) -> Value {
        properties["veritee"]["rootCertificate"] = self.root_pem().into();
        let body = json!({"location": "local", "properties": properties});
        let answer = self.ask("PUT", &format!("{GROUP}/{name}?api-version=2021-06-01"), body.to_string()).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// A client's access token.
    pub async fn access_token(&self, name: &str, role: &str, provider: Option<&str>) -> String {
        let mut body = json!({"name": name, "role": role, "expiresIn": 3600});
        if let Some(provider) = provider {
            body["provider"] = provider.into();
        }
        let client = self.ask("POST", "/clients", body.to_string()).await.json();
        let text = |member: &str| client[member].as_str().unwrap_or_else(|| panic!("{client}")).to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("clientId"),
            text("clientSecret")
        );
        self.post("/oauth2/token", form).await.json()["access_token"].as_str().unwrap().to_owned()
    }
}

/// A key that signs policies, with its certificate.
pub struct Signer {
    parameters: CertificateParams,
    key: KeyPair,
    pem: String,
    pub der: Vec<u8>,
}

impl Signer {
    pub fn new(name: &str, is_ca: bool, issuer: Option<&Self>) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        if is_ca {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = match issuer {
            None => parameters.self_signed(&key).unwrap(),
            Some(by) => {
                let by = Issuer::new(by.parameters.clone(), KeyPair::from_pem(&by.key.serialize_pem()).unwrap());
                parameters.signed_by(&key, &by).unwrap()
            }
        };
        Self { der: certificate.der().to_vec(), pem: certificate.pem(), parameters, key }
    }

    pub fn key(&self) -> PolicySigningKey {
        PolicySigningKey::from_pem(self.key.serialize_pem().as_bytes(), self.pem.as_bytes()).unwrap()
    }

    pub fn policy(&self, text: &str) -> String {
        self.key().sign(Some(text), None, None).unwrap()
    }

    /// A policy as Microsoft's clients write it: nothing in it is unique.
    pub fn policy_of_sdk(&self, text: &str) -> String {
        let header = json!({"alg": "ES256", "x5c": [STANDARD.encode(&self.der)]}).to_string();
        let payload = json!({"AttestationPolicy": encode(text.as_bytes())}).to_string();
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der()).unwrap();
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", encode(signature.as_ref()))
    }

    pub fn reset(&self) -> String {
        self.key().sign(None, None, None).unwrap()
    }

    /// As the control plane takes it.
    pub fn jwk(&self) -> Value {
        json!({"kty": "EC", "use": "sig", "alg": "ES256", "x5c": [STANDARD.encode(&self.der)]})
    }
}

/// The properties of an Isolated provider with these signers.
pub fn isolated(signers: &[&Signer]) -> Value {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({"policySigningCertificates": {"keys": keys}})
}

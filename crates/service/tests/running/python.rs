//! What Microsoft recorded of Azure for the tests of its Python client (interop/recordings/fetch).

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::managed::GROUP;
use super::{Running, claims_of};

/// The calls of one test of that client.
#[derive(Deserialize)]
pub struct Recording {
    pub name: String,
    pub calls: Vec<Call>,
}

/// A request to Azure, and its answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub method: String,
    pub url: String,
    pub body: Option<String>,
    pub status: u16,
    pub content_type: Option<String>,
    pub answer: String,
}

/// Whose answer it is: the recordings have one provider of each trust model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Aad,
    Isolated,
    Shared,
}

pub fn recordings() -> Option<Vec<Recording>> {
    let file = test_support::fetched("recordings/recordings.json", "interop/recordings/fetch")?;
    Some(serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
}

impl Call {
    /// Path and query, without the slash before them.
    pub fn target(&self) -> &str {
        self.url.splitn(4, '/').nth(3).unwrap()
    }

    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap()
    }

    /// The claims of the token in the answer, where it has one.
    pub fn claims(&self) -> Option<Value> {
        self.json()["token"].as_str().map(claims_of)
    }

    /// The recorder replaced the names in URLs; certificates and tokens still say whose they are.
    pub fn provider(&self) -> Provider {
        let name = match self.claims() {
            Some(claims) => claims["iss"].as_str().unwrap().to_owned(),
            None => {
                let certificate = self.json()["keys"][0]["x5c"][0].as_str().map(|text| STANDARD.decode(text).unwrap());
                // The subject is the provider's URL in plain letters.
                certificate.map_or_else(|| self.url.clone(), |der| String::from_utf8_lossy(&der).into_owned())
            }
        };
        match name {
            name if name.contains("attestationiso") => Provider::Isolated,
            name if name.contains("sharedwus") => Provider::Shared,
            _ => Provider::Aad,
        }
    }
}

/// The certificates in a JWK of a recording.
pub fn certificates(jwk: &Value) -> Vec<Value> {
    jwk["x5c"].as_array().unwrap().clone()
}

/// Makes an Isolated provider whose signers are these certificates, base64 of DER.
pub async fn create_isolated(service: &Running, name: &str, signers: &[Value]) {
    let jwk = |certificate: &Value| json!({"kty": "RSA", "use": "sig", "alg": "RS256", "x5c": [certificate]});
    let keys: Vec<Value> = signers.iter().map(jwk).collect();
    create(service, name, json!({"policySigningCertificates": {"keys": keys}})).await;
}

/// Makes a provider over Intel's root.
pub async fn create(service: &Running, name: &str, properties: Value) {
    let body = json!({"location": "local", "properties": properties}).to_string();
    let answer = service.ask("PUT", &format!("{GROUP}/{name}"), body).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
}

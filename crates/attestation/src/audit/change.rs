//! The changes that are made to a service: each is written in one transaction with its entry in the audit, and logged.

use std::future::Future;

use crate::policy_jws::SignerCertificate;
use serde_json::{Value, json};
use store::{Client, Entry, NewProvider, PolicyChange, StoreError, signing_input_sha256};
use unix_time::UnixTime;

use super::Audit;
use crate::hashes::sha256_hex;
use crate::provider::{ProviderName, Settings};

/// A change of what the store has.
pub(crate) enum Change<'a> {
    ProviderCreated(&'a NewProvider),
    SettingsChanged {
        provider: &'a ProviderName,
        settings: &'a Settings,
    },
    ProviderDeleted {
        provider: &'a ProviderName,
    },
    KeyCreated {
        provider: &'a ProviderName,
        kid: &'a str,
    },
    KeyDeleted {
        provider: &'a ProviderName,
        kid: &'a str,
    },
    KeyWithdrawn {
        provider: &'a ProviderName,
        kid: &'a str,
        successor: Option<&'a str>,
    },
    /// With the SHA-256 of the policy text that is in force then.
    PolicyChanged {
        change: &'a PolicyChange,
        policy_hash: Option<String>,
    },
    SignerAdded {
        provider: &'a ProviderName,
        certificate: &'a SignerCertificate,
        jws: &'a str,
    },
    SignerRemoved {
        provider: &'a ProviderName,
        certificate: &'a SignerCertificate,
        jws: &'a str,
    },
    TokenRevoked {
        provider: &'a str,
        jti: &'a str,
    },
    ClientCreated(&'a Client),
    ClientDeleted {
        id: &'a str,
    },
    AccessKeyCreated {
        kid: &'a str,
    },
}

impl Audit {
    /// Writes a change that may find nothing to change, with its entry in one transaction. It is logged if there was something.
    pub(crate) async fn change_if_there<F>(
        &self,
        change: &Change<'_>,
        by: &str,
        now: UnixTime,
        write: impl FnOnce(Entry) -> F,
    ) -> Result<bool, StoreError>
    where
        F: Future<Output = Result<bool, StoreError>>,
    {
        let details = change.details();
        let was_there = write(self.entry(change.action(), by, now, details.clone())).await?;
        if was_there {
            change.log(by, &details);
        }
        Ok(was_there)
    }

    /// Writes a change, with its entry in one transaction, and logs it.
    pub(crate) async fn change<T, F>(
        &self,
        change: &Change<'_>,
        by: &str,
        now: UnixTime,
        write: impl FnOnce(Entry) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let details = change.details();
        let written = write(self.entry(change.action(), by, now, details.clone())).await?;
        change.log(by, &details);
        Ok(written)
    }
}

impl Change<'_> {
    fn log(&self, by: &str, details: &Value) {
        let (action, details) = (self.action(), details.to_string());
        match self {
            Self::KeyWithdrawn { .. } => tracing::warn!(action, by, details, "{}", self.message()),
            _ => tracing::info!(action, by, details, "{}", self.message()),
        }
    }

    /// What the audit calls it.
    const fn action(&self) -> &'static str {
        match self {
            Self::ProviderCreated(_) => "provider.create",
            Self::SettingsChanged { .. } => "provider.change",
            Self::ProviderDeleted { .. } => "provider.delete",
            Self::KeyCreated { .. } => "key.create",
            Self::KeyDeleted { .. } => "key.delete",
            Self::KeyWithdrawn { .. } => "key.withdraw",
            Self::PolicyChanged { .. } => "policy.change",
            Self::SignerAdded { .. } => "signer.add",
            Self::SignerRemoved { .. } => "signer.remove",
            Self::TokenRevoked { .. } => "token.revoke",
            Self::ClientCreated(_) => "client.create",
            Self::ClientDeleted { .. } => "client.delete",
            Self::AccessKeyCreated { .. } => "access-key.create",
        }
    }

    /// What the log says of it.
    const fn message(&self) -> &'static str {
        match self {
            Self::ProviderCreated(_) => "provider created",
            Self::SettingsChanged { .. } => "provider changed",
            Self::ProviderDeleted { .. } => "provider deleted",
            Self::KeyCreated { .. } => "signing key created",
            Self::KeyDeleted { .. } => "signing key deleted: its last token has expired",
            Self::KeyWithdrawn { .. } => "signing key withdrawn",
            Self::PolicyChanged { .. } => "policy changed",
            Self::SignerAdded { .. } => "policy signer added",
            Self::SignerRemoved { .. } => "policy signer removed",
            Self::TokenRevoked { .. } => "token revoked",
            Self::ClientCreated(_) => "client created",
            Self::ClientDeleted { .. } => "client deleted",
            Self::AccessKeyCreated { .. } => "key of access tokens created",
        }
    }

    /// What the audit and the log say about it: the members of an object.
    fn details(&self) -> Value {
        let key = |provider: &ProviderName, kid: &str| json!({"provider": provider.as_str(), "kid": kid});
        let signer = |provider: &ProviderName, certificate: &SignerCertificate, jws: &str| {
            json!({
                "provider": provider.as_str(),
                "sha256": certificate.thumbprint_sha256(),
                "signingInputSha256": signing_input(jws),
            })
        };
        match self {
            Self::ProviderCreated(NewProvider { provider, key, signers }) => json!({
                "provider": provider.name,
                "location": provider.location,
                "trustModel": provider.trust_model,
                "rootSha256": provider.root_pem.as_deref().map(|pem| sha256_hex(&[pem.as_bytes()])),
                "settings": serde_json::from_str::<Value>(&provider.settings).unwrap_or_default(),
                "kid": key.kid,
                "signers": signers.iter().map(|signer| hex::encode(signer.sha256)).collect::<Vec<_>>(),
            }),
            Self::SettingsChanged { provider, settings } => {
                json!({"provider": provider.as_str(), "settings": settings})
            }
            Self::ProviderDeleted { provider } => json!({"provider": provider.as_str()}),
            Self::KeyCreated { provider, kid } | Self::KeyDeleted { provider, kid } => key(provider, kid),
            Self::KeyWithdrawn { provider, kid, successor } => {
                json!({"provider": provider.as_str(), "kid": kid, "successor": successor})
            }
            Self::PolicyChanged { change, policy_hash } => json!({
                "provider": change.provider,
                "attestationType": change.attestation_type,
                "number": change.number,
                "restores": change.restores,
                "policyHash": policy_hash,
                "policyTokenHash": change.jws.as_deref().map(token::hash::policy_token_hash),
                "signingInputSha256": change.jws.as_deref().map(signing_input),
            }),
            Self::SignerAdded { provider, certificate, jws } | Self::SignerRemoved { provider, certificate, jws } => {
                signer(provider, certificate, jws)
            }
            Self::TokenRevoked { provider, jti } => json!({"provider": provider, "jti": jti}),
            Self::ClientCreated(client) => json!({
                "client": client.name,
                "clientId": client.id,
                "role": client.role,
                "provider": client.provider,
                "expiresAt": client.expires_at.to_string(),
            }),
            Self::ClientDeleted { id } => json!({"clientId": id}),
            Self::AccessKeyCreated { kid } => json!({"kid": kid}),
        }
    }
}

/// SHA-256 of the signing input of a JWS, in hexadecimal.
fn signing_input(jws: &str) -> String {
    hex::encode(signing_input_sha256(jws))
}

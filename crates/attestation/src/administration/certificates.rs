//! The certificates that policies of an Isolated provider are signed under.

use crate::policy_jws::{CertificateAction, CertificateJws, SignerCertificate};
use serde_json::{Value, json};
use store::{PolicySigner, SignedRequest};
use unix_time::UnixTime;

use super::{AdministrationError, used_once};
use crate::access::Caller;
use crate::audit::Change;
use crate::hashes::sha256;
use crate::provider::{Provider, TrustModel};
use crate::providers::Providers;

/// Certificates of one provider.
pub(crate) const MAX_SIGNERS: usize = 32;

impl Provider {
    /// The certificates that policies must be signed under; none where the provider is not Isolated.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub fn certificates_token(&self, now: UnixTime) -> Result<String, AdministrationError> {
        let keys: Vec<Value> = self.signers.iter().map(SignerCertificate::jwk).collect();
        self.answer([("x-ms-policy-certificates", json!({"keys": keys}))], now)
    }

    /// Reads the request to add or remove a certificate, which somebody who may sign policies now has signed: the certificate,
    /// and the signed request that it needs.
    fn certificate_in(
        &self,
        jws: &str,
        asked: CertificateAction,
        now: UnixTime,
    ) -> Result<(SignerCertificate, SignedRequest), AdministrationError> {
        if self.trust_model != TrustModel::Isolated {
            return Err(AdministrationError::NotIsolated);
        }
        let read = CertificateJws::read(jws)?;
        let signer = read.signer().chains_to(&self.signers, now)?;
        self.check_audience(read.audience(), &format!("{}/certificates", self.issuer()))?;
        if let Some(signed) = read.action().filter(|signed| *signed != asked) {
            return Err(AdministrationError::OtherAction { signed, asked });
        }
        Ok((read.certificate().clone(), used_once::certificate_request(asked, jws, signer, now)))
    }
}

impl Providers {
    /// Adds a certificate; one that is there already stays. The request is used in either case.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn add_certificate(
        &self,
        provider: &Provider,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let (_one_at_a_time, provider) = self.to_change(provider).await?;
        let (certificate, request) = provider.certificate_in(jws, CertificateAction::Add, now)?;
        if provider.signers.len() >= MAX_SIGNERS {
            return Err(AdministrationError::TooManyCertificates);
        }
        let signer = PolicySigner {
            provider: provider.name.to_string(),
            sha256: sha256(&[certificate.der()]),
            certificate: certificate.der().to_vec(),
            added_at: now,
            added_by: caller.name.clone(),
        };
        let (signer, request) = (&signer, &request);
        let write = |entry| async move { self.store.add_policy_signer(signer, request, &entry).await };
        let change = Change::SignerAdded { provider: &provider.name, certificate: &certificate, jws };
        self.change(&provider.name, &change, &caller.name, now, write).await?;
        answer(&provider, &certificate, "IsPresent", now)
    }

    /// Removes a certificate, but never the last one. The request is used also if the certificate was not there.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn remove_certificate(
        &self,
        provider: &Provider,
        jws: &str,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let (_one_at_a_time, provider) = self.to_change(provider).await?;
        let (certificate, request) = provider.certificate_in(jws, CertificateAction::Remove, now)?;
        let (name, certificate_hash, request) = (provider.name.as_str(), sha256(&[certificate.der()]), &request);
        let write =
            |entry| async move { self.store.remove_policy_signer(name, &certificate_hash, request, &entry).await };
        let change = Change::SignerRemoved { provider: &provider.name, certificate: &certificate, jws };
        self.change(&provider.name, &change, &caller.name, now, write).await?;
        answer(&provider, &certificate, "IsAbsent", now)
    }
}

/// What a change of the certificates is answered with.
fn answer(
    provider: &Provider,
    certificate: &SignerCertificate,
    result: &str,
    now: UnixTime,
) -> Result<String, AdministrationError> {
    let claims = [
        ("x-ms-certificate-thumbprint", json!(certificate.thumbprint_sha1())),
        // The first name is the one that shipped clients read, the other that of Microsoft's later description.
        ("x-ms-policycertificates-result", json!(result)),
        ("x-ms-certificate-result", json!(result)),
    ];
    provider.answer(claims, now)
}

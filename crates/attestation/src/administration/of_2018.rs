//! What administrators are answered in the API of 2018.

use crate::policy_jws::{PolicyJws, PolicySigner, SignerCertificate};
use jose::jws::Jws;
use serde_json::{Map, Value, json};
use unix_time::UnixTime;

use super::AdministrationError;
use crate::api_version::ApiVersion;
use crate::policies::PolicyError;
use crate::policy_type::PolicyType;
use crate::provider::Provider;
use crate::providers::Providers;

/// Nesting in the payload of an answer of ours.
const MAX_DEPTH: usize = 8;
/// Where the answer to whoever prepares a policy carries it.
const PREPARED: &str = "x-veritee-policy-jws";

impl Provider {
    /// The policy in force, in its JWS.
    pub fn policy_of_2018(&self, policy_type: PolicyType) -> String {
        self.policy_jws(policy_type, ApiVersion::Of2018)
    }

    /// The answer to whoever sets or resets a policy with that JWS.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub fn policy_answer_of_2018(&self, jws: &str, now: UnixTime) -> Result<String, AdministrationError> {
        self.answer(about(jws, &PolicyJws::read(jws).map_err(PolicyError::from)?), now)
    }

    /// The certificates that policies must be signed under.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub fn certificates_of_2018(&self, now: UnixTime) -> Result<String, AdministrationError> {
        let keys: Vec<Value> = self.signers.iter().map(SignerCertificate::jwk).collect();
        let keys = json!({"keys": keys});
        self.answer([("aas-policyCertificates", keys.clone()), ("maa-policyCertificates", keys)], now)
    }
}

impl Providers {
    /// Checks a policy that is to be set and keeps nothing of it: the answer carries it, and is what is then set.
    ///
    /// # Errors
    /// See [`AdministrationError`].
    pub async fn prepare_policy_of_2018(
        &self,
        provider: &Provider,
        policy_type: PolicyType,
        jws: &str,
        now: UnixTime,
    ) -> Result<String, AdministrationError> {
        let (read, policy) = self.read_policy(provider, policy_type, jws).await?;
        provider.admit(policy_type, &read, now)?;
        policy?;
        provider.answer(about(jws, &read).into_iter().chain([(PREPARED, json!(jws))]), now)
    }
}

/// The policy JWS in an answer to whoever prepared it, and any other text as it is.
///
/// Nobody has to vouch for that answer: what is in it is judged as if it had come without.
pub fn unprepared(text: String) -> String {
    let prepared = Jws::decode(&text).ok().and_then(|jws| {
        let payload: Map<String, Value> = strict_json::from_slice(&jws.payload, MAX_DEPTH).ok()?;
        Some(payload.get(PREPARED)?.as_str()?.to_owned())
    });
    prepared.unwrap_or(text)
}

/// What the service says of a policy JWS, under the names of 2020 and those before them.
fn about(jws: &str, read: &PolicyJws) -> Vec<(&'static str, Value)> {
    let hash = json!(token::hash::policy_token_hash(jws));
    let mut claims = vec![("aas-policyHash", hash.clone()), ("maa-policyHash", hash)];
    if let Some(signer) = read.signer().map(PolicySigner::jwk) {
        claims.extend([("aas-policySigningCertificate", signer.clone()), ("maa-policySigningCertificate", signer)]);
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_prepared_stays_as_it_is() {
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(unprepared(text.to_owned()), text);
        }
    }
}

//! Why a provider is not changed, or does not say what was asked.

use std::borrow::Cow;

use crate::policy_jws::{CertificateAction, CertificateJwsError, SignerTrustError};
use problem::Problem;
use store::StoreError;
use unix_time::UnixTime;

use super::used_once::MAX_USED_REQUESTS;
use crate::policies::PolicyError;
use crate::provider::KeysError;

/// Why an administrator does not get what was asked for. Where Azure's words are known they are Azure's.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// The policy is refused; the old one stays.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A reset that carries a policy.
    #[error("policy JWS of a reset has a payload")]
    ResetWithPolicy,
    /// The provider is Isolated, and the JWS is unsecured.
    #[error("Unsigned JWS specified but enclave is configured with signing certificates.")]
    Unsigned,
    /// The provider is Isolated, and the signer is none of its own.
    #[error("signer is not trusted")]
    Signer(#[from] SignerTrustError),
    /// The JWS is meant for another provider, or for another of its policies.
    #[error("JWS is meant for somebody else: `aud` does not name this provider")]
    Audience,
    /// The JWS was in force before, and another one came after it.
    #[error("JWS was in force before, as change {number}, and was superseded")]
    Superseded {
        /// Its number.
        number: i64,
    },
    /// The JWS in force is over the same bytes, and has another signature.
    #[error("policy in force has the same signed content, with another signature")]
    InForce,
    /// The signed request was used before.
    #[error("signed request was used before, {} at {at}", purpose_of(action))]
    RequestUsed {
        /// `set`, `reset`, `add` or `remove`.
        action: String,
        /// When.
        at: UnixTime,
    },
    /// The provider has used as many signed requests as are remembered.
    #[error("provider has used {MAX_USED_REQUESTS} signed requests of this kind, as many as it can")]
    RequestsExhausted,
    /// The signer request says that it is for the other action.
    #[error("signer request is to {} a certificate, and was sent to {} it", signed.as_str(), asked.as_str())]
    OtherAction {
        /// What its signer wants.
        signed: CertificateAction,
        /// What it was sent for.
        asked: CertificateAction,
    },
    /// There is no such change to go back to.
    #[error("policy has no change {number}")]
    NoSuchChange {
        /// Which number.
        number: i64,
    },
    /// The policies of a shared provider stay.
    #[error("policies of a shared provider cannot be changed")]
    Shared,
    /// Signing certificates belong to another trust model.
    #[error(
        "Attestation Enclave operation failed with 65530: RETURN_IF_TRUE('(GetPolicyRootCertificates().empty())') failed \
         with 0xfffa:The operation is disallowed."
    )]
    NotIsolated,
    /// The wish to add or remove a certificate cannot be read.
    #[error("certificate JWS is refused")]
    Certificate(#[from] CertificateJwsError),
    /// There are as many certificates as a provider can have.
    #[error("provider has as many signing certificates as it can have")]
    TooManyCertificates,
    /// The body is no JWS in any of the ways clients send it.
    #[error("request body is no JWS")]
    Body,
    /// The change could not be kept.
    #[error("change could not be kept")]
    Store(#[source] StoreError),
    /// There is no key to sign the answer with.
    #[error("answer could not be signed")]
    Keys(#[from] KeysError),
    /// The answer could not be issued.
    #[error("answer could not be issued")]
    Issue(#[from] token::IssueError),
    /// Too many policies wait to be read for the provider already.
    #[error("too many policies of this provider are waiting to be read")]
    PolicyBusy,
    /// The policy was not read to its end.
    #[error("reading the policy broke off")]
    Interrupted,
}

impl From<StoreError> for AdministrationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Used { action, at } => Self::RequestUsed { action, at },
            StoreError::Full(_) => Self::RequestsExhausted,
            other => Self::Store(other),
        }
    }
}

fn is_about_policy(action: &str) -> bool {
    ["set", "reset"].contains(&action)
}

fn purpose_of(action: &str) -> String {
    let object = if is_about_policy(action) { "the policy" } else { "a certificate" };
    format!("to {action} {object}")
}

impl Problem for AdministrationError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Policy(error) => return error.code(),
            Self::ResetWithPolicy => "reset_with_policy",
            Self::Unsigned => "policy_unsigned",
            Self::Signer(error) => return error.code(),
            Self::Audience => "policy_for_somebody_else",
            Self::Superseded { .. } => "policy_superseded",
            Self::InForce => "policy_in_force",
            Self::RequestUsed { .. } => "signed_request_used",
            Self::RequestsExhausted => "signed_requests_exhausted",
            Self::OtherAction { .. } => "signer_request_for_other_action",
            Self::NoSuchChange { .. } => "policy_change_unknown",
            Self::Shared => "provider_shared",
            Self::NotIsolated => "provider_not_isolated",
            Self::Certificate(error) => return error.code(),
            Self::TooManyCertificates => "too_many_signers",
            Self::Body => "policy_body_malformed",
            Self::Store(StoreError::Last(_)) => "last_signer",
            Self::Store(StoreError::Changed(_)) => "changed_in_the_meantime",
            Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => "provider_unknown",
            Self::Store(_) => "store_failed",
            Self::Keys(_) => "signing_key_missing",
            Self::Issue(error) => return error.code(),
            Self::PolicyBusy => "policy_busy",
            Self::Interrupted => "policy_reading_interrupted",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Policy(error) => return error.help(),
            Self::ResetWithPolicy => "send a JWS with an empty payload, such as eyJhbGciOiJub25lIn0..",
            Self::Unsigned => "sign it under one of the provider's certificates, with `veritee policy sign`",
            Self::Signer(error) => return error.help(),
            Self::Audience => "sign one for this provider: `aud` is its URL, or absent",
            Self::Superseded { .. } => {
                "sign the policy again with `veritee policy sign`, which adds a new `jti`, or let the service's owner roll back \
                 to that change"
            }
            Self::InForce => "nothing has to be done; to replace the JWS, sign the policy again with a new `jti`",
            Self::RequestUsed { action, .. } if is_about_policy(action) => {
                "sign the policy or its reset again with `veritee policy sign`, which makes each JWS unique"
            }
            Self::RequestUsed { .. } => {
                "GET /certificates shows the signers; to change them, sign another request: `veritee signer` makes each one \
                 unique, other tools need a new `jti` in the payload"
            }
            Self::RequestsExhausted => {
                "create another provider whose signers have new keys; where old requests cannot be signed for it, none has to \
                 be remembered"
            }
            Self::OtherAction { .. } => "send it for the action that it was signed for, or have another one signed",
            Self::NoSuchChange { .. } => "GET /policies/{type}:history lists the changes",
            Self::Shared => "use a provider of your own",
            Self::NotIsolated => "only Isolated providers have policy signing certificates",
            Self::Certificate(error) => return error.help(),
            Self::TooManyCertificates => "remove one that is not needed, or trust a CA that issued several",
            Self::Body => "send the JWS as it is, or in the quotes of JSON",
            Self::Store(StoreError::Last(_)) => "add another certificate before this one is removed",
            Self::Store(StoreError::Changed(_)) => "somebody else changed it at the same time: look, and try again",
            Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => "the provider was deleted",
            Self::PolicyBusy => "try again in a second; send one policy at a time",
            Self::Store(_) | Self::Keys(_) | Self::Issue(_) | Self::Interrupted => "look into the service's log",
        };
        text.into()
    }
}

impl AdministrationError {
    /// Azure Attestation's code for this kind of refusal.
    pub const fn azure_code(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Text(_)) => "PolicyParsingError",
            Self::Policy(_) | Self::ResetWithPolicy | Self::Body | Self::Certificate(_) | Self::Signer(_) => {
                "InvalidParameter"
            }
            Self::Unsigned
            | Self::Audience
            | Self::Superseded { .. }
            | Self::InForce
            | Self::RequestUsed { .. }
            | Self::RequestsExhausted
            | Self::OtherAction { .. }
            | Self::Shared
            | Self::NotIsolated
            | Self::TooManyCertificates
            | Self::Store(StoreError::Last(_)) => "InvalidOperation",
            Self::NoSuchChange { .. } | Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => {
                "NotFound"
            }
            Self::Store(StoreError::Changed(_) | StoreError::Exists(_)) => "Conflict",
            Self::Store(_) | Self::Keys(_) | Self::Issue(_) | Self::PolicyBusy | Self::Interrupted => "InternalError",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_without_room_for_requests_refuses_them_for_good() {
        let error = AdministrationError::from(StoreError::Full("signed requests"));
        assert_eq!((&*error.code(), error.azure_code()), ("signed_requests_exhausted", "InvalidOperation"));
        assert!(error.to_string().contains("10000") && error.help().contains("new keys"), "{error}");
    }

    #[test]
    fn what_was_used_says_for_what_and_what_to_sign_instead() {
        for (action, said, help) in [
            ("set", "to set the policy at 1970-01-01T00:00:07Z", "veritee policy sign"),
            ("add", "to add a certificate", "jti"),
        ] {
            let error = AdministrationError::from(StoreError::Used {
                action: action.to_owned(),
                at: UnixTime::from_seconds(7),
            });
            assert_eq!(error.code(), "signed_request_used");
            assert!(error.to_string().contains(said) && error.help().contains(help), "{error}");
        }
    }
}

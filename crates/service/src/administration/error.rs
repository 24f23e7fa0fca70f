//! Why a provider is not changed, or does not say what was asked.

use store::StoreError;
use token::policy_jws::{CertificateJwsError, SignerTrustError};

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
    #[error("signer is not trusted: {0}")]
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
    #[error("certificate JWS is refused: {0}")]
    Certificate(#[from] CertificateJwsError),
    /// There are as many certificates as a provider can have.
    #[error("provider has as many signing certificates as it can have")]
    TooManyCertificates,
    /// The body is no JWS in any of the ways clients send it.
    #[error("request body is no JWS")]
    Body,
    /// The change could not be kept.
    #[error("change could not be kept: {0}")]
    Store(#[from] StoreError),
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
            | Self::Shared
            | Self::NotIsolated
            | Self::TooManyCertificates
            | Self::Store(StoreError::Last(_)) => "InvalidOperation",
            Self::NoSuchChange { .. } | Self::Store(StoreError::Missing(_)) => "NotFound",
            Self::Store(StoreError::Changed(_) | StoreError::Exists(_)) => "Conflict",
            Self::Store(_) | Self::Keys(_) | Self::Issue(_) | Self::PolicyBusy | Self::Interrupted => "InternalError",
        }
    }

    /// A stable name of the fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Jws(error)) => error.code(),
            Self::Policy(PolicyError::NoPolicy) => "policy_missing",
            Self::Policy(PolicyError::Text(_)) => "policy_malformed",
            Self::ResetWithPolicy => "reset_with_policy",
            Self::Unsigned => "policy_unsigned",
            Self::Signer(error) => error.code(),
            Self::Audience => "policy_for_somebody_else",
            Self::Superseded { .. } => "policy_superseded",
            Self::NoSuchChange { .. } => "policy_change_unknown",
            Self::Shared => "provider_shared",
            Self::NotIsolated => "provider_not_isolated",
            Self::Certificate(error) => error.code(),
            Self::TooManyCertificates => "too_many_signers",
            Self::Body => "policy_body_malformed",
            Self::Store(StoreError::Last(_)) => "last_signer",
            Self::Store(StoreError::Changed(_)) => "changed_in_the_meantime",
            Self::Store(StoreError::Missing(_)) => "provider_unknown",
            Self::Store(_) => "store_failed",
            Self::Keys(_) => "signing_key_missing",
            Self::Issue(error) => error.code(),
            Self::PolicyBusy => "policy_busy",
            Self::Interrupted => "policy_reading_interrupted",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Jws(error)) => error.help(),
            Self::Policy(PolicyError::NoPolicy) => "send a policy in `AttestationPolicy`, or POST to :reset",
            Self::Policy(PolicyError::Text(_)) => "mend the policy text where the message says; the old one stays",
            Self::ResetWithPolicy => "send a JWS with an empty payload, such as eyJhbGciOiJub25lIn0..",
            Self::Unsigned => "sign it under one of the provider's certificates, with `veritee policy sign`",
            Self::Signer(error) => error.help(),
            Self::Audience => "sign one for this provider: `aud` is its URL, or absent",
            Self::Superseded { .. } => "sign the policy anew, or let the service's owner roll back to that change",
            Self::NoSuchChange { .. } => "GET /policies/{type}:history lists the changes",
            Self::Shared => "use a provider of your own",
            Self::NotIsolated => "only Isolated providers have policy signing certificates",
            Self::Certificate(error) => error.help(),
            Self::TooManyCertificates => "remove one that is not needed, or trust a CA that issued several",
            Self::Body => "send the JWS as it is, or in the quotes of JSON",
            Self::Store(StoreError::Last(_)) => "add another certificate before this one is removed",
            Self::Store(StoreError::Changed(_)) => "somebody else changed it at the same time: look, and try again",
            Self::Store(StoreError::Missing(_)) => "the provider was deleted",
            Self::PolicyBusy => "try again in a second; send one policy at a time",
            Self::Store(_) | Self::Keys(_) | Self::Issue(_) | Self::Interrupted => "look into the service's log",
        }
    }
}

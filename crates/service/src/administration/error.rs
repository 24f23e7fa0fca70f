//! Why a provider is not changed, or does not say what was asked.

use store::StoreError;

use crate::policies::PolicyError;

/// Why an administrator does not get what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// The policy is refused; the old one stays.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A reset that carries a policy.
    #[error("policy JWS of a reset has a payload")]
    ResetWithPolicy,
    /// Signing certificates belong to another trust model. The words are Azure's.
    #[error(
        "Attestation Enclave operation failed with 65530: RETURN_IF_TRUE('(GetPolicyRootCertificates().empty())') failed \
         with 0xfffa:The operation is disallowed."
    )]
    NotIsolated,
    /// The body is no JWS in any of the ways clients send it.
    #[error("request body is no policy JWS")]
    Body,
    /// The change could not be kept.
    #[error("change could not be kept")]
    Store(#[from] StoreError),
    /// The answer could not be signed.
    #[error("answer could not be issued")]
    Issue(#[from] token::IssueError),
}

impl AdministrationError {
    /// Azure Attestation's code for this kind of refusal.
    pub const fn azure_code(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Text(_)) => "PolicyParsingError",
            Self::Policy(_) | Self::ResetWithPolicy | Self::Body => "InvalidParameter",
            Self::NotIsolated => "InvalidOperation",
            Self::Store(_) | Self::Issue(_) => "InternalError",
        }
    }

    /// A stable name of the fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Jws(error)) => error.code(),
            Self::Policy(PolicyError::NoPolicy) => "policy_missing",
            Self::Policy(PolicyError::Text(_)) => "policy_malformed",
            Self::ResetWithPolicy => "reset_with_policy",
            Self::NotIsolated => "provider_not_isolated",
            Self::Body => "policy_body_malformed",
            Self::Store(_) => "store_failed",
            Self::Issue(error) => error.code(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Policy(PolicyError::Jws(error)) => error.help(),
            Self::Policy(PolicyError::NoPolicy) => "send a policy in `AttestationPolicy`, or POST to :reset",
            Self::Policy(PolicyError::Text(_)) => "mend the policy text where the message says; the old one stays",
            Self::ResetWithPolicy => "send a JWS with an empty payload, such as eyJhbGciOiJub25lIn0..",
            Self::NotIsolated => "only Isolated providers have policy signing certificates",
            Self::Body => "send the JWS as it is, or in the quotes of JSON",
            Self::Store(_) | Self::Issue(_) => "look into the service's log",
        }
    }
}

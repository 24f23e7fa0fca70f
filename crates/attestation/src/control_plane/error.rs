//! Why a provider is not made, changed or deleted.

use std::borrow::Cow;

use cache::CacheError;
use problem::Problem;
use store::StoreError;

use crate::administration::MAX_SIGNERS;
use crate::provider::{InvalidProviderName, InvalidSettings, KeysError, ProviderName};

/// Why a provider is not made, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] InvalidProviderName),
    /// The location is none.
    #[error("`location` is missing or malformed")]
    Location,
    /// The settings are none.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// There are too many policy signing certificates.
    #[error("there are more than {MAX_SIGNERS} policy signing certificates")]
    TooManyCertificates,
    /// A shared provider has no signers.
    #[error("a shared provider has no policy signing certificates")]
    SharedWithCertificates,
    /// Another root than Intel's, where strangers would see its tokens.
    #[error("this service takes no other root than Intel's")]
    OtherRoot,
    /// Root or collateral cannot be used.
    #[error(transparent)]
    Endorsements(#[from] CacheError),
    /// There is one of that name.
    #[error("provider `{0}` exists, and what is asked for cannot be changed about it")]
    Exists(ProviderName),
    /// There is none of that name, or not under that subscription and resource group.
    #[error("provider `{0}` does not exist here")]
    Missing(String),
    /// The algorithm of its tokens is asked to change.
    #[error("the token algorithm of a provider cannot be changed")]
    AlgorithmIsFixed,
    /// The provider `default` stays.
    #[error("provider `default` cannot be deleted")]
    DefaultStays,
    /// There are as many as there can be.
    #[error("service has as many providers as it can have")]
    TooMany,
    /// The new key would sign too early or too late.
    #[error("a key cannot begin to sign after {0} seconds")]
    Lead(i64),
    /// There are as many keys as there can be.
    #[error("provider publishes as many signing keys as it can")]
    TooManyKeys,
    /// There is no key of that id.
    #[error("provider has no signing key `{0}`")]
    UnknownKey(String),
    /// As many withdrawn keys are listed as there can be.
    #[error("provider lists as many withdrawn signing keys as it can")]
    TooManyWithdrawnKeys,
    /// No key could be made.
    #[error("a signing key cannot be made")]
    Keys(#[from] KeysError),
    /// The provider cannot be used as it was kept.
    #[error("provider cannot be used")]
    Unusable,
    /// The change could not be kept.
    #[error("change could not be kept")]
    Store(#[from] StoreError),
}

impl Problem for ControlError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Name(error) => return error.code(),
            Self::Location => "location_malformed",
            Self::Settings(error) => return error.code(),
            Self::TooManyCertificates => "too_many_certificates",
            Self::SharedWithCertificates => "shared_with_certificates",
            Self::OtherRoot => "other_root",
            Self::Endorsements(error) => return error.code(),
            Self::Exists(_) | Self::Store(StoreError::Exists(_)) => "provider_exists",
            Self::Missing(_) | Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => {
                "provider_unknown"
            }
            Self::AlgorithmIsFixed => "token_algorithm_fixed",
            Self::DefaultStays => "default_stays",
            Self::TooMany => "too_many_providers",
            Self::Lead(_) => "lead_out_of_range",
            Self::TooManyKeys => "too_many_keys",
            Self::UnknownKey(_) => "key_unknown",
            Self::TooManyWithdrawnKeys => "too_many_withdrawn_keys",
            Self::Store(StoreError::Changed(_)) => "changed_in_the_meantime",
            Self::Keys(_) => "key_failed",
            Self::Unusable => "provider_unusable",
            Self::Store(_) => "store_failed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Name(error) => return error.help(),
            Self::Location => "give a location of letters, digits and hyphens, such as `westeurope`",
            Self::Settings(error) => return error.help(),
            Self::TooManyCertificates => "trust a CA that issued several",
            Self::SharedWithCertificates => "leave `policySigningCertificates` out, or make an Isolated provider",
            Self::OtherRoot => {
                "use a service that listens on loopback and whose public URL and provider domain are loopback too"
            }
            Self::Endorsements(error @ CacheError::Root(_)) => return error.help(),
            Self::Endorsements(CacheError::Collateral(_)) => {
                "give a path on the service's machine: a directory of pieces, or dcap-qvl's JSON"
            }
            Self::Exists(_) => "choose another name, or delete that one; roots, trust model and location are fixed",
            Self::Store(StoreError::Exists(_)) => "choose another name; a location has one default provider",
            Self::Missing(_) | Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => {
                "`veritee provider list` shows those there are"
            }
            Self::AlgorithmIsFixed => "make another provider: relying parties of this one expect its algorithm",
            Self::DefaultStays => "the service is reached through it; delete others",
            Self::Lead(_) => "give 60 to 604800 seconds: relying parties have to see the key before it signs",
            Self::TooManyKeys => "wait until tokens of older keys have expired",
            Self::UnknownKey(_) => {
                "`veritee provider show` lists the provider's keys; one whose tokens have expired is gone"
            }
            Self::TooManyWithdrawnKeys => "wait until tokens of keys that were withdrawn earlier have expired",
            Self::TooMany => "delete those that are not needed",
            Self::Store(StoreError::Changed(_)) => "somebody else changed it at the same time: look, and try again",
            Self::Keys(_) | Self::Unusable | Self::Store(_) => "look into the service's log",
        };
        text.into()
    }
}

impl ControlError {
    /// The resource manager's code for this kind of refusal.
    pub const fn azure_code(&self) -> &'static str {
        match self {
            Self::Missing(_)
            | Self::UnknownKey(_)
            | Self::Store(StoreError::UnknownProvider | StoreError::UnknownSigningKey) => "ResourceNotFound",
            Self::Exists(_) | Self::Store(StoreError::Exists(_) | StoreError::Changed(_)) => "Conflict",
            Self::Store(_) | Self::Keys(_) | Self::Unusable => "InternalError",
            _ => "InvalidParameter",
        }
    }
}

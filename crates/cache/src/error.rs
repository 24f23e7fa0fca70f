//! Why a cache cannot be opened, and why it has no endorsement.

use std::borrow::Cow;

use collateral::{ChooseError, LoadError};
use dcap::CollateralError;
use evidence::AnchorsError;
use problem::Problem;

/// Why a cache cannot be opened or refreshed.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The root is not a certificate.
    #[error(transparent)]
    Root(#[from] AnchorsError),
    /// Collateral cannot be loaded.
    #[error("collateral cannot be loaded")]
    Collateral(#[from] LoadError),
}

impl Problem for CacheError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Root(error) => error.code(),
            Self::Collateral(_) => "collateral_unusable".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Root(error) => error.help(),
            Self::Collateral(error) => error.help(),
        }
    }
}

/// The reason why an endorsement could not be found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The cache has no source.
    #[error("provider has no collateral configured")]
    NotConfigured,
    /// The source lacks a piece for this platform.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The pieces are there and do not verify.
    #[error("collateral for this platform cannot be used")]
    Verify(#[from] CollateralError),
}

impl Problem for FindError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotConfigured => "collateral_not_configured".into(),
            Self::Choose(error) => error.code(),
            Self::Verify(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotConfigured => "start the service with --collateral PATH".into(),
            Self::Choose(error) => error.help(),
            Self::Verify(error) => error.help(),
        }
    }
}

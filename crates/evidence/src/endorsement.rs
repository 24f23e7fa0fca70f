//! Endorsements: what a manufacturer says about its platforms, verified.

use std::sync::Arc;

use dcap::{PlatformFamily, VerifiedCollateral};
use unix_time::{UnixTime, ValidityPeriod};

use crate::quote::digests::CollateralDigests;

/// What an appraisal needs before it can go on. It names platforms that a trusted root vouches for, so fetching it upstream tells
/// nothing to strangers and costs nothing for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndorsementKey {
    /// Intel's collateral for a platform family.
    Collateral(PlatformFamily),
}

/// A verified endorsement. Clones share it.
#[derive(Clone, Debug)]
pub enum Endorsement {
    /// Intel's collateral for a platform family.
    Collateral(QuoteCollateral),
}

/// Verified collateral, with the digests that tokens carry of it.
#[derive(Clone, Debug)]
pub struct QuoteCollateral {
    verified: VerifiedCollateral,
    digests: Arc<CollateralDigests>,
}

impl Endorsement {
    pub(crate) fn of_collateral(verified: VerifiedCollateral) -> Self {
        let digests = Arc::new(CollateralDigests::of(&verified));
        Self::Collateral(QuoteCollateral { verified, digests })
    }

    /// Returns whether all of it is valid at that time.
    pub fn is_valid(&self, at: UnixTime) -> bool {
        match self {
            Self::Collateral(collateral) => collateral.verified.check_validity(at).is_ok(),
        }
    }

    /// Returns the period in which all of it is valid.
    pub fn validity(&self) -> ValidityPeriod {
        match self {
            Self::Collateral(collateral) => collateral.verified.validity(),
        }
    }
}

impl QuoteCollateral {
    /// Returns the collateral.
    pub const fn verified(&self) -> &VerifiedCollateral {
        &self.verified
    }

    pub(crate) const fn digests(&self) -> &Arc<CollateralDigests> {
        &self.digests
    }
}

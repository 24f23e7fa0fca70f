//! Which claims give which roles.

use std::borrow::Cow;

use oidc::VerifiedClaims;
use problem::Problem;
use serde_json::Value;

use crate::access::{Grant, Role};
use crate::provider::ProviderName;

/// Names on the way to a claim.
const MAX_PATH: usize = 8;
/// Bytes of a name, and of a value.
const MAX_TEXT: usize = 256;

/// Whoever has this value in this claim has this role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// The member names on the way to the claim; one for a claim at the top.
    pub claim: Vec<String>,
    /// What the claim has to be, or to have among others if it is a list. Compared exactly.
    pub value: String,
    /// What that gives.
    pub role: Role,
    /// With which providers; none is every one, those to come included. An owner owns the service.
    pub providers: Option<Vec<ProviderName>>,
}

/// Why a rule cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFault {
    /// The path is none.
    #[error("claim has no name, an empty one, one that is too long, or more than {MAX_PATH} on the way to it")]
    Claim,
    /// The value is none.
    #[error("value is empty, or longer than {MAX_TEXT} bytes")]
    Value,
    /// The role is good nowhere.
    #[error("the list of providers is empty")]
    NoProviders,
    /// Owners of single providers do not exist.
    #[error("an owner owns the service, not a provider")]
    OwnerOfProvider,
}

impl Problem for RuleFault {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Claim => "rule_claim_malformed".into(),
            Self::Value => "rule_value_malformed".into(),
            Self::NoProviders => "rule_without_providers".into(),
            Self::OwnerOfProvider => "rule_owner_of_provider".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Claim => {
                "name the claim as tokens have it, such as `roles`, or `realm_access.roles` for one within another"
            }
            Self::Value => "give the text that the claim has, or has among others",
            Self::NoProviders => "name providers, or `*` for every one, those to come included",
            Self::OwnerOfProvider => "leave providers out, or give the role contributor",
        };
        text.into()
    }
}

impl RoleRule {
    pub(super) fn check(&self) -> Result<(), RuleFault> {
        let is_text = |text: &String| (1..=MAX_TEXT).contains(&text.len());
        if !(1..=MAX_PATH).contains(&self.claim.len()) || !self.claim.iter().all(is_text) {
            return Err(RuleFault::Claim);
        }
        if !is_text(&self.value) {
            return Err(RuleFault::Value);
        }
        match &self.providers {
            Some(providers) if providers.is_empty() => Err(RuleFault::NoProviders),
            Some(_) if self.role == Role::Owner => Err(RuleFault::OwnerOfProvider),
            _ => Ok(()),
        }
    }

    /// Whether it is about these claims.
    pub(super) fn matches(&self, claims: &VerifiedClaims) -> bool {
        let is_it = |found: &Value| found.as_str() == Some(self.value.as_str());
        match claims.at(&self.claim) {
            Some(Value::Array(list)) => list.iter().any(is_it),
            Some(one) => is_it(one),
            None => false,
        }
    }

    /// What it gives.
    pub(super) fn grants(&self) -> Vec<Grant> {
        match &self.providers {
            None => vec![Grant { role: self.role, provider: None }],
            Some(providers) => {
                let each = providers.iter().cloned();
                each.map(|provider| Grant { role: self.role, provider: Some(provider) }).collect()
            }
        }
    }
}

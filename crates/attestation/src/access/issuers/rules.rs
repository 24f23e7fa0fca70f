//! Rules that map claims to roles.

use std::borrow::Cow;

use oidc::VerifiedClaims;
use problem::Problem;
use serde_json::Value;

use crate::access::{Grant, Role};
use crate::provider::ProviderName;

/// The maximum number of member names in the path of a claim.
const MAX_PATH: usize = 8;
/// The maximum length of a member name and of a value, in bytes.
const MAX_TEXT: usize = 256;

/// A rule that gives a role to callers whose token has a value in a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// The path of member names to the claim; one name for a top-level claim.
    pub claim: Vec<String>,
    /// The value that the claim must equal, or contain if it is a list. Compared exactly.
    pub value: String,
    /// The role that the rule gives.
    pub role: Role,
    /// The providers for which the role holds; `None` means all, including future ones. An owner owns the service.
    pub providers: Option<Vec<ProviderName>>,
}

/// Why a rule is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFault {
    /// The path is empty or too long, or one of its names is.
    #[error("invalid claim path: use 1 to {MAX_PATH} names of 1 to {MAX_TEXT} bytes")]
    Claim,
    /// The value is empty or too long.
    #[error("invalid value: use 1 to {MAX_TEXT} bytes")]
    Value,
    /// The rule names no provider.
    #[error("the list of providers is empty")]
    NoProviders,
    /// The role is owner, which cannot be limited to providers.
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
                "name the claim as in the tokens, such as `roles`, or `realm_access.roles` for a nested claim"
            }
            Self::Value => "give the text that the claim equals, or contains if it is a list",
            Self::NoProviders => "name providers, or `*` for all, including future ones",
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

    /// Returns whether the rule matches these claims.
    pub(super) fn matches(&self, claims: &VerifiedClaims) -> bool {
        let is_it = |found: &Value| found.as_str() == Some(self.value.as_str());
        match claims.at(&self.claim) {
            Some(Value::Array(list)) => list.iter().any(is_it),
            Some(one) => is_it(one),
            None => false,
        }
    }

    /// Returns the grants of the rule.
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

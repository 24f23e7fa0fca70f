//! Who may do what: bearer tokens, and the roles that come with them.

mod clients;
mod error;
mod failures;
mod issuers;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use store::AccessStore;
use unix_time::UnixTime;

use crate::audit::Audit;
use crate::hashes::sha256;
use crate::provider::ProviderName;
use crate::vault::Vault;

pub use clients::{ClientSecret, NewClient};
pub use error::{AccessError, OpenAccessError};
use failures::Failures;
pub use issuers::{InvalidIssuer, IssuerFault, IssuerSettings, RoleRule, RuleFault, TrustedIssuers};
use tokens::AccessTokens;

/// Characters of a bearer token; those of other issuers name the groups that somebody is in.
const MAX_TOKEN: usize = oidc::MAX_TOKEN_LENGTH;

/// What a caller may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Attestation Reader: read policies and certificates.
    Reader,
    /// Attestation Contributor: change them.
    Contributor,
    /// Everything: providers and clients too.
    Owner,
}

impl Role {
    /// The name in requests and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Contributor => "contributor",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reader, Self::Contributor, Self::Owner].into_iter().find(|role| role.as_str() == name)
    }
}

/// Whoever sent a request, by the bearer token in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// For the history of what was changed.
    pub name: String,
    /// At least one; what any of them allows is allowed.
    grants: Vec<Grant>,
}

/// A role, and where it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    role: Role,
    /// With which provider; none is every one.
    provider: Option<ProviderName>,
}

impl Caller {
    /// Whether the caller has this role, or a higher one, with that provider.
    pub fn may(&self, role: Role, provider: &ProviderName) -> bool {
        let is_for = |grant: &Grant| grant.provider.as_ref().is_none_or(|own| own == provider);
        self.grants.iter().any(|grant| grant.role >= role && is_for(grant))
    }

    /// Whether the caller has this role, or a higher one, with every provider, those to come included.
    pub fn may_everywhere(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role >= role && grant.provider.is_none())
    }
}

/// The bearer tokens that are taken.
pub struct Access {
    administrator_sha256: Option<[u8; 32]>,
    tokens: AccessTokens,
    issuers: Arc<TrustedIssuers>,
    failures: Failures,
    store: Arc<dyn AccessStore>,
    audit: Arc<Audit>,
}

impl Access {
    /// Of the service reached at `url`: the administrator's token, the access tokens that the service itself issues, with a
    /// key that is made on first use, and those of `issuers`.
    ///
    /// # Errors
    /// Where the store fails, or the key does not open.
    pub(crate) async fn open(
        store: Arc<dyn AccessStore>,
        vault: &Vault,
        audit: Arc<Audit>,
        url: &str,
        issuers: Arc<TrustedIssuers>,
        now: UnixTime,
    ) -> Result<Self, OpenAccessError> {
        let administrator_sha256 = store.administrator().await?;
        let tokens = AccessTokens::open(&*store, vault, &audit, url, now).await?;
        Ok(Self { administrator_sha256, tokens, issuers, failures: Failures::default(), store, audit })
    }

    /// Returns who sent a request with that bearer token; `peer` is the address it came from, where that is known.
    ///
    /// # Errors
    /// See [`AccessError`].
    pub async fn caller(
        &self,
        token: Option<&str>,
        peer: Option<IpAddr>,
        now: UnixTime,
    ) -> Result<Caller, AccessError> {
        let token = token.filter(|token| token.len() <= MAX_TOKEN).ok_or(AccessError::NoToken)?;
        let caller = if self.is_administrator(token) {
            let grants = vec![Grant { role: Role::Owner, provider: None }];
            Ok(Caller { name: "administrator".to_owned(), grants })
        } else if self.issuers.is_empty() || self.tokens.has_our_header(token) {
            self.client_of(token, now).await
        } else {
            self.issuers.caller(token, now).await
        };
        if matches!(caller, Err(AccessError::TokenRefused(_) | AccessError::BearerRefused(_))) {
            self.failures.note(peer, now)?;
        }
        caller
    }

    /// Digests of tokens are compared, and in constant time: nothing of the kept one is told by how long it takes.
    fn is_administrator(&self, token: &str) -> bool {
        let digest = sha256(&[token.as_bytes()]);
        let kept = self.administrator_sha256.as_ref();
        kept.is_some_and(|kept| verify_slices_are_equal(&digest, kept).is_ok())
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("administrator", &self.administrator_sha256.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_for_one_provider_or_for_all() {
        let name = |text: &str| ProviderName::parse(text).unwrap();
        let grant = |role, provider: Option<&str>| Grant { role, provider: provider.map(name) };
        let caller = |role, provider| Caller { name: String::new(), grants: vec![grant(role, provider)] };
        assert!(caller(Role::Contributor, Some("one")).may(Role::Reader, &name("one")));
        assert!(!caller(Role::Contributor, Some("one")).may(Role::Reader, &name("two")));
        assert!(!caller(Role::Reader, None).may(Role::Contributor, &name("one")));
        assert!(caller(Role::Owner, None).may(Role::Contributor, &name("one")));
        assert!(!caller(Role::Owner, Some("one")).may_everywhere(Role::Reader));
    }

    #[test]
    fn several_grants_are_as_much_as_all_of_them_and_no_more() {
        let name = |text: &str| ProviderName::parse(text).unwrap();
        let grants = vec![
            Grant { role: Role::Reader, provider: None },
            Grant { role: Role::Contributor, provider: Some(name("one")) },
        ];
        let caller = Caller { name: String::new(), grants };
        assert!(caller.may(Role::Contributor, &name("one")) && caller.may(Role::Reader, &name("two")));
        assert!(!caller.may(Role::Contributor, &name("two")));
        assert!(caller.may_everywhere(Role::Reader) && !caller.may_everywhere(Role::Contributor));
    }
}

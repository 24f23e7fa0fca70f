//! OpenID Connect issuers whose bearer tokens the operator trusts, in addition to the service's own.

mod rules;
mod settings;

use std::sync::Arc;

use oidc::{IssuerKeys, KeySource, UnverifiedToken, VerifiedClaims, Verifier};
use tokio::task::JoinSet;
use unix_time::UnixTime;

use super::{AccessError, Caller};
use crate::addresses::Addresses;

pub use rules::{RoleRule, RuleFault};
pub use settings::{InvalidIssuer, IssuerFault, IssuerSettings};

/// The issuers whose bearer tokens are accepted.
#[derive(Debug)]
pub struct TrustedIssuers {
    issuers: Vec<Issuer>,
    /// The addresses of this service: its providers issue attestation tokens, which grant no access.
    own: Addresses,
}

/// A trusted issuer.
#[derive(Debug)]
struct Issuer {
    verifier: Verifier,
    rules: Vec<RoleRule>,
    keys: Arc<IssuerKeys>,
}

impl TrustedIssuers {
    /// Trusts these issuers at the service with the addresses `own`. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`InvalidIssuer`], for the first issuer with invalid settings.
    pub fn new(settings: Vec<IssuerSettings>, own: &Addresses) -> Result<Self, InvalidIssuer> {
        settings::check_all(&settings, own)?;
        let numbered = settings.into_iter().zip(1..);
        let issuers = numbered.map(|(settings, number)| Issuer::new(settings, number)).collect::<Result<_, _>>()?;
        Ok(Self { issuers, own: own.clone() })
    }

    /// Starts the tasks that fetch the issuers' keys and keep them fresh.
    pub(crate) fn spawn_into(&self, tasks: &mut JoinSet<()>) {
        for issuer in &self.issuers {
            let keys = Arc::clone(&issuer.keys);
            tasks.spawn(async move { keys.keep_fresh().await });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// Verifies a token and returns the caller, with the roles that the issuer's rules give for the claims.
    pub(super) async fn caller(&self, token: &str, now: UnixTime) -> Result<Caller, AccessError> {
        let token = UnverifiedToken::decode(token)?;
        let issuer = self.issuer_of(&token)?;
        let Some(keys) = issuer.keys.having(token.claimed_key()).await else {
            return Err(AccessError::IssuerUnreachable { issuer: issuer.verifier.issuer().to_owned() });
        };
        let claims = issuer.verifier.verify(token, &keys, now)?;
        issuer.caller(&claims)
    }

    /// Returns the issuer whose keys verify the token. The issuer that the token claims is verified with the rest.
    fn issuer_of(&self, token: &UnverifiedToken<'_>) -> Result<&Issuer, AccessError> {
        let claimed = token.claimed_issuer().unwrap_or_default();
        if self.own.is_issuer(claimed) {
            return Err(AccessError::TokenRefused("it is an attestation token"));
        }
        let found = self.issuers.iter().find(|issuer| issuer.verifier.issuer() == claimed);
        found.ok_or(AccessError::TokenRefused("its issuer is not trusted"))
    }
}

impl Issuer {
    fn new(settings: IssuerSettings, number: usize) -> Result<Self, InvalidIssuer> {
        let source = KeySource::new(&settings.issuer, settings.jwks_url.as_deref(), settings.authorities.as_deref());
        let source = source.map_err(|fault| InvalidIssuer::new(number, &settings.issuer, fault.into()))?;
        Ok(Self {
            keys: Arc::new(IssuerKeys::new(settings.issuer.clone(), source)),
            verifier: Verifier::new(settings.issuer, settings.audience, settings.algorithms),
            rules: settings.rules,
        })
    }

    fn caller(&self, claims: &VerifiedClaims) -> Result<Caller, AccessError> {
        let name = name_of(self.verifier.issuer(), claims.subject());
        let grants: Vec<_> = self.rules.iter().filter(|rule| rule.matches(claims)).flat_map(RoleRule::grants).collect();
        if grants.is_empty() { Err(AccessError::NoRole { name }) } else { Ok(Caller { name, grants }) }
    }
}

/// Returns the caller's name for logs and the history. It cannot forge a line or another caller's name.
fn name_of(issuer: &str, subject: &str) -> String {
    // Escapes begin with one backslash, those of the subject itself with two: no two subjects have the same name.
    let subject = subject.replace('\\', "\\\\");
    format!("{issuer}|{}", problem::untrusted::one_line(&subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_forges_no_line_and_no_other_name() {
        assert_eq!(name_of("https://a", "b"), "https://a|b");
        assert_eq!(name_of("https://a", "b\nc\u{1b}\u{0}\u{202e}"), "https://a|b\\nc\\u{1b}\\u{0}\\u{202e}");
        assert_ne!(name_of("https://a", "\n"), name_of("https://a", "\\n"));
    }
}

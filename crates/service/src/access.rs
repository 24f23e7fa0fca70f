//! Who may do what.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, header};

use crate::hashes::sha256;

/// Characters of a bearer token.
const MAX_TOKEN: usize = 8 << 10;

/// What a caller may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read policies and certificates.
    Reader,
    /// Change them.
    Contributor,
    /// Everything.
    Owner,
}

/// Whoever sent a request, by the bearer token in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// For the history of what was changed.
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// The bearer tokens that are taken.
#[derive(Clone)]
pub struct Access {
    administrator_sha256: Option<[u8; 32]>,
}

impl Access {
    /// Nobody may do what is not open to everybody.
    pub const fn none() -> Self {
        Self { administrator_sha256: None }
    }

    /// Whoever has the token with that SHA-256 is the owner.
    pub const fn of_administrator(token_sha256: [u8; 32]) -> Self {
        Self { administrator_sha256: Some(token_sha256) }
    }

    /// Who sent the request, where it carries a token that is taken.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        let token = bearer(headers)?;
        let digest = sha256(&[token.as_bytes()]);
        let administrator = self.administrator_sha256.as_ref()?;
        // Digests of tokens are compared, and in constant time: nothing of the kept one is told by how long it takes.
        verify_slices_are_equal(digest.as_ref(), administrator).ok()?;
        Some(Caller { name: "administrator".to_owned(), role: Role::Owner })
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("administrator", &self.administrator_sha256.is_some()).finish_non_exhaustive()
    }
}

/// The one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(access: &Access, values: &[&str]) -> Option<Caller> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        access.caller(&headers)
    }

    #[test]
    fn the_administrator_is_known_by_the_token_alone() {
        let access = Access::of_administrator(sha256(&[b"secret"]).as_ref().try_into().unwrap());
        for right in ["Bearer secret", "bearer secret", "BEARER  secret "] {
            assert_eq!(caller(&access, &[right]).unwrap().role, Role::Owner, "{right}");
        }
        for wrong in ["Bearer Secret", "Bearer", "Bearer ", "Basic secret", "secret", "Bearer secret x"] {
            assert_eq!(caller(&access, &[wrong]), None, "{wrong}");
        }
        assert_eq!(caller(&access, &[]), None);
        assert_eq!(caller(&access, &["Bearer secret", "Bearer secret"]), None, "two are none");
        assert_eq!(caller(&access, &[&format!("Bearer {}", "x".repeat(MAX_TOKEN + 1))]), None);
    }

    #[test]
    fn without_an_administrator_nobody_is_let_in() {
        assert_eq!(caller(&Access::none(), &["Bearer "]), None);
        assert_eq!(caller(&Access::none(), &["Bearer x"]), None);
    }

    #[test]
    fn no_hash_is_shown() {
        assert_eq!(format!("{:?}", Access::of_administrator([7; 32])), "Access { administrator: true, .. }");
    }
}

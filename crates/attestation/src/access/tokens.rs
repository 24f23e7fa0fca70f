//! Access tokens of the service's own issuer: made by the service for itself, so a shared key signs them (HMAC with SHA-256).
//!
//! The key signs nothing else and the audience is of their own: a token about evidence is never a bearer token, nor the reverse.

use aws_lc_rs::{hmac, rand};
use serde::{Deserialize, Serialize};
use store::{AccessKey, Store, StoreError};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use super::{AccessError, OpenAccessError};
use crate::audit::{Audit, BY_ITSELF, Change};
use crate::base64;
use crate::vault::{Purpose, Vault};

/// Seconds that an access token is valid.
pub(super) const LIFETIME: i64 = 900;
/// Bytes of the key.
const KEY: usize = 32;
/// Members of members: none.
const MAX_DEPTH: usize = 2;
/// The one header there is; another one is another issuer's.
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"at+jwt"}"#;

/// Issues access tokens and takes them back.
pub(super) struct AccessTokens {
    key: hmac::Key,
    header: String,
    issuer: String,
    audience: String,
}

/// What an access token says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    /// The client's id. What it may do is in the store, so that it can be taken back.
    sub: String,
    iat: i64,
    exp: i64,
}

impl AccessTokens {
    /// With the key in the store, which is made where there is none.
    pub(super) async fn open(
        store: &dyn Store,
        vault: &Vault,
        audit: &Audit,
        url: &str,
        now: UnixTime,
    ) -> Result<Self, OpenAccessError> {
        let kept = match store.access_key().await? {
            Some(kept) => kept,
            None => make_key(store, vault, audit, now).await?,
        };
        Ok(Self::new(&vault.open(Purpose::AccessKey { kid: &kept.kid }, &kept.sealed)?, url))
    }

    fn new(secret: &[u8], url: &str) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret),
            header: base64::encode(HEADER),
            issuer: format!("{url}/oauth2"),
            audience: format!("{url}/administration"),
        }
    }

    /// A token for a client.
    pub(super) fn issue(&self, client: &str, now: UnixTime) -> String {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: client.to_owned(),
            iat: now.seconds(),
            exp: now.seconds().saturating_add(LIFETIME),
        };
        // Texts and numbers can be written.
        let payload = base64::encode(&serde_json::to_vec(&claims).unwrap_or_default());
        let signed = format!("{}.{payload}", self.header);
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", base64::encode(tag.as_ref()))
    }

    /// Whether it begins as the tokens that we issue do, and nobody else's.
    pub(super) fn has_our_header(&self, token: &str) -> bool {
        token.split_once('.').is_some_and(|(header, _)| header == self.header)
    }

    /// The client whose token it is.
    pub(super) fn client_of(&self, token: &str, now: UnixTime) -> Result<String, AccessError> {
        let refused = AccessError::TokenRefused;
        let (signed, tag) = token.rsplit_once('.').ok_or(refused("it is no access token"))?;
        let (header, payload) = signed.split_once('.').ok_or(refused("it is no access token"))?;
        if header != self.header {
            return Err(refused("it was not issued by this service for administration"));
        }
        let tag = base64::decode(tag).ok_or(refused("its signature cannot be read"))?;
        hmac::verify(&self.key, signed.as_bytes(), &tag).map_err(|_| refused("its signature is wrong"))?;
        let payload = base64::decode(payload).ok_or(refused("its claims cannot be read"))?;
        let claims: Claims =
            strict_json::from_slice(&payload, MAX_DEPTH).map_err(|_| refused("its claims cannot be read"))?;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(refused("it is for another service"));
        }
        if now.seconds() >= claims.exp {
            return Err(refused("it has expired"));
        }
        Ok(claims.sub)
    }
}

async fn make_key(
    store: &dyn Store,
    vault: &Vault,
    audit: &Audit,
    now: UnixTime,
) -> Result<AccessKey, OpenAccessError> {
    let mut secret = Zeroizing::new(vec![0; KEY]);
    let mut id = [0; 8];
    let random = rand::fill(&mut secret).and_then(|()| rand::fill(&mut id));
    random.map_err(|_| StoreError::Missing("randomness"))?;
    let kid = hex::encode(id);
    let sealed = vault.seal(Purpose::AccessKey { kid: &kid }, &secret)?;
    let key = AccessKey { kid, sealed, created_at: now.seconds() };
    let created = &key;
    let write = |entry| async move { store.create_access_key(created, &entry).await };
    match audit.change(&Change::AccessKeyCreated { kid: &created.kid }, BY_ITSELF, now, write).await {
        // Another process started at the same time: its key is the one.
        Err(StoreError::Exists(_)) => Ok(store.access_key().await?.ok_or(StoreError::Missing("access key"))?),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://localhost:8443";

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn why(tokens: &AccessTokens, token: &str, now: i64) -> &'static str {
        match tokens.client_of(token, at(now)) {
            Err(AccessError::TokenRefused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_comes_back_as_its_client_until_it_expires() {
        let tokens = AccessTokens::new(&[1; KEY], URL);
        let token = tokens.issue("client", at(100));
        assert_eq!(tokens.client_of(&token, at(999)).unwrap(), "client");
        assert_eq!(why(&tokens, &token, 1000), "it has expired");
    }

    #[test]
    fn what_this_service_did_not_issue_for_administration_is_refused() {
        let tokens = AccessTokens::new(&[1; KEY], URL);
        let token = tokens.issue("client", at(100));
        assert_eq!(why(&AccessTokens::new(&[2; KEY], URL), &token, 100), "its signature is wrong");
        assert_eq!(why(&AccessTokens::new(&[1; KEY], "https://other"), &token, 100), "it is for another service");
        let (_, rest) = token.split_once('.').unwrap();
        for header in
            [&br#"{"alg":"none","typ":"at+jwt"}"#[..], br#"{"alg":"HS256"}"#, br#"{"typ":"at+jwt","alg":"HS256"}"#]
        {
            let forged = format!("{}.{rest}", base64::encode(header));
            assert_eq!(why(&tokens, &forged, 100), "it was not issued by this service for administration");
        }
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(why(&tokens, &format!("{signed}."), 100), "its signature is wrong");
        assert_eq!(why(&tokens, &format!("{signed}.*"), 100), "its signature cannot be read");
        assert_eq!(why(&tokens, "a.b", 100), "it is no access token");
        assert_eq!(why(&tokens, "a", 100), "it is no access token");
    }

    #[tokio::test]
    async fn the_key_of_access_tokens_does_not_open_under_another_key() {
        let directory = tempfile::tempdir().unwrap();
        let store = store::Sqlite::open(&directory.path().join("veritee.db")).await.unwrap();
        let audit = Audit::new("replica".to_owned(), crate::audit::AuditChoice::default());
        let vault = |byte: u8| Vault::new(&[byte; 32]).unwrap();
        let now = UnixTime::from_seconds(1_700_000_000);
        let made = AccessTokens::open(&store, &vault(7), &audit, "https://localhost", now).await.unwrap();
        let opened = AccessTokens::open(&store, &vault(7), &audit, "https://localhost", now).await.unwrap();
        assert_eq!(opened.client_of(&made.issue("one", now), now).unwrap(), "one");
        let refused = AccessTokens::open(&store, &vault(8), &audit, "https://localhost", now).await.err().unwrap();
        assert!(matches!(refused, OpenAccessError::Vault(_)), "{refused}");
    }
}

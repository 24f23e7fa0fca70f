//! What bearer tokens may be signed with: a closed table of algorithms by the kind of the key.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde::Deserialize;

use crate::public_key::PublicKey;

/// An algorithm (RFC 7518, section 3.1) whose key the issuer alone has. Those with a shared secret are none, nor is `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256, r‖s.
    #[serde(rename = "ES256")]
    Es256,
}

impl SignatureAlgorithm {
    /// The name as headers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of that name; case counts.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Ps256, Self::Es256].into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether `signature` is that key's of `message`; `None` where such keys do not sign with this algorithm.
    pub(super) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<bool> {
        let (scheme, key): (&'static dyn VerificationAlgorithm, &[u8]) = match (self, key) {
            (Self::Rs256, PublicKey::Rsa(key)) => (&RSA_PKCS1_2048_8192_SHA256, key),
            (Self::Ps256, PublicKey::Rsa(key)) => (&RSA_PSS_2048_8192_SHA256, key),
            (Self::Es256, PublicKey::P256(key)) => (&ECDSA_P256_SHA256_FIXED, key),
            (Self::Rs256 | Self::Ps256, PublicKey::P256(_)) | (Self::Es256, PublicKey::Rsa(_)) => return None,
        };
        Some(UnparsedPublicKey::new(scheme, key).verify(message, signature).is_ok())
    }
}

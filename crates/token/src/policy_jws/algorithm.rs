//! The algorithms that a signed policy may name, with the kind of key and the signature that each demands.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::certificate::{KeyKind, PublicKey};

/// An algorithm that a policy is signed with (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// `RS256`, and `RSA256` as some clients of Microsoft spell it.
    Rs256,
    /// `RS384`.
    Rs384,
    /// `RS512`.
    Rs512,
    /// `PS256`.
    Ps256,
    /// `ES256`, and `ECDH256` as some clients of Microsoft spell it.
    Es256,
    /// `ES384`.
    Es384,
    /// `ES512`.
    Es512,
}

impl SignatureAlgorithm {
    const ALL: [Self; 7] = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Ps256, Self::Es256, Self::Es384, Self::Es512];

    /// The name as RFC 7518 spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    /// What a header names, case counts.
    pub(super) fn from_header(name: &str) -> Option<Self> {
        match name {
            "RSA256" => Some(Self::Rs256),
            "ECDH256" => Some(Self::Es256),
            _ => Self::ALL.into_iter().find(|algorithm| algorithm.name() == name),
        }
    }

    /// The kind of key that can have made such a signature.
    pub(super) fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 => KeyKind::Rsa,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Es512 => KeyKind::P521,
        }
    }

    /// Whether `signature` is `key`'s over `message`; those on curves are r‖s, or the DER of (r, s).
    ///
    /// The key is of [`Self::key_kind`].
    pub(super) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let forms: &[&'static dyn VerificationAlgorithm] = match self {
            Self::Rs256 => &[&RSA_PKCS1_2048_8192_SHA256],
            Self::Rs384 => &[&RSA_PKCS1_2048_8192_SHA384],
            Self::Rs512 => &[&RSA_PKCS1_2048_8192_SHA512],
            Self::Ps256 => &[&RSA_PSS_2048_8192_SHA256],
            Self::Es256 => &[&ECDSA_P256_SHA256_FIXED, &ECDSA_P256_SHA256_ASN1],
            Self::Es384 => &[&ECDSA_P384_SHA384_FIXED, &ECDSA_P384_SHA384_ASN1],
            Self::Es512 => &[&ECDSA_P521_SHA512_FIXED, &ECDSA_P521_SHA512_ASN1],
        };
        forms.iter().any(|form| UnparsedPublicKey::new(*form, key.bytes()).verify(message, signature).is_ok())
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

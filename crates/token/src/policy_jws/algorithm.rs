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

    /// Bytes of a signature on a curve: r and s (RFC 7518, section 3.4). RSA signatures are as long as the modulus.
    pub(super) fn signature_length(self) -> Option<usize> {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 => None,
            Self::Es256 => Some(64),
            Self::Es384 => Some(96),
            Self::Es512 => Some(132),
        }
    }

    /// Whether `signature` is `key`'s over `message`; signatures on curves are r‖s.
    ///
    /// The key is of [`Self::key_kind`]. Both s and n - s verify, because honest signers produce either.
    pub(super) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let form: &'static dyn VerificationAlgorithm = match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::Es512 => &ECDSA_P521_SHA512_FIXED,
        };
        UnparsedPublicKey::new(form, key.bytes()).verify(message, signature).is_ok()
    }

    /// Whether `signature` is `key`'s over `message` in DER; false for RSA.
    pub(super) fn verifies_der(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let form: &'static dyn VerificationAlgorithm = match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 => return false,
            Self::Es256 => &ECDSA_P256_SHA256_ASN1,
            Self::Es384 => &ECDSA_P384_SHA384_ASN1,
            Self::Es512 => &ECDSA_P521_SHA512_ASN1,
        };
        UnparsedPublicKey::new(form, key.bytes()).verify(message, signature).is_ok()
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! The table of signature algorithms, and the lists of those that a use allows.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_FIXED,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};
use problem::Problem;

use crate::excerpt;
use crate::key_kind::KeyKind;

/// A signature algorithm with a public key (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
}

/// One line of the table.
struct Row {
    name: &'static str,
    key_kind: KeyKind,
    /// Bytes of r and s together; RSA signatures are as long as the modulus.
    signature_length: Option<usize>,
    /// For signatures as RFC 7518 has them, r‖s on curves.
    scheme: &'static dyn VerificationAlgorithm,
    /// For signatures on curves in DER.
    der_scheme: Option<&'static dyn VerificationAlgorithm>,
}

impl Algorithm {
    /// Every algorithm of the table.
    pub const ALL: [Self; 7] =
        [Self::Rs256, Self::Rs384, Self::Rs512, Self::Ps256, Self::Es256, Self::Es384, Self::Es512];

    fn row(self) -> Row {
        let rsa = |name, scheme| Row { name, key_kind: KeyKind::Rsa, signature_length: None, scheme, der_scheme: None };
        match self {
            Self::Rs256 => rsa("RS256", &RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => rsa("RS384", &RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => rsa("RS512", &RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => rsa("PS256", &RSA_PSS_2048_8192_SHA256),
            Self::Es256 => Row {
                name: "ES256",
                key_kind: KeyKind::P256,
                signature_length: Some(64),
                scheme: &ECDSA_P256_SHA256_FIXED,
                der_scheme: Some(&ECDSA_P256_SHA256_ASN1),
            },
            Self::Es384 => Row {
                name: "ES384",
                key_kind: KeyKind::P384,
                signature_length: Some(96),
                scheme: &ECDSA_P384_SHA384_FIXED,
                der_scheme: Some(&ECDSA_P384_SHA384_ASN1),
            },
            Self::Es512 => Row {
                name: "ES512",
                key_kind: KeyKind::P521,
                signature_length: Some(132),
                scheme: &ECDSA_P521_SHA512_FIXED,
                der_scheme: Some(&ECDSA_P521_SHA512_ASN1),
            },
        }
    }

    /// The name in headers.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of key that makes such signatures.
    pub fn key_kind(self) -> KeyKind {
        self.row().key_kind
    }

    /// The length of a signature on a curve, r and s together (RFC 7518, section 3.4); none for RSA.
    pub fn signature_length(self) -> Option<usize> {
        self.row().signature_length
    }

    pub(crate) fn scheme(self) -> &'static dyn VerificationAlgorithm {
        self.row().scheme
    }

    pub(crate) fn der_scheme(self) -> Option<&'static dyn VerificationAlgorithm> {
        self.row().der_scheme
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The algorithms that one use allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllowList(&'static [Algorithm]);

impl AllowList {
    /// Allows these algorithms and no others.
    pub const fn new(algorithms: &'static [Algorithm]) -> Self {
        Self(algorithms)
    }

    /// Returns the allowed algorithm of that name; case counts (RFC 7515, section 4.1.1).
    ///
    /// # Errors
    /// [`UnknownAlgorithm`] for every other name, also for those of algorithms that are not allowed.
    pub fn find(self, name: &str) -> Result<Algorithm, UnknownAlgorithm> {
        let found = self.0.iter().copied().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| UnknownAlgorithm(excerpt(name)))
    }

    /// The algorithms, in the order of the list.
    pub fn algorithms(self) -> &'static [Algorithm] {
        self.0
    }
}

impl fmt::Display for AllowList {
    /// `RS256, PS256 or ES256`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        for (number, algorithm) in (1..).zip(self.0) {
            let separator = match number {
                1 => "",
                number if number == count => " or ",
                _ => ", ",
            };
            write!(f, "{separator}{algorithm}")?;
        }
        Ok(())
    }
}

/// A name is not that of an allowed algorithm. It is cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signature algorithm `{0}` is not supported")]
pub struct UnknownAlgorithm(String);

impl Problem for UnknownAlgorithm {
    fn code(&self) -> Cow<'static, str> {
        "unknown_algorithm".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "sign with one of the algorithms that are supported here".into()
    }
}

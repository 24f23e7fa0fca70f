//! Why a key of a key set cannot be used.

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use problem::Problem;
use unix_time::UnixTime;

use crate::key_use::KeyUseError;

/// Why the key of a key set cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The entry lacks a member, or a member is of another type.
    #[error("the key's entry cannot be read: {0}")]
    Entry(String),
    /// The entry says that the key is for something else.
    #[error(transparent)]
    Use(#[from] KeyUseError),
    /// The entry has no certificate.
    #[error("the key has no certificate")]
    NoCertificate,
    /// The certificate is no padded base64.
    #[error("the key's certificate is no base64")]
    Base64(#[source] base64::DecodeError),
    /// The certificate is no X.509 in DER.
    #[error("the key's certificate is no X.509 in DER")]
    Certificate(#[source] der::Error),
    /// The certificate holds a key that does not sign with the token's algorithm.
    #[error("the certificate's key is of the kind `{found}`, which does not sign with {algorithm}")]
    Kind {
        /// The kind of the key.
        found: ObjectIdentifier,
        /// The algorithm.
        algorithm: &'static str,
    },
    /// The RSA key is malformed.
    #[error("the RSA key is malformed")]
    Malformed(#[source] der::Error),
    /// The modulus is too short or too long.
    #[error("the RSA key has {bits} bits instead of 2048 to 4096")]
    Size {
        /// Bits of the modulus.
        bits: usize,
    },
    /// The numbers of the entry (`n`, `e`, `crv`, `x`, `y`) are not those of the certificate's key.
    #[error("the entry's `{member}` is not that of the certificate's key")]
    OtherKey {
        /// The first member that differs.
        member: &'static str,
    },
    /// The certificate is not valid yet.
    #[error("the key's certificate is not valid before {not_before}, it is {at}")]
    NotYetValid {
        /// The first second of its validity.
        not_before: UnixTime,
        /// The time it is judged for.
        at: UnixTime,
    },
    /// The certificate has expired.
    #[error("the key's certificate expired at {not_after}, it is {at}")]
    Expired {
        /// The last second of its validity.
        not_after: UnixTime,
        /// The time it is judged for.
        at: UnixTime,
    },
}

impl Problem for PublicKeyError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Entry(_) => "public_key_entry",
            Self::Use(error) => return error.code(),
            Self::NoCertificate => "public_key_no_certificate",
            Self::Base64(_) => "public_key_base64",
            Self::Certificate(_) => "public_key_certificate",
            Self::Kind { .. } => "public_key_kind",
            Self::Malformed(_) => "public_key_malformed",
            Self::Size { .. } => "public_key_size",
            Self::OtherKey { .. } => "public_key_other_key",
            Self::NotYetValid { .. } => "public_key_not_yet_valid",
            Self::Expired { .. } => "public_key_expired",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Kind { .. } | Self::Size { .. } => {
                "the issuer has to sign with an RSA key of 2048 to 4096 bits, or one on P-256"
            }
            Self::Use(error) => return error.help(),
            Self::Entry(_) => "the issuer has to publish the members that RFC 7517 and RFC 7518 demand of such a key",
            Self::OtherKey { .. } => {
                "the issuer has to publish the certificate of the same key, or leave the numbers out"
            }
            Self::NotYetValid { .. } => "set the clock here, or ask the issuer to publish a certificate that is valid",
            Self::Expired { .. } => {
                "fetch the issuer's keys again; the issuer has to publish a certificate that is valid"
            }
            Self::NoCertificate | Self::Base64(_) | Self::Certificate(_) | Self::Malformed(_) => {
                "the issuer has to publish the key's certificate as base64 of DER in `x5c`"
            }
        }
        .into()
    }
}

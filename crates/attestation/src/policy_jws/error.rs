//! Errors of reading a policy JWS.

use std::borrow::Cow;

use super::{MAX_CERTIFICATES, MAX_LENGTH};
use problem::Problem;

/// Why a text is not a valid policy JWS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyJwsError {
    /// Longer than [`MAX_LENGTH`].
    #[error("policy JWS has {length} bytes, more than the {MAX_LENGTH} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The number of segments between dots is neither two nor three.
    #[error("policy JWS does not have three segments")]
    Segments,
    /// A segment, a certificate or the policy is not base64.
    #[error("the {part} of the policy JWS is not base64url")]
    Base64 {
        /// `header`, `payload`, `certificate` or `policy`.
        part: &'static str,
        /// What is wrong with it.
        source: base64::DecodeError,
    },
    /// The signature is not base64url as RFC 7515 spells it: it has padding, stray bits at its end or the other alphabet.
    #[error("the signature of the policy JWS is not base64url without padding")]
    SignatureEncoding(#[source] base64::DecodeError),
    /// The signature does not have the length that its algorithm requires.
    #[error("the signature of the policy JWS has {length} bytes; {alg} signatures have {expected}")]
    SignatureLength {
        /// The algorithm.
        alg: jose::Algorithm,
        /// The length of the signature in bytes.
        length: usize,
        /// The length of r and s in bytes.
        expected: usize,
    },
    /// The header is not a JSON object, or has duplicate members.
    #[error("the header of the policy JWS is not a strict JSON object")]
    Header(#[source] strict_json::Error),
    /// `alg` is missing, or `alg`, `x5c` or `jwk` has the wrong type.
    #[error("a parameter in the header of the policy JWS is missing or has the wrong type")]
    Parameters(#[source] serde_json::Error),
    /// The header demands an extension (`crit`), an unencoded payload (`b64`, RFC 7797), or keys from elsewhere (`jku`, `x5u`).
    #[error("the header of the policy JWS has the parameter `{name}`, which is not supported")]
    Extension {
        /// `crit`, `b64`, `jku` or `x5u`.
        name: &'static str,
    },
    /// `alg` is not an algorithm that policies may be signed with.
    #[error("policy JWS is signed with `{alg}`, which is not supported")]
    Algorithm {
        /// Its name, cut to 200 characters.
        alg: String,
    },
    /// `alg` is `none`, but the JWS has a signature.
    #[error("policy JWS has `alg` `none` and a signature")]
    UnsecuredWithSignature,
    /// `alg` names an algorithm, but the JWS has no signature.
    #[error("policy JWS names an algorithm and has no signature")]
    NoSignature,
    /// The JWS is signed, but has no certificate in `x5c` or `jwk.x5c`.
    #[error("signed policy JWS has no certificate")]
    NoCertificate,
    /// `x5c` and `jwk.x5c` are both present and differ.
    #[error("policy JWS has different certificate chains in `x5c` and `jwk`")]
    TwoChains,
    /// More than [`MAX_CERTIFICATES`].
    #[error("policy JWS has {count} certificates, more than the {MAX_CERTIFICATES} allowed")]
    TooManyCertificates {
        /// Their number.
        count: usize,
    },
    /// A certificate is not an X.509 certificate in DER.
    #[error("certificate {number} of the policy JWS is not an X.509 certificate in DER")]
    Certificate {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        source: der::Error,
    },
    /// The first certificate's key is not of the kind that the algorithm needs.
    #[error("policy JWS is signed with {alg}, but its certificate has a key of the kind `{kind}`")]
    KeyKind {
        /// The algorithm.
        alg: jose::Algorithm,
        /// `RSA`, `P-256`, `P-384`, `P-521` or `unknown`.
        kind: &'static str,
    },
    /// The first certificate's RSA key is too short or too long.
    #[error("policy JWS is signed with an RSA key of {bits} bits, expected 2048 to 4096")]
    KeySize {
        /// The bits of its modulus; 0 if it is malformed.
        bits: usize,
    },
    /// The signature over header and payload does not verify with the first certificate's key.
    #[error("the signature of the policy JWS does not verify with its certificate's key")]
    Signature,
    /// The payload is not a JSON object, has a duplicate member, or one of the wrong type.
    #[error("the payload of the policy JWS is not a strict JSON object with `AttestationPolicy`")]
    Payload(#[source] strict_json::Error),
    /// The payload has no `AttestationPolicy`.
    #[error("the payload of the policy JWS has no member `AttestationPolicy`")]
    NoPolicy,
    /// The payload has `text` and no `AttestationPolicy`.
    #[error("the payload of the policy JWS has the member `text` instead of `AttestationPolicy`")]
    TextMember,
    /// The payload also has a certificate, so it could be used as a signer request.
    #[error("the payload of the policy JWS has both a policy and a certificate, in `{name}`")]
    TwoPurposes {
        /// The member with the certificate.
        name: &'static str,
    },
    /// The audience is empty, or too long.
    #[error("the payload of the policy JWS has an `aud` that is empty or too long")]
    Audience,
    /// The decoded policy is not UTF-8.
    #[error("the policy in the policy JWS is not UTF-8")]
    NotUtf8(#[source] std::string::FromUtf8Error),
}

impl Problem for PolicyJwsError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooLong { .. } => "policy_jws_too_long",
            Self::Segments => "policy_jws_segments",
            Self::Base64 { .. } => "policy_jws_base64",
            Self::SignatureEncoding(_) => "policy_jws_signature_encoding",
            Self::SignatureLength { .. } => "policy_jws_signature_length",
            Self::Header(_) => "policy_jws_header",
            Self::Parameters(_) => "policy_jws_parameters",
            Self::Extension { .. } => "policy_jws_extension",
            Self::Algorithm { .. } => "policy_jws_algorithm",
            Self::UnsecuredWithSignature => "policy_jws_unsecured_with_signature",
            Self::NoSignature => "policy_jws_no_signature",
            Self::NoCertificate => "policy_jws_no_certificate",
            Self::TwoChains => "policy_jws_two_chains",
            Self::TooManyCertificates { .. } => "policy_jws_too_many_certificates",
            Self::Certificate { .. } => "policy_jws_certificate",
            Self::KeyKind { .. } => "policy_jws_key_kind",
            Self::KeySize { .. } => "policy_jws_key_size",
            Self::Signature => "policy_jws_signature",
            Self::Payload(_) => "policy_jws_payload",
            Self::NoPolicy => "policy_jws_no_policy",
            Self::TextMember => "policy_jws_text_member",
            Self::TwoPurposes { .. } => "policy_jws_two_purposes",
            Self::Audience => "policy_jws_audience",
            Self::NotUtf8(_) => "policy_jws_not_utf8",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::TooLong { .. } => {
                "shorten the policy, or leave out certificates that the signer's chain does not need"
            }
            Self::Segments => "send `header.payload.signature`; an unsecured JWS ends with the second dot",
            Self::Base64 { .. } => "encode the segments and the policy in base64url, certificates in base64",
            Self::SignatureEncoding(_) => "encode the signature in base64url without `=` (RFC 7515, section 2)",
            Self::SignatureLength { .. } => {
                "send r and s, each as long as the curve's coordinates (RFC 7518, section 3.4); DER is not accepted"
            }
            Self::Header(_) | Self::Parameters(_) => {
                "send the header {\"alg\":\"none\"}, or {\"alg\":\"RS256\",\"x5c\":[\"…\"]}"
            }
            Self::Extension { .. } => "leave `crit`, `b64`, `jku` and `x5u` out of the header",
            Self::Algorithm { .. } => "sign with RS256 or ES256, or set `alg` to `none` and leave the signature empty",
            Self::UnsecuredWithSignature => {
                "set `alg` to the algorithm of the signature, or leave the third segment empty"
            }
            Self::NoSignature => "put the signature into the third segment, or set `alg` to `none`",
            Self::NoCertificate => "put the signer's certificate into `x5c`, in base64 of DER",
            Self::TwoChains => "put the signer's certificates only into `x5c`",
            Self::TooManyCertificates { .. } => "put only the signer's certificate and those of its issuers into `x5c`",
            Self::Certificate { .. } => "put certificates in DER, encoded in base64, into `x5c`",
            Self::KeyKind { .. } => "use RS256 with an RSA key, ES256 with a key on P-256",
            Self::KeySize { .. } => "sign with an RSA key of 2048 to 4096 bits, or a key on P-256",
            Self::Signature => "sign again with the key of the first certificate",
            Self::TwoPurposes { .. } => "sign one JWS for the policy and another one for the certificate",
            Self::Audience => "name the provider's URL in `aud`, or leave it out; 16 names at most",
            Self::TextMember => {
                "rename the member `text` to `AttestationPolicy`, with the policy in base64url, and sign again; \
                 or use `veritee policy sign`"
            }
            Self::Payload(_) | Self::NoPolicy | Self::NotUtf8(_) => {
                "send the payload {\"AttestationPolicy\":\"<base64url of the policy in UTF-8>\"}"
            }
        }
        .into()
    }
}

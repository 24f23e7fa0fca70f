//! The result of a verification.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use unix_time::UnixTime;

pub(super) const VERSION: &str = "x-ms-ver";
pub(super) const ATTESTATION_TYPE: &str = "x-ms-attestation-type";
pub(super) const NONCE: &str = "nonce";
pub(super) const RUNTIME_DATA: &str = "x-ms-sgx-ehd";
pub(super) const RUNTIME_JSON: &str = "x-ms-runtime";
pub(super) const SIMULATED: &str = "x-veritee-simulated";

/// The times of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) expires: UnixTime,
    pub(super) not_before: UnixTime,
    pub(super) issued: UnixTime,
}

/// An attestation token that passed every step of [`Verifier::verify`](crate::Verifier::verify); there is no other way to one.
///
/// ```compile_fail,E0599
/// let forged = token::VerifiedToken::default();
/// ```
/// ```compile_fail,E0277
/// let forged: token::VerifiedToken = serde_json::from_str("{}").unwrap();
/// ```
/// ```compile_fail,E0624
/// let forged = token::VerifiedToken::new();
/// ```
/// ```compile_fail,E0451
/// fn forge(token: token::VerifiedToken) -> token::VerifiedToken {
///     token::VerifiedToken { simulated: false, ..token }
/// }
/// ```
///
/// The getters of SGX claims answer `None` when the claim is absent or not of its form, which it is for other kinds of
/// evidence: compare with `Some(expected)`, also `is_debuggable() == Some(false)`.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedToken {
    issuer: String,
    kid: String,
    attestation_type: String,
    validity: Validity,
    simulated: bool,
    claims: Map<String, Value>,
}

impl VerifiedToken {
    pub(super) fn new(
        issuer: String,
        kid: String,
        attestation_type: String,
        validity: Validity,
        simulated: bool,
        claims: Map<String, Value>,
    ) -> Self {
        Self { issuer, kid, attestation_type, validity, simulated, claims }
    }

    /// Every claim, by name.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Who attests: `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the key that signed.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The kind of evidence: `sgx`, `tdxvm`, `sevsnpvm` and so on.
    pub fn attestation_type(&self) -> &str {
        &self.attestation_type
    }

    /// When it was issued (`iat`).
    pub fn issued_at(&self) -> UnixTime {
        self.validity.issued
    }

    /// From when on it is valid (`nbf`).
    pub fn not_before(&self) -> UnixTime {
        self.validity.not_before
    }

    /// Until when it is valid (`exp`).
    pub fn expires_at(&self) -> UnixTime {
        self.validity.expires
    }

    /// Whether the evidence came from a simulated machine; only ever true if the caller accepted that.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// The token's own id: `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The nonce of the request: `nonce`.
    pub fn nonce(&self) -> Option<&str> {
        self.text(NONCE)
    }

    /// The hash of the policy that permitted: `x-ms-policy-hash`; see [`crate::hash::policy_hash`].
    pub fn policy_hash(&self) -> Option<&str> {
        self.text("x-ms-policy-hash")
    }

    /// Runtime data that was given as JSON: `x-ms-runtime`.
    pub fn runtime_json(&self) -> Option<&Value> {
        self.claims.get(RUNTIME_JSON)
    }

    /// Runtime data that was given as bytes: `x-ms-sgx-ehd`, decoded.
    pub fn runtime_data(&self) -> Option<Vec<u8>> {
        URL_SAFE_NO_PAD.decode(self.text(RUNTIME_DATA)?).ok()
    }

    /// The measurement of the SGX enclave: `x-ms-sgx-mrenclave`, SHA-256.
    pub fn mrenclave(&self) -> Option<[u8; 32]> {
        self.measurement("x-ms-sgx-mrenclave")
    }

    /// The signer of the SGX enclave: `x-ms-sgx-mrsigner`, SHA-256 of the little-endian RSA modulus.
    pub fn mrsigner(&self) -> Option<[u8; 32]> {
        self.measurement("x-ms-sgx-mrsigner")
    }

    /// The product id of the SGX enclave: `x-ms-sgx-product-id`.
    pub fn product_id(&self) -> Option<u16> {
        self.number("x-ms-sgx-product-id")
    }

    /// The security version of the SGX enclave: `x-ms-sgx-svn`.
    pub fn svn(&self) -> Option<u16> {
        self.number("x-ms-sgx-svn")
    }

    /// Whether a debugger can read the SGX enclave: `x-ms-sgx-is-debuggable`.
    pub fn is_debuggable(&self) -> Option<bool> {
        self.claims.get("x-ms-sgx-is-debuggable")?.as_bool()
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    fn number(&self, claim: &str) -> Option<u16> {
        self.claims.get(claim)?.as_u64()?.try_into().ok()
    }

    fn measurement(&self, claim: &str) -> Option<[u8; 32]> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(self.text(claim)?, &mut bytes).ok()?;
        Some(bytes)
    }
}

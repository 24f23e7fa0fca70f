//! What a relying party demands of a token beside the issuer's signature.

use serde_json::Value;

use super::EnclaveExpectations;
use crate::revocation::RevokedTokens;

/// How far the clocks of issuer and relying party may differ if nothing else is said, in seconds.
pub const DEFAULT_TOLERANCE_SECONDS: u32 = 60;

/// The most that clocks may be said to differ, in seconds.
pub const MAX_TOLERANCE_SECONDS: u32 = 300;

/// What makes a token the answer to the caller's own question and no replay; there is no default.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// The claim `nonce` is this text, which the caller chose for this attestation.
    Nonce(String),
    /// The claim `x-ms-sgx-ehd` is these bytes: the runtime data whose SHA-256 the evidence reports.
    RuntimeData(Vec<u8>),
    /// The claim `x-ms-runtime` is this value: runtime data given as JSON.
    RuntimeJson(Value),
    /// Nothing: any token of the issuer that has not expired will do, whoever got it and sends it again.
    WithoutFreshness,
}

/// What a relying party demands of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectations {
    binding: Binding,
    tolerance_seconds: u32,
    accept_simulated: bool,
    enclave: Option<EnclaveExpectations>,
    revoked: Option<RevokedTokens>,
}

impl Expectations {
    /// Demands `binding`, clocks within [`DEFAULT_TOLERANCE_SECONDS`], and real hardware.
    pub fn new(binding: Binding) -> Self {
        let tolerance_seconds = DEFAULT_TOLERANCE_SECONDS;
        Self { binding, tolerance_seconds, accept_simulated: false, enclave: None, revoked: None }
    }

    /// Lets the clocks differ by so many seconds; more than [`MAX_TOLERANCE_SECONDS`] is cut to that.
    #[must_use]
    pub fn tolerance_seconds(self, seconds: u32) -> Self {
        Self { tolerance_seconds: seconds.min(MAX_TOLERANCE_SECONDS), ..self }
    }

    /// Accepts tokens marked as about simulated evidence, which anybody can make; for development alone.
    #[must_use]
    pub fn accept_simulated(self) -> Self {
        Self { accept_simulated: true, ..self }
    }

    /// Demands a token about an SGX enclave that meets these.
    #[must_use]
    pub fn enclave(self, enclave: EnclaveExpectations) -> Self {
        Self { enclave: Some(enclave), ..self }
    }

    /// Refuses what is on the issuer's list of revoked tokens, which crate `client` fetches.
    #[must_use]
    pub fn not_revoked(self, list: RevokedTokens) -> Self {
        Self { revoked: Some(list), ..self }
    }

    pub(super) fn expected_enclave(&self) -> Option<&EnclaveExpectations> {
        self.enclave.as_ref()
    }

    pub(super) fn revoked(&self) -> Option<&RevokedTokens> {
        self.revoked.as_ref()
    }

    pub(super) fn binding(&self) -> &Binding {
        &self.binding
    }

    pub(super) fn tolerance(&self) -> i64 {
        self.tolerance_seconds.into()
    }

    pub(super) fn accepts_simulated(&self) -> bool {
        self.accept_simulated
    }
}

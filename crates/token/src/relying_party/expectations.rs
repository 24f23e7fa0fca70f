//! What a relying party demands of a token beside the issuer's signature.

use serde_json::Value;

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
}

impl Expectations {
    /// Demands `binding`, clocks within [`DEFAULT_TOLERANCE_SECONDS`], and real hardware.
    pub fn new(binding: Binding) -> Self {
        Self { binding, tolerance_seconds: DEFAULT_TOLERANCE_SECONDS, accept_simulated: false }
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

//! What a relying party demands of the enclave that a token is about.

use serde_json::{Map, Value};

use super::error::TokenError;

/// Which SGX enclave a token has to be about. What is not demanded is not looked at; a debug enclave is refused unless allowed.
///
/// The claims are the service's own words (`x-ms-sgx-*`, `x-veritee-tcb-status`), which no policy can issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnclaveExpectations {
    mr_enclave: Option<[u8; 32]>,
    mr_signer: Option<[u8; 32]>,
    product_id: Option<u16>,
    minimum_svn: Option<u16>,
    tcb_statuses: Option<Vec<String>>,
    allow_debug: bool,
}

impl EnclaveExpectations {
    /// Any enclave that is not for debugging.
    pub fn any() -> Self {
        Self::default()
    }

    /// Exactly this code: MRENCLAVE, SHA-256.
    #[must_use]
    pub fn mr_enclave(self, measurement: [u8; 32]) -> Self {
        Self { mr_enclave: Some(measurement), ..self }
    }

    /// Of this signer: MRSIGNER, SHA-256 of its key. Say which product, too: a signer may have many.
    #[must_use]
    pub fn mr_signer(self, signer: [u8; 32]) -> Self {
        Self { mr_signer: Some(signer), ..self }
    }

    /// This product of its signer: ISVPRODID.
    #[must_use]
    pub fn product_id(self, id: u16) -> Self {
        Self { product_id: Some(id), ..self }
    }

    /// This security version or a later one: ISVSVN.
    #[must_use]
    pub fn minimum_svn(self, svn: u16) -> Self {
        Self { minimum_svn: Some(svn), ..self }
    }

    /// On a platform of one of these TCB statuses, by Intel's names, such as `UpToDate`.
    #[must_use]
    pub fn tcb_statuses<S: Into<String>>(self, statuses: impl IntoIterator<Item = S>) -> Self {
        Self { tcb_statuses: Some(statuses.into_iter().map(Into::into).collect()), ..self }
    }

    /// Also one that a debugger can read; for development alone.
    #[must_use]
    pub fn allow_debug(self) -> Self {
        Self { allow_debug: true, ..self }
    }

    /// Each demand against its claim; a claim that is absent or of another type meets none.
    pub(super) fn check(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let is = |claim: &'static str, met: &dyn Fn(&Value) -> bool| match claims.get(claim) {
            Some(value) if met(value) => Ok(()),
            _ => Err(TokenError::Enclave { claim }),
        };
        let is_measurement = |wanted: [u8; 32]| move |value: &Value| value.as_str() == Some(&hex::encode(wanted));
        if !self.allow_debug {
            is("x-ms-sgx-is-debuggable", &|value| *value == Value::Bool(false))?;
        }
        if let Some(wanted) = self.mr_enclave {
            is("x-ms-sgx-mrenclave", &is_measurement(wanted))?;
        }
        if let Some(wanted) = self.mr_signer {
            is("x-ms-sgx-mrsigner", &is_measurement(wanted))?;
        }
        if let Some(wanted) = self.product_id {
            is("x-ms-sgx-product-id", &|value| value.as_u64() == Some(wanted.into()))?;
        }
        if let Some(wanted) = self.minimum_svn {
            is("x-ms-sgx-svn", &|value| value.as_u64().is_some_and(|svn| svn >= wanted.into()))?;
        }
        if let Some(wanted) = &self.tcb_statuses {
            let is_wanted = |status: &str| wanted.iter().any(|wanted| wanted == status);
            is("x-veritee-tcb-status", &|value| value.as_str().is_some_and(is_wanted))?;
        }
        Ok(())
    }
}

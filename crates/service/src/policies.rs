//! The policies of a provider: parsed once, hashed once.

use policy::{ParseErrors, Policy};

use crate::attestation_type::AttestationType;
use crate::names::OWNED_NAMES;

/// A parsed policy with the hash of its text.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInForce {
    pub(crate) parsed: Policy,
    pub(crate) hash: String,
}

impl PolicyInForce {
    pub(crate) fn parse(text: &str) -> Result<Self, ParseErrors> {
        let parsed = Policy::parse(text)?;
        parsed.check_owned(&OWNED_NAMES)?;
        Ok(Self { parsed, hash: token::hash::policy_hash(text) })
    }
}

/// A policy for each attestation type.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) sgx_enclave: PolicyInForce,
    pub(crate) open_enclave: PolicyInForce,
}

impl Policies {
    pub(crate) const fn of(&self, attestation_type: AttestationType) -> &PolicyInForce {
        match attestation_type {
            AttestationType::SgxEnclave => &self.sgx_enclave,
            AttestationType::OpenEnclave => &self.open_enclave,
        }
    }
}

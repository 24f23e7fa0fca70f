//! The policies of a provider: parsed once, hashed once.

use policy::{Diagnostics, Policy, Vocabulary};

use crate::attestation_type::AttestationType;
use crate::policy_type::PolicyType;

/// A parsed policy with what it speaks about, and the hash of its text.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInForce {
    pub(crate) parsed: Policy,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) hash: String,
}

impl PolicyInForce {
    /// Warnings are for whoever writes the policy; errors refuse it.
    pub(crate) fn parse(text: &str, attestation_type: AttestationType) -> Result<Self, Diagnostics> {
        let parsed = Policy::parse(text)?;
        let vocabulary = PolicyType::from(attestation_type).vocabulary();
        parsed.lint(text, &vocabulary).errors()?;
        Ok(Self { parsed, vocabulary, hash: token::hash::policy_hash(text) })
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

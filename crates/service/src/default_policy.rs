//! The policy of a provider that has set none.

use crate::attestation_type::AttestationType;

macro_rules! copied {
    ($($from:literal => $to:literal)*) => {
        concat!(
            "version= 1.0;authorizationrules{=> permit();};issuancerules{",
            $("c:[type==\"", $from, "\"] => issue(type=\"", $to, "\", value=c.value);",)*
            "};"
        )
    };
}

/// Azure Attestation's default for SGX, byte for byte: relying parties compare its hash.
const SGX: &str = copied! {
    "x-ms-sgx-is-debuggable" => "is-debuggable"
    "x-ms-sgx-mrsigner" => "sgx-mrsigner"
    "x-ms-sgx-mrenclave" => "sgx-mrenclave"
    "x-ms-sgx-product-id" => "product-id"
    "x-ms-sgx-svn" => "svn"
    "x-ms-attestation-type" => "tee"
};

/// The text that is in force until another is set.
pub const fn default_policy(attestation_type: AttestationType) -> &'static str {
    match attestation_type {
        AttestationType::SgxEnclave | AttestationType::OpenEnclave => SGX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_has_azures_hash() {
        assert_eq!(token::hash::policy_hash(SGX), "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw");
    }

    #[test]
    fn the_minimal_policy_has_azures_hash() {
        let minimal = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
        assert_eq!(token::hash::policy_hash(minimal), "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU");
    }
}

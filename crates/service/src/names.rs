//! Claim names that the service alone speaks for.

use policy::OwnedNames;

/// What no policy may issue: the members of a token that its readers take as the service's own word.
pub static OWNED_NAMES: OwnedNames = OwnedNames::new(
    &[
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "cnf",
        "nonce",
        "alg",
        "typ",
        "kid",
        "jku",
        "eat_profile",
        "attester_tcb_status",
        "dbgstat",
        "intuse",
        "secureboot",
        "rp_data",
        "ver",
        "policy_hash",
        "policy_signer",
    ],
    &[
        "x-ms-ver",
        "x-ms-attestation-type",
        "x-ms-policy",
        "x-ms-sgx-",
        "x-ms-runtime",
        "x-ms-inittime",
        "x-ms-certificate",
        "x-ms-sevsnpvm-",
        "x-ms-azurevm-",
        "x-ms-tpm-",
        "x-ms-isolation-tee",
        "x-ms-compliance-status",
        "x-veritee-",
        "tdx_",
        "maa-",
        "aas-",
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_cannot_issue_what_the_service_owns() {
        let owned = [
            "iss",
            "exp",
            "iat",
            "nbf",
            "jti",
            "nonce",
            "x-ms-policy",
            "x-ms-policy-hash",
            "x-ms-policy-signer",
            "x-ms-policy-result",
            "x-ms-sgx-mrenclave",
            "x-ms-sgx-is-debuggable",
            "x-ms-sgx-report-data",
            "x-ms-ver",
            "x-ms-attestation-type",
            "x-ms-runtime",
            "x-ms-inittime",
            "x-veritee-simulated",
            "x-veritee-tcb-status",
            "maa-attestationcollateral",
            "maa-ehd",
            "aas-ehd",
            "X-MS-SGX-MRENCLAVE",
            "Iss",
        ];
        for name in owned {
            assert!(OWNED_NAMES.owns(name), "{name}");
            let vocabulary = crate::PolicyType::SgxEnclave.vocabulary();
            let text = format!(
                "version=1.0;authorizationrules{{=>permit();}};issuancerules{{=>issue(type=\"{name}\",value=1);}};"
            );
            let policy = policy::Policy::parse(&text).unwrap();
            assert!(policy.lint(&text, &vocabulary).errors().is_err(), "{name}");
            let refusal = policy.decide(&[], &vocabulary);
            assert!(
                matches!(
                    refusal,
                    Err(policy::Refusal::Evaluation(policy::EvaluationError {
                        fault: policy::Fault::OwnedName { .. },
                        ..
                    }))
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn the_names_of_the_default_policy_and_of_applications_are_free() {
        for name in ["is-debuggable", "sgx-mrsigner", "product-id", "svn", "tee", "department", "issuer"] {
            assert!(!OWNED_NAMES.owns(name), "{name}");
        }
    }
}

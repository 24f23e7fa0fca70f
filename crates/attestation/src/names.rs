//! Claim names that the service alone speaks for.

use policy::OwnedNames;

/// Older names of Azure's own claims. Azure accepts policies that issue such names, so rules may; the token never has a policy's
/// value under them. It has the service's own value, or none: a relying party reads `aas-ehd` as data that the enclave
/// committed to, and nobody checked that of a policy's text.
const OLDER_NAMES: &[&str] = &[
    "aas-attestationcollateral",
    "aas-ehd",
    "aas-policyHash",
    "maa-attestationcollateral",
    "maa-ehd",
    "maa-policyHash",
    "policy_hash",
    "policy_signer",
    "rp_data",
    "ver",
];

/// The members of a token that its readers take as the service's own word: no token has them from a policy.
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
)
.withholding(OLDER_NAMES);

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
            "maa-quotehash",
            "aas-ehd2",
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
    fn a_policy_may_issue_an_older_name_and_no_permit_has_it() {
        let written = OLDER_NAMES.iter().copied().chain(["AAS-EHD", "Maa-Ehd", "RP_DATA"]);
        for name in written {
            assert!(OWNED_NAMES.owns(name), "{name}");
            let vocabulary = crate::PolicyType::SgxEnclave.vocabulary();
            let text = format!(
                "version=1.2;authorizationrules{{=>add(type=\"{name}\",value=2);=>permit();}};issuancerules{{\
                 =>issue(type=\"{name}\",value=1);c:[type==\"{name}\"]=>issue(claim=c);\
                 =>issue(type=AppendString(\"{name}\",\"\"),value=3);=>issue(type=\"mine\",value=4);}};"
            );
            let policy = policy::Policy::parse(&text).unwrap();
            let said = policy.lint(&text, &vocabulary);
            assert!(said.iter().any(|said| said.code == "issued-without-effect"), "{name}: {said}");
            assert_eq!(said.errors(), Ok(()), "{name}");
            let issued = policy.decide(&[], &vocabulary).unwrap().issued;
            assert_eq!(issued.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["mine"], "{name}");
        }
    }

    #[test]
    fn the_names_of_the_default_policy_and_of_applications_are_free() {
        for name in ["is-debuggable", "sgx-mrsigner", "product-id", "svn", "tee", "department", "issuer"] {
            assert!(!OWNED_NAMES.owns(name), "{name}");
        }
    }
}

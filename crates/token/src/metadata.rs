//! The document at `<iss>/.well-known/openid-configuration`, as Azure Attestation serves it.

use serde::Serialize;

use crate::algorithm::TokenAlgorithm;

/// The metadata of an issuer; serialises with the members and in the order of Azure Attestation's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenIdMetadata {
    response_types_supported: [&'static str; 2],
    id_token_signing_alg_values_supported: [&'static str; 1],
    revocation_endpoint: String,
    issuer: String,
    jwks_uri: String,
    claims_supported: [&'static str; 18],
}

impl OpenIdMetadata {
    /// The metadata of the issuer `iss`, a base address without a slash at its end, whose tokens are signed with `algorithm`.
    pub fn new(iss: &str, algorithm: TokenAlgorithm) -> Self {
        Self {
            response_types_supported: ["token", "none"],
            id_token_signing_alg_values_supported: [algorithm.name()],
            // At Microsoft nothing answers there.
            revocation_endpoint: format!("{iss}/revoke"),
            issuer: iss.to_owned(),
            jwks_uri: key_set_url(iss),
            claims_supported: [
                "cnf",
                "nonce",
                "x-ms-ver",
                "x-ms-attestation-type",
                "x-ms-policy-hash",
                "x-ms-policy-signer",
                "x-ms-sgx-is-debuggable",
                "x-ms-sgx-mrenclave",
                "x-ms-sgx-mrsigner",
                "x-ms-sgx-svn",
                "x-ms-sgx-ehd",
                "x-ms-sgx-collateral",
                "is-debuggable",
                "sgx-mrsigner",
                "sgx-mrenclave",
                "product-id",
                "svn",
                "tee",
            ],
        }
    }
}

/// Where the keys of `iss` are: `<iss>/certs`, the `jku` of its tokens.
pub(crate) fn key_set_url(iss: &str) -> String {
    format!("{iss}/certs")
}

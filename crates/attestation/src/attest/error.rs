//! Why an attestation gives no token.

use std::borrow::Cow;

use cache::FindError;
use evidence::{EvidenceError, Refusal};
use policy::Diagnostics;
use problem::Problem;

use crate::provider::KeysError;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
    /// The evidence carries no certificate chain. A service accepts no separate chain.
    #[error("quote does not carry its PCK certificate chain")]
    NoPckChain,
    /// The evidence could not be verified.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// There is no usable collateral.
    #[error(transparent)]
    Collateral(#[from] FindError),
    /// The evidence is authentic and not good enough for this provider.
    #[error(transparent)]
    NotAccepted(#[from] Refusal),
    /// Report data does not commit to the runtime data.
    #[error("SHA-256 of runtimeData is not the first half of the quote's report data")]
    RuntimeData,
    /// CONFIGID or MRCONFIGID does not commit to the data given at start, or the enclave has none.
    #[error("the quote's CONFIGID or MRCONFIGID does not begin with SHA-256 of initTimeData, or the enclave has none")]
    InitTimeData,
    /// The draft policy is none.
    #[error("draft policy is refused")]
    DraftPolicy(#[source] Diagnostics),
    /// No policy is in force for this attestation type.
    #[error("no policy is set for this attestation type")]
    NoPolicy,
    /// The policy's configuration cannot be evaluated.
    #[error("Policy Engine Exception")]
    Configuration(#[from] policy::EvaluationError),
    /// The policy decided against it, or could not decide.
    #[error("Policy Engine Exception")]
    Policy(#[from] policy::Refusal),
    /// The store was not reached for too long, so that policies and keys in force may have been replaced or revoked.
    #[error("policies cannot be kept up to date: the store has not been reached for too long")]
    Stale,
    /// Too many evaluations of the provider's policy, or of drafts at it, wait already.
    #[error("too many evaluations of this provider's policies are waiting")]
    PolicyBusy,
    /// The attestation broke off inside the service.
    #[error("attestation broke off")]
    Interrupted,
    /// There is no key to sign with.
    #[error("token could not be signed")]
    Keys(#[from] KeysError),
    /// The token could not be made.
    #[error("token could not be issued")]
    Issue(#[from] token::IssueError),
}

impl Problem for AttestError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::NoPckChain => "quote_without_pck_chain",
            Self::Evidence(error) => return error.code(),
            Self::Collateral(error) => return error.code(),
            Self::NotAccepted(refusal) => return refusal.code(),
            Self::RuntimeData => "runtime_data_mismatch",
            Self::InitTimeData => "init_time_data_mismatch",
            Self::DraftPolicy(_) => "draft_policy_malformed",
            Self::NoPolicy => "policy_not_set",
            Self::Configuration(_) => "policy_evaluation_failed",
            Self::Policy(policy::Refusal::Denied { .. }) => "policy_denied",
            Self::Policy(policy::Refusal::NoPermit) => "policy_did_not_permit",
            Self::Policy(policy::Refusal::Evaluation(_)) => "policy_evaluation_failed",
            Self::Stale => "store_out_of_reach",
            Self::PolicyBusy => "policy_busy",
            Self::Interrupted => "attestation_interrupted",
            Self::Keys(_) => "signing_key_missing",
            Self::Issue(error) => return error.code(),
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Evidence(EvidenceError::Framing(_)) => {
                "send the report as Open Enclave made it, or the bare quote to /attest/SgxEnclave"
            }
            Self::Evidence(EvidenceError::NotAnSgxQuote) => {
                "this route takes quotes of SGX enclaves; send those of trust domains to /attest/TdxVm"
            }
            Self::Evidence(EvidenceError::NotATdxQuote) => {
                "this route takes quotes of trust domains; send those of enclaves to /attest/SgxEnclave"
            }
            Self::NoPckChain => "let the platform make quotes with certification data of type 5",
            Self::Evidence(error) => return error.help(),
            Self::Collateral(error) => return error.help(),
            Self::NotAccepted(refusal) => return refusal.help(),
            Self::RuntimeData => "put the SHA-256 of exactly these bytes into the first 32 bytes of report data",
            Self::InitTimeData => {
                "start the enclave with KSS and the SHA-256 of exactly these bytes as CONFIGID, the trust domain with it as MRCONFIGID"
            }
            Self::DraftPolicy(_) => "mend the policy text where the message says",
            Self::NoPolicy => "set a policy for it",
            Self::Configuration(_) | Self::Policy(_) => "compare the provider's policy with the evidence",
            Self::Stale => "try again; the service's log says what is wrong with the store",
            Self::PolicyBusy => {
                "try again in a second; a policy with fewer rules, joins and queries is evaluated without waiting"
            }
            Self::Keys(_) | Self::Issue(_) | Self::Interrupted => "look into the service's log",
        };
        text.into()
    }
}

impl From<EvidenceError> for AttestError {
    fn from(error: EvidenceError) -> Self {
        if error.is_chain_missing() { Self::NoPckChain } else { Self::Evidence(error) }
    }
}

impl AttestError {
    /// Azure Attestation's code for this kind of refusal.
    pub const fn azure_code(&self) -> &'static str {
        match self {
            Self::Evidence(EvidenceError::Framing(_)) | Self::RuntimeData | Self::InitTimeData => "InvalidParameter",
            Self::NoPckChain | Self::Evidence(_) | Self::Collateral(_) | Self::NotAccepted(_) => "InvalidQuote",
            Self::DraftPolicy(_) => "PolicyParsingError",
            Self::NoPolicy | Self::Configuration(_) | Self::Policy(_) => "PolicyEvaluationError",
            Self::Keys(_) | Self::Issue(_) | Self::Interrupted | Self::PolicyBusy | Self::Stale => "InternalError",
        }
    }
}

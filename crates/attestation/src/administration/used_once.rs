//! Signed policies and signer requests are used once: which request a JWS is, and whether a policy was in force before.

use crate::policy_jws::{CertificateAction, SignerCertificate};
use store::{PolicyChange, SignedRequest, signing_input_sha256};
use unix_time::UnixTime;

use super::AdministrationError;
use crate::hashes::sha256;
use crate::policy_type::PolicyType;

/// Signed requests that a provider can use for one purpose: for the policy of one attestation type, or for its signers.
///
/// Each is remembered for good, also after the provider was deleted, in some 150 bytes.
pub(crate) const MAX_USED_REQUESTS: i64 = 10_000;

/// What requests about signers are counted under; no attestation type has this name.
const CERTIFICATES: &str = "certificates";

/// The request to set a policy or to reset it, accepted under the provider's certificate `signer`.
pub(super) fn policy_request(
    change: &PolicyChange,
    policy_type: PolicyType,
    jws: &str,
    signer: &SignerCertificate,
) -> SignedRequest {
    let action = if change.text.is_some() { "set" } else { "reset" };
    request(policy_type.as_str(), action, jws, signer, change.changed_at)
}

/// The request to add or to remove a certificate: one request for both, because Microsoft's clients sign the same for either.
pub(super) fn certificate_request(
    action: CertificateAction,
    jws: &str,
    signer: &SignerCertificate,
    now: UnixTime,
) -> SignedRequest {
    request(CERTIFICATES, action.as_str(), jws, signer, now)
}

fn request(purpose: &str, action: &str, jws: &str, signer: &SignerCertificate, used_at: UnixTime) -> SignedRequest {
    SignedRequest {
        purpose: purpose.to_owned(),
        signing_input: signing_input_sha256(jws),
        action: action.to_owned(),
        signer: sha256(&[signer.der()]),
        used_at,
        limit: MAX_USED_REQUESTS,
    }
}

/// Whether the last change of `history`, newest first, put exactly this JWS in force: then sending it again changes nothing.
pub(super) fn is_in_force(history: &[PolicyChange], jws: &str) -> bool {
    history.first().is_some_and(|last| last.jws.as_deref() == Some(jws))
}

/// A signed JWS was never in force: whoever kept an old one must not bring an old policy back, however its signature is spelled.
///
/// The store refuses used requests too. The history says which change it was, and has those of versions that recorded none.
pub(super) fn check_never_in_force(history: &[PolicyChange], jws: &str) -> Result<(), AdministrationError> {
    let input = signing_input_sha256(jws);
    let is_same = |change: &&PolicyChange| change.jws.as_deref().map(signing_input_sha256) == Some(input);
    let last = history.first().map(|last| last.number);
    match history.iter().find(is_same) {
        None => Ok(()),
        Some(change) if Some(change.number) == last => Err(AdministrationError::InForce),
        Some(change) => Err(AdministrationError::Superseded { number: change.number }),
    }
}

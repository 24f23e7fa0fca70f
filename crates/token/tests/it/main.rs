//! Tests of the public API, in one binary so that RSA keys are made once.

mod allow_lists;
mod appraisal;
mod fetching;
mod fixture;
mod hashes;
mod issuers;
mod issuing;
mod key_sets;
mod openid;
mod openid_fixture;
mod policy_certificates;
mod policy_fixture;
mod policy_keys;
mod policy_reading;
mod policy_signing;
mod policy_trust;
mod properties;
mod python_recordings;
mod recordings;
mod refusals;
#[cfg(feature = "hpke")]
mod sealed_secrets;
mod signer_evidence;
mod signing_keys;
mod verifying;

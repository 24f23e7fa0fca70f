//! Tests of the public API, in one binary so that RSA keys are made once.

mod allow_lists;
mod appraisal;
#[cfg(feature = "attested-signer")]
mod attested_signer;
mod fixture;
mod hashes;
mod issuing;
mod key_sets;
mod properties;
mod python_recordings;
mod recordings;
mod refusals;
#[cfg(feature = "hpke")]
mod sealed_secrets;
mod signer_evidence;
mod signing_keys;
mod verifying;

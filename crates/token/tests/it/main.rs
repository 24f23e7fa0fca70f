//! Tests of the public API, in one binary so that RSA keys are made once.

mod fetching;
mod fixture;
mod hashes;
mod issuing;
mod jws;
mod key_sets;
mod properties;
mod recordings;
mod refusals;
mod signing_keys;
mod verifying;

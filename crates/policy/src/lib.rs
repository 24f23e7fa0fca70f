//! The attestation policy language: text to Policy, configure and decide.

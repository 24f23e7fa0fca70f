//! The verifier over evidence of the simulator's making, in one program: each refusal by its own code.

mod simulated;

mod appraisal;
mod certification;
mod collateral_documents;
mod collateral_pieces;
mod diagnosis;
mod errors;
mod judgement;
mod memory;
mod older_relaunch;
mod pck_certificate;
mod pck_chain;
mod pitfalls;
mod quote_format;
mod quote_verification;
mod revocation_lists;
mod revoked_levels;
mod supplemental;
mod tdx;
mod tdx_documents;
mod tdx_judgement;

//! The cache over directories of simulated collateral.

mod finding;
mod made;
mod refreshing;
mod revocation_lists;
mod sharing;

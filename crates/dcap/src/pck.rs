//! The platform's certificate chain, proven: the only source of an FMSPC.

mod certification;
mod error;
mod issuer;
mod known;
mod prove;
mod proven;

pub use error::PckError;
pub(crate) use known::KnownPcks;
pub(crate) use prove::{Issuer, issuer_of_certificates, of_quote, whatever_the_time};
pub use proven::{PckCa, ProvenPck};

//! TLS of a listener: an operator's certificate, or one of a development CA.

mod config;
mod development_ca;
mod parameters;

pub use config::{CertificateError, server_config};
pub use development_ca::{DevelopmentCa, DevelopmentCaError};

//! What a service keeps: providers with their keys, policies and signers; who may administer them; the audit. A trait for each
//! area, SQLite as the embedded default, PostgreSQL for several replicas.
//!
//! No HTTP and no judgement: rows in, rows out, each method one transaction. The columns of times hold seconds since 1970. Every change of
//! anything that belongs to a provider gives the provider a new revision, higher than any before. Every change stands in the
//! audit, or was not made.

mod access;
mod audit;
mod error;
#[cfg(feature = "engines")]
mod forward;
#[cfg(feature = "engines")]
mod postgres;
mod providers;
#[cfg(feature = "engines")]
mod schema;
mod signed_request;
#[cfg(feature = "engines")]
mod sql;
#[cfg(feature = "engines")]
mod sqlite;

pub use access::{AccessKey, AccessStore, Client};
pub use audit::{AuditLog, BrokenChain, Chain, Entry, Head, Input, PlatformEvidence, RETENTION, Record, link};
pub use error::StoreError;
#[cfg(feature = "engines")]
pub use postgres::Postgres;
pub use providers::{
    NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, ProviderStore, Revision, RevokedBy, RevokedToken,
    SigningKey, WithdrawnKey,
};
pub use signed_request::{SignedRequest, signing_input_sha256};
#[cfg(feature = "engines")]
pub use sqlite::Sqlite;

/// What keeps all areas. It is for those who hand them out; everybody else takes the trait of the area that they need.
pub trait Store: ProviderStore + AccessStore + AuditLog {}

impl<T: ProviderStore + AccessStore + AuditLog> Store for T {}

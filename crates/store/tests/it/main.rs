//! What every store does, and what SQLite and PostgreSQL do beside.

mod changes;
mod contract;
mod postgres;
mod server;
mod sqlite;

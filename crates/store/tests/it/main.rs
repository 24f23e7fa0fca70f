//! What every store does, and what SQLite and PostgreSQL do beside.

mod contract;
mod postgres;
mod server;
mod sqlite;

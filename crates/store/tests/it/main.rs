//! What every store does, and what SQLite and PostgreSQL do beside.

mod append_only;
mod audit;
mod changes;
mod contract;
mod cuts;
mod faults;
mod invariants;
mod kills;
mod postgres;
mod proxy;
mod rows;
mod server;
mod sqlite;

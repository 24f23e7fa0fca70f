//! What every store does, and what SQLite does beside.

mod contract;
mod sqlite;

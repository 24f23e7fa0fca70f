//! The statements, on SQLite.

use sqlx::sqlite::{SqlitePool, SqliteRow};

/// The store on a pool of connections.
#[derive(Clone, Debug)]
pub(super) struct Statements {
    pub(super) pool: SqlitePool,
}

crate::sql::statements_in_sql!(Statements, sqlx::Sqlite, SqliteRow, read = "BEGIN");

//! The statements, on PostgreSQL.

use sqlx::postgres::{PgPool, PgRow};

/// The store without limits of time.
#[derive(Clone)]
pub(super) struct Statements {
    pub(super) pool: PgPool,
}

crate::sql::statements_in_sql!(
    Statements,
    sqlx::Postgres,
    PgRow,
    read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
);

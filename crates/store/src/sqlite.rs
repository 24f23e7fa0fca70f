//! The embedded store: one SQLite file in WAL mode with one writer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row};

use crate::audit::{Chain, Entry, Head, Input, PlatformEvidence, Record, link};
use crate::error::conflict;
use crate::rows::{
    AccessKey, Client, NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, Revision, RevokedBy,
    RevokedToken, SigningKey, WithdrawnKey,
};
use crate::signed_request::{SignedRequest, signing_input_sha256};
use crate::sql::{audit_in_sql, revocation_in_sql, signed_requests_in_sql, store_in_sql};
use crate::{AuditLog, Store, StoreError};

/// Each entry takes the schema from one version to the next; entries are never changed once released.
const MIGRATIONS: [&str; 8] = [
    include_str!("../migrations/sqlite/0001_providers.sql"),
    include_str!("../migrations/sqlite/0002_administration.sql"),
    include_str!("../migrations/sqlite/0003_many_providers.sql"),
    include_str!("../migrations/sqlite/0004_audit.sql"),
    include_str!("../migrations/sqlite/0005_revocation.sql"),
    include_str!("../migrations/sqlite/0006_used_requests.sql"),
    include_str!("../migrations/sqlite/0007_revocation_and_keys.sql"),
    include_str!("../migrations/sqlite/0009_audit_retention.sql"),
];

/// Time that a call waits for other processes that write to the file.
const BUSY: Duration = Duration::from_secs(5);

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    pool: SqlitePool,
}

impl Sqlite {
    /// Opens the file, makes it where it is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened or is of a later version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new().max_connections(4);
        let until = Instant::now() + BUSY;
        let pool = loop {
            match pool.clone().connect_with(options.clone()).await {
                // SQLite switches a new file to WAL without waiting for other processes that do the same.
                Err(sqlx::Error::Database(error)) if is_busy(&*error) && Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                connected => break connected?,
            }
        };
        let store = Self { pool };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        // One writer from the look at the version to the end: two processes starting at once migrate once.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
            sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"))).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Whether another connection has the file locked: `SQLITE_BUSY`, with any extended code.
fn is_busy(error: &dyn DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}

store_in_sql!(Sqlite, sqlx::Sqlite, SqliteRow, read = "BEGIN");
signed_requests_in_sql!(Sqlite, sqlx::Sqlite);
audit_in_sql!(Sqlite, sqlx::Sqlite, SqliteRow);
revocation_in_sql!(Sqlite, sqlx::Sqlite, SqliteRow, read = "BEGIN");

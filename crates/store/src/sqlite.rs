//! The embedded store: one SQLite file in WAL mode with one writer.

mod schema;
mod statements;

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::StoreError;
use statements::Statements;

/// Time that a call waits for other processes that write to the file.
const BUSY: Duration = Duration::from_secs(5);

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    statements: Statements,
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
        schema::migrate(&pool).await?;
        Ok(Self { statements: Statements { pool } })
    }
}

/// Whether another connection has the file locked: `SQLITE_BUSY`, with any extended code.
fn is_busy(error: &dyn DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}

crate::forward::forward_all!(Sqlite, std::convert::identity,);

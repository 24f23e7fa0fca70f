//! The store that several replicas share: a PostgreSQL database.
//!
//! A database that is gone must not hold a request: a connection is waited for [`ACQUIRE`] long, a statement [`STATEMENT`]
//! long, a call [`deadline::CALL`] long, and connections that do not answer are given up. The next call finds a new one by itself.

mod address;
mod changes;
mod deadline;
mod schema;
mod statements;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::error::StoreError;
use crate::providers::LOOK_AGAIN;
use changes::Changes;
use deadline::{ACQUIRE, MIGRATION, SIGN_OF_LIFE, call, within};
use statements::Statements;

/// Connections of one handle at most.
const CONNECTIONS: u32 = 16;

/// What every session keeps to. The server ends a statement that waits too long, and sooner a transaction whose client went
/// away without a word, for all writers wait for that one. Writers rest on READ COMMITTED, whatever the database's default is.
const SESSION: &str = "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '4s'; \
                       SET default_transaction_isolation = 'read committed'";

/// A store in a PostgreSQL database. The user in its URL needs the right to make tables in the first schema of its search
/// path, when the schema is made or brought up to date.
#[derive(Clone)]
pub struct Postgres {
    statements: Statements,
    changes: Changes,
}

impl Postgres {
    /// Opens the database that a `postgres://` URL names and brings its schema up to date.
    ///
    /// The parameters of the URL are those of libpq. Over a network it should say `sslmode=verify-full`: by default a server's
    /// certificate is not looked at.
    ///
    /// # Errors
    /// Where the URL is none, the database cannot be reached or is of a later version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = address::read(url)?;
        // Not through the pool: that one says of every failure no more than that it waited.
        let mut connection = within(ACQUIRE, connect(&options)).await?;
        within(MIGRATION, schema::migrate(&mut connection)).await?;
        connection.close().await?;
        Ok(Self { statements: Statements { pool: pool(options) }, changes: Changes::default() })
    }

    async fn wait(&self, generation: i64) -> Result<i64, StoreError> {
        loop {
            // Before the look: a change after it is heard of.
            let change = self.changes.next(&self.statements.pool);
            let now = call(self.statements.generation()).await?;
            if now != generation {
                return Ok(now);
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, change).await;
        }
    }
}

crate::forward::forward_all!(
    Postgres,
    call,
    async fn changed_since(&self, generation: i64) -> Result<i64, StoreError> {
        self.wait(generation).await
    }
);

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut connection = options.connect().await?;
    begin_session(&mut connection).await?;
    Ok(connection)
}

async fn begin_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SESSION).execute(connection).await.map(drop)
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .after_connect(|connection, _| Box::pin(begin_session(connection)))
        // The pool's own test has no limit: a connection into nothing would be waited for until the kernel gives it up.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(lives(connection)))
        .after_release(|connection, _| Box::pin(lives(connection)))
        .connect_lazy_with(options)
}

/// Whether a connection answers; it is closed where it does not.
async fn lives(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let answer = tokio::time::timeout(SIGN_OF_LIFE, connection.ping()).await;
    answer.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|()| true)
}

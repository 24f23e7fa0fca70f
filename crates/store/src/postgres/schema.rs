//! The schema is brought up to date by whichever replica comes first.

use sqlx::{Connection, PgConnection};

use crate::error::StoreError;
use crate::schema::pending;

/// Each entry takes the schema from one version to the next; entries are never changed once released.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../migrations/postgres/0001_store.sql"),
    include_str!("../../migrations/postgres/0002_audit.sql"),
    include_str!("../../migrations/postgres/0003_revocation.sql"),
    include_str!("../../migrations/postgres/0004_used_requests.sql"),
    include_str!("../../migrations/postgres/0005_revocation_and_keys.sql"),
    include_str!("../../migrations/postgres/0006_audit_retention.sql"),
];

/// The advisory lock of those that migrate: `veritee` in ASCII.
const LOCK: i64 = 0x76_6572_6974_6565;

pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql("SET LOCAL statement_timeout = '60s'").execute(&mut *transaction).await?;
    // One at a time from the look at the version to the end. The lock goes with the transaction.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    let is_there = sqlx::query_scalar("SELECT to_regclass('schema_version') IS NOT NULL");
    let found: i64 = match is_there.fetch_one(&mut *transaction).await? {
        true => sqlx::query_scalar("SELECT version FROM schema_version").fetch_one(&mut *transaction).await?,
        false => 0,
    };
    let pending = pending(found, &MIGRATIONS)?;
    if !pending.is_empty() {
        for migration in pending {
            sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        }
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        sqlx::query("UPDATE schema_version SET version = $1").bind(known).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

//! The schema is brought up to date by whichever process comes first.

use sqlx::Connection;
use sqlx::sqlite::SqlitePool;

use crate::error::StoreError;
use crate::schema::pending;

/// Each entry takes the schema from one version to the next; entries are never changed once released.
const MIGRATIONS: [&str; 8] = [
    include_str!("../../migrations/sqlite/0001_providers.sql"),
    include_str!("../../migrations/sqlite/0002_administration.sql"),
    include_str!("../../migrations/sqlite/0003_many_providers.sql"),
    include_str!("../../migrations/sqlite/0004_audit.sql"),
    include_str!("../../migrations/sqlite/0005_revocation.sql"),
    include_str!("../../migrations/sqlite/0006_used_requests.sql"),
    include_str!("../../migrations/sqlite/0007_revocation_and_keys.sql"),
    include_str!("../../migrations/sqlite/0009_audit_retention.sql"),
];

pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    // One writer from the look at the version to the end: two processes starting at once migrate once.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    let pending = pending(found, &MIGRATIONS)?;
    for migration in pending {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
    }
    if !pending.is_empty() {
        let version = format!("PRAGMA user_version = {}", MIGRATIONS.len());
        sqlx::raw_sql(sqlx::AssertSqlSafe(version)).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

//! The embedded store: one SQLite file in WAL mode with one writer.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row};
use zeroize::Zeroizing;

use crate::{NewPolicy, PolicyChange, Provider, SetPolicy, SigningKey, Store, StoreError};

/// Each entry takes the schema from one version to the next; entries are never changed once released.
const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/0001_providers.sql"), include_str!("../migrations/0002_administration.sql")];

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
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
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

#[async_trait]
impl Store for Sqlite {
    async fn provider(&self, name: &str) -> Result<Option<Provider>, StoreError> {
        let query = "SELECT name, public_url, root_pem, collateral_path, created_at FROM provider WHERE name = ?";
        let row = sqlx::query(query).bind(name).fetch_optional(&self.pool).await?;
        row.map(|row| provider(&row)).transpose()
    }

    async fn create_provider(&self, provider: &Provider) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO provider (name, public_url, root_pem, collateral_path, created_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&provider.name)
        .bind(&provider.public_url)
        .bind(&provider.root_pem)
        .bind(&provider.collateral_path)
        .bind(provider.created_at)
        .execute(&self.pool)
        .await
        .map_err(|error| conflict(error, "provider"))?;
        Ok(())
    }

    async fn update_provider(
        &self,
        name: &str,
        public_url: &str,
        collateral_path: Option<&str>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE provider SET public_url = ?, collateral_path = ? WHERE name = ?")
            .bind(public_url)
            .bind(collateral_path)
            .bind(name)
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Missing("provider")) }
    }

    async fn signing_keys(&self, provider: &str, issuer: &str) -> Result<Vec<SigningKey>, StoreError> {
        let query = "SELECT kid, provider, issuer, pkcs8, certificate, created_at FROM signing_key \
                     WHERE provider = ? AND issuer = ? ORDER BY created_at DESC, kid";
        let rows = sqlx::query(query).bind(provider).bind(issuer).fetch_all(&self.pool).await?;
        rows.iter().map(signing_key).collect()
    }

    async fn add_signing_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO signing_key (kid, provider, issuer, pkcs8, certificate, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&key.kid)
        .bind(&key.provider)
        .bind(&key.issuer)
        .bind(key.pkcs8.as_slice())
        .bind(&key.certificate)
        .bind(key.created_at)
        .execute(&self.pool)
        .await
        .map_err(|error| conflict(error, "signing key"))?;
        Ok(())
    }

    async fn policy(&self, provider: &str, attestation_type: &str) -> Result<Option<PolicyChange>, StoreError> {
        let query = "SELECT number, jws, text, changed_at, changed_by FROM policy_change \
                     WHERE provider = ? AND attestation_type = ? ORDER BY number DESC LIMIT 1";
        let row = sqlx::query(query).bind(provider).bind(attestation_type).fetch_optional(&self.pool).await?;
        row.map(|row| policy_change(&row)).transpose()
    }

    async fn policy_history(&self, provider: &str, attestation_type: &str) -> Result<Vec<PolicyChange>, StoreError> {
        let query = "SELECT number, jws, text, changed_at, changed_by FROM policy_change \
                     WHERE provider = ? AND attestation_type = ? ORDER BY number DESC";
        let rows = sqlx::query(query).bind(provider).bind(attestation_type).fetch_all(&self.pool).await?;
        rows.iter().map(policy_change).collect()
    }

    async fn change_policy(&self, change: &NewPolicy) -> Result<i64, StoreError> {
        // One statement, so that two writers at once get two numbers.
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO policy_change (provider, attestation_type, number, jws, text, changed_at, changed_by) \
             SELECT ?1, ?2, COALESCE(MAX(number), 0) + 1, ?3, ?4, ?5, ?6 FROM policy_change \
             WHERE provider = ?1 AND attestation_type = ?2 RETURNING number",
        )
        .bind(&change.provider)
        .bind(&change.attestation_type)
        .bind(change.set.as_ref().map(|set| set.jws.as_str()))
        .bind(change.set.as_ref().map(|set| set.text.as_str()))
        .bind(change.changed_at)
        .bind(&change.changed_by)
        .fetch_one(&self.pool)
        .await
        .map_err(|error| conflict(error, "policy"))?;
        Ok(number)
    }

    async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let query = sqlx::query_scalar::<_, Vec<u8>>("SELECT token_sha256 FROM administrator");
        let kept = query.fetch_optional(&self.pool).await?;
        // The schema allows no other length.
        Ok(kept.and_then(|hash| hash.try_into().ok()))
    }

    async fn create_administrator(&self, token_sha256: &[u8; 32], created_at: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO administrator (id, token_sha256, created_at) VALUES (1, ?, ?)")
            .bind(token_sha256.as_slice())
            .bind(created_at)
            .execute(&self.pool)
            .await
            .map_err(|error| conflict(error, "administrator"))?;
        Ok(())
    }
}

fn provider(row: &SqliteRow) -> Result<Provider, StoreError> {
    Ok(Provider {
        name: row.try_get("name")?,
        public_url: row.try_get("public_url")?,
        root_pem: row.try_get("root_pem")?,
        collateral_path: row.try_get("collateral_path")?,
        created_at: row.try_get("created_at")?,
    })
}

fn signing_key(row: &SqliteRow) -> Result<SigningKey, StoreError> {
    Ok(SigningKey {
        kid: row.try_get("kid")?,
        provider: row.try_get("provider")?,
        issuer: row.try_get("issuer")?,
        pkcs8: Zeroizing::new(row.try_get("pkcs8")?),
        certificate: row.try_get("certificate")?,
        created_at: row.try_get("created_at")?,
    })
}

fn policy_change(row: &SqliteRow) -> Result<PolicyChange, StoreError> {
    let (jws, text): (Option<String>, Option<String>) = (row.try_get("jws")?, row.try_get("text")?);
    Ok(PolicyChange {
        number: row.try_get("number")?,
        set: jws.zip(text).map(|(jws, text)| SetPolicy { jws, text }),
        changed_at: row.try_get("changed_at")?,
        changed_by: row.try_get("changed_by")?,
    })
}

/// A broken key means that the row is there already, a broken reference that the provider is not.
fn conflict(error: sqlx::Error, what: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Exists(what),
        Some(database) if database.is_foreign_key_violation() => StoreError::Missing("provider"),
        _ => StoreError::Database(error),
    }
}

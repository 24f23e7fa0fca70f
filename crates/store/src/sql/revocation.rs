//! Revoked tokens in SQL that SQLite and PostgreSQL understand alike.

/// Implements what [`crate::ProviderStore`] does with revoked tokens.
///
/// `read` begins a transaction that sees one state of the database from its first statement to its last.
macro_rules! revocation_in_sql {
    ($store:ty, $database:ty, $row:ty, read = $read:literal) => {
        impl $store {
            /// The limit is checked under the lock that every writer holds, so replicas cannot exceed it together.
            pub(super) async fn revoke_token(&self, token: &RevokedToken, limit: i64, now: UnixTime, entry: &Entry) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query("DELETE FROM revoked_token WHERE provider = $1 AND expires_at <= $2");
                query.bind(&token.provider).bind(now.seconds()).execute(&mut *transaction).await?;
                let query = sqlx::query("SELECT 1 FROM revoked_token WHERE provider = $1 AND jti = $2");
                let query = query.bind(&token.provider).bind(&token.jti);
                if query.fetch_optional(&mut *transaction).await?.is_some() {
                    return Ok(false);
                }
                let by_bearer = token.by == RevokedBy::Bearer;
                let query = "SELECT COUNT(*) FROM revoked_token WHERE provider = $1 AND by_bearer = $2";
                let query = sqlx::query_scalar(query).bind(&token.provider).bind(by_bearer);
                let count: i64 = query.fetch_one(&mut *transaction).await?;
                if count >= limit {
                    return Err(StoreError::Full("list of revoked tokens"));
                }
                let query = "INSERT INTO revoked_token (provider, jti, expires_at, by_bearer, number) VALUES ($1, $2, $3, $4, $5)";
                let query = sqlx::query(query).bind(&token.provider).bind(&token.jti).bind(token.expires_at.seconds());
                let inserted = query.bind(by_bearer).bind(generation).execute(&mut *transaction).await;
                inserted.map_err(|error| conflict(error, "revoked token"))?;
                let query = sqlx::query("UPDATE provider SET revocations = $1 WHERE name = $2");
                query.bind(generation).bind(&token.provider).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(true)
            }

            pub(super) async fn revoked_tokens(
                &self,
                provider: &str,
                after: i64,
            ) -> Result<Option<(i64, Vec<RevokedToken>)>, StoreError> {
                let mut transaction = self.pool.begin_with($read).await?;
                let query = sqlx::query_scalar("SELECT revocations FROM provider WHERE name = $1").bind(provider);
                let number: Option<i64> = query.fetch_optional(&mut *transaction).await?;
                let query = "SELECT provider, jti, expires_at, by_bearer FROM revoked_token \
                             WHERE provider = $1 AND number > $2 ORDER BY number";
                let rows = sqlx::query(query).bind(provider).bind(after).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                let tokens = rows.iter().map(read_revoked_token).collect::<Result<_, _>>()?;
                Ok(number.map(|number| (number, tokens)))
            }
        }

        fn read_revoked_token(row: &$row) -> Result<RevokedToken, StoreError> {
            let by_bearer: bool = row.try_get("by_bearer")?;
            Ok(RevokedToken {
                provider: row.try_get("provider")?,
                jti: row.try_get("jti")?,
                expires_at: time(row, "expires_at")?,
                by: if by_bearer { RevokedBy::Bearer } else { RevokedBy::Contributor },
            })
        }
    };
}

pub(crate) use revocation_in_sql;

//! Revoked tokens and withdrawn keys in SQL that SQLite and PostgreSQL understand alike.

/// Implements what [`crate::Store`] does about revocation for a type with the field `pool`.
///
/// `read` begins a transaction that sees one state of the database from its first statement to its last.
macro_rules! revocation_in_sql {
    ($store:ty, $database:ty, $row:ty, read = $read:literal) => {
        impl $store {
            /// The limit is checked under the lock that every writer holds, so replicas cannot exceed it together.
            async fn revoke(&self, token: &RevokedToken, limit: i64, now: i64, entry: &Entry) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query("DELETE FROM revoked_token WHERE provider = $1 AND expires_at <= $2");
                query.bind(&token.provider).bind(now).execute(&mut *transaction).await?;
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
                let query = sqlx::query(query).bind(&token.provider).bind(&token.jti).bind(token.expires_at);
                let inserted = query.bind(by_bearer).bind(generation).execute(&mut *transaction).await;
                inserted.map_err(|error| conflict(error, "revoked token"))?;
                let query = sqlx::query("UPDATE provider SET revocations = $1 WHERE name = $2");
                query.bind(generation).bind(&token.provider).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(true)
            }

            async fn revoked_after(
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

            async fn withdraw(
                &self,
                key: &WithdrawnKey,
                successor: Option<&SigningKey>,
                revision: i64,
                now: i64,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query_scalar("SELECT revision FROM provider WHERE name = $1").bind(&key.provider);
                let found: Option<i64> = query.fetch_optional(&mut *transaction).await?;
                if found.ok_or(StoreError::Missing("provider"))? != revision {
                    return Err(StoreError::Changed("provider"));
                }
                let query = sqlx::query("DELETE FROM signing_key WHERE provider = $1 AND kid = $2");
                let query = query.bind(&key.provider).bind(&key.kid);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Err(StoreError::Missing("signing key"));
                }
                if let Some(successor) = successor {
                    let inserted = insert_signing_key(successor).execute(&mut *transaction).await;
                    inserted.map_err(|error| conflict(error, "signing key"))?;
                }
                let query = sqlx::query_scalar("SELECT COUNT(*) FROM signing_key WHERE provider = $1").bind(&key.provider);
                let left: i64 = query.fetch_one(&mut *transaction).await?;
                if left == 0 {
                    return Err(StoreError::Last("signing key"));
                }
                let query = sqlx::query("DELETE FROM withdrawn_key WHERE provider = $1 AND listed_until <= $2");
                query.bind(&key.provider).bind(now).execute(&mut *transaction).await?;
                sqlx::query(
                    "INSERT INTO withdrawn_key (provider, kid, withdrawn_at, listed_until) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (provider, kid) DO UPDATE SET withdrawn_at = $3, listed_until = $4",
                )
                .bind(&key.provider)
                .bind(&key.kid)
                .bind(key.withdrawn_at)
                .bind(key.listed_until)
                .execute(&mut *transaction)
                .await?;
                touch(&key.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }
        }

        fn read_revoked_token(row: &$row) -> Result<RevokedToken, StoreError> {
            let by_bearer: bool = row.try_get("by_bearer")?;
            Ok(RevokedToken {
                provider: row.try_get("provider")?,
                jti: row.try_get("jti")?,
                expires_at: row.try_get("expires_at")?,
                by: if by_bearer { RevokedBy::Bearer } else { RevokedBy::Contributor },
            })
        }

        fn read_withdrawn_key(row: &$row) -> Result<WithdrawnKey, StoreError> {
            Ok(WithdrawnKey {
                provider: row.try_get("provider")?,
                kid: row.try_get("kid")?,
                withdrawn_at: row.try_get("withdrawn_at")?,
                listed_until: row.try_get("listed_until")?,
            })
        }
    };
}

pub(crate) use revocation_in_sql;

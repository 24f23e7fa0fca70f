//! Signing keys in SQL that SQLite and PostgreSQL understand alike.

/// Implements what [`crate::ProviderStore`] does with signing keys.
macro_rules! keys_in_sql {
    ($store:ty, $database:ty, $row:ty) => {
        impl $store {
            pub(super) async fn add_signing_key(
                &self,
                key: &SigningKey,
                revision: i64,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query_scalar("SELECT revision FROM provider WHERE name = $1").bind(&key.provider);
                let found: Option<i64> = query.fetch_optional(&mut *transaction).await?;
                if found.ok_or(StoreError::UnknownProvider)? != revision {
                    return Err(StoreError::Changed("provider"));
                }
                insert_signing_key(key)
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| conflict(error, "signing key"))?;
                touch(&key.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            pub(super) async fn remove_signing_key(
                &self,
                provider: &str,
                kid: &str,
                entry: &Entry,
            ) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query("DELETE FROM signing_key WHERE provider = $1 AND kid = $2");
                let query = query.bind(provider).bind(kid);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                touch(provider, generation).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(true)
            }

            pub(super) async fn withdraw_signing_key(
                &self,
                key: &WithdrawnKey,
                successor: Option<&SigningKey>,
                revision: i64,
                now: UnixTime,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query_scalar("SELECT revision FROM provider WHERE name = $1").bind(&key.provider);
                let found: Option<i64> = query.fetch_optional(&mut *transaction).await?;
                if found.ok_or(StoreError::UnknownProvider)? != revision {
                    return Err(StoreError::Changed("provider"));
                }
                let query = sqlx::query("DELETE FROM signing_key WHERE provider = $1 AND kid = $2");
                let query = query.bind(&key.provider).bind(&key.kid);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Err(StoreError::UnknownSigningKey);
                }
                if let Some(successor) = successor {
                    let inserted = insert_signing_key(successor).execute(&mut *transaction).await;
                    inserted.map_err(|error| conflict(error, "signing key"))?;
                }
                let query =
                    sqlx::query_scalar("SELECT COUNT(*) FROM signing_key WHERE provider = $1").bind(&key.provider);
                let left: i64 = query.fetch_one(&mut *transaction).await?;
                if left == 0 {
                    return Err(StoreError::Last("signing key"));
                }
                let query = sqlx::query("DELETE FROM withdrawn_key WHERE provider = $1 AND listed_until <= $2");
                query.bind(&key.provider).bind(now.seconds()).execute(&mut *transaction).await?;
                sqlx::query(
                    "INSERT INTO withdrawn_key (provider, kid, withdrawn_at, listed_until) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (provider, kid) DO UPDATE SET withdrawn_at = $3, listed_until = $4",
                )
                .bind(&key.provider)
                .bind(&key.kid)
                .bind(key.withdrawn_at.seconds())
                .bind(key.listed_until.seconds())
                .execute(&mut *transaction)
                .await?;
                touch(&key.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }
        }

        fn insert_signing_key(key: &SigningKey) -> Query<'_> {
            sqlx::query(
                "INSERT INTO signing_key (kid, provider, issuer, sealed, certificate, created_at, signs_from) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(&key.kid)
            .bind(&key.provider)
            .bind(&key.issuer)
            .bind(&key.sealed)
            .bind(&key.certificate)
            .bind(key.created_at.seconds())
            .bind(key.signs_from.seconds())
        }

        fn read_signing_key(row: &$row) -> Result<SigningKey, StoreError> {
            Ok(SigningKey {
                kid: row.try_get("kid")?,
                provider: row.try_get("provider")?,
                issuer: row.try_get("issuer")?,
                sealed: row.try_get("sealed")?,
                certificate: row.try_get("certificate")?,
                created_at: time(row, "created_at")?,
                signs_from: time(row, "signs_from")?,
            })
        }

        fn read_withdrawn_key(row: &$row) -> Result<WithdrawnKey, StoreError> {
            Ok(WithdrawnKey {
                provider: row.try_get("provider")?,
                kid: row.try_get("kid")?,
                withdrawn_at: time(row, "withdrawn_at")?,
                listed_until: time(row, "listed_until")?,
            })
        }
    };
}

pub(crate) use keys_in_sql;

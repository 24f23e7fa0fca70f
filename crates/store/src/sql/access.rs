//! Who may administer in SQL that SQLite and PostgreSQL understand alike.

/// Implements [`crate::AccessStore`].
macro_rules! access_in_sql {
    ($store:ty, $database:ty, $row:ty) => {
        impl $store {
            pub(super) async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError> {
                let query = sqlx::query_scalar("SELECT token_sha256 FROM administrator");
                let kept: Option<Vec<u8>> = query.fetch_optional(&self.pool).await?;
                kept.map(hash).transpose()
            }

            pub(super) async fn create_administrator(
                &self,
                token_sha256: &[u8; 32],
                created_at: UnixTime,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                sqlx::query("INSERT INTO administrator (id, token_sha256, created_at) VALUES (1, $1, $2)")
                    .bind(token_sha256.as_slice())
                    .bind(created_at.seconds())
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| conflict(error, "administrator"))?;
                Ok(transaction.commit().await?)
            }

            pub(super) async fn clients(&self) -> Result<Vec<Client>, StoreError> {
                let query = "SELECT id, name, secret_sha256, role, provider, expires_at, created_at, created_by \
                             FROM client ORDER BY name";
                let rows = sqlx::query(query).fetch_all(&self.pool).await?;
                rows.iter().map(read_client).collect()
            }

            pub(super) async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
                let query = "SELECT id, name, secret_sha256, role, provider, expires_at, created_at, created_by \
                             FROM client WHERE id = $1";
                let row = sqlx::query(query).bind(id).fetch_optional(&self.pool).await?;
                row.as_ref().map(read_client).transpose()
            }

            pub(super) async fn create_client(&self, client: &Client, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                sqlx::query(
                    "INSERT INTO client (id, name, secret_sha256, role, provider, expires_at, created_at, created_by) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                )
                .bind(&client.id)
                .bind(&client.name)
                .bind(client.secret_sha256.as_slice())
                .bind(&client.role)
                .bind(&client.provider)
                .bind(client.expires_at.seconds())
                .bind(client.created_at.seconds())
                .bind(&client.created_by)
                .execute(&mut *transaction)
                .await
                .map_err(|error| conflict(error, "client"))?;
                Ok(transaction.commit().await?)
            }

            pub(super) async fn delete_client(&self, id: &str, entry: &Entry) -> Result<bool, StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                let query = sqlx::query("DELETE FROM client WHERE id = $1").bind(id);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                transaction.commit().await?;
                Ok(true)
            }

            pub(super) async fn access_key(&self) -> Result<Option<AccessKey>, StoreError> {
                let query = sqlx::query("SELECT kid, sealed, created_at FROM access_key ORDER BY created_at, kid");
                let row = query.fetch_optional(&self.pool).await?;
                row.as_ref().map(read_access_key).transpose()
            }

            pub(super) async fn create_access_key(&self, key: &AccessKey, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                let there = sqlx::query("SELECT 1 FROM access_key").fetch_optional(&mut *transaction).await?;
                if there.is_some() {
                    return Err(StoreError::Exists("access key"));
                }
                sqlx::query("INSERT INTO access_key (kid, sealed, created_at) VALUES ($1, $2, $3)")
                    .bind(&key.kid)
                    .bind(&key.sealed)
                    .bind(key.created_at.seconds())
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| conflict(error, "access key"))?;
                Ok(transaction.commit().await?)
            }
        }

        fn read_client(row: &$row) -> Result<Client, StoreError> {
            Ok(Client {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                secret_sha256: hash(row.try_get("secret_sha256")?)?,
                role: row.try_get("role")?,
                provider: row.try_get("provider")?,
                expires_at: time(row, "expires_at")?,
                created_at: time(row, "created_at")?,
                created_by: row.try_get("created_by")?,
            })
        }

        fn read_access_key(row: &$row) -> Result<AccessKey, StoreError> {
            Ok(AccessKey {
                kid: row.try_get("kid")?,
                sealed: row.try_get("sealed")?,
                created_at: time(row, "created_at")?,
            })
        }
    };
}

pub(crate) use access_in_sql;

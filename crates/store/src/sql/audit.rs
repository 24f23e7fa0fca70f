//! The audit in SQL that SQLite and PostgreSQL understand alike.

/// Implements [`crate::AuditLog`] for a type with the field `pool`, and `write_down` for its other writers.
macro_rules! audit_in_sql {
    ($store:ty, $database:ty, $row:ty) => {
        impl $store {
            /// Adds a record to the chain of the entry's replica. The chain's head is locked until the transaction ends.
            async fn write_down(connection: &mut <$database as sqlx::Database>::Connection, entry: &Entry) -> Result<(), StoreError> {
                let query = "INSERT INTO audit_head (replica, number, hash) VALUES ($1, 1, $2) \
                             ON CONFLICT (replica) DO UPDATE SET number = audit_head.number + 1 RETURNING number, hash";
                let head = sqlx::query(query).bind(&entry.replica).bind([0_u8; 32].as_slice()).fetch_one(&mut *connection).await?;
                let (number, previous): (i64, [u8; 32]) = (head.try_get("number")?, hash(head.try_get("hash")?)?);
                let hash = link(&entry.replica, number, &previous, &entry.text);
                let query = "INSERT INTO audit_record (replica, number, previous, hash, text) VALUES ($1, $2, $3, $4, $5)";
                let query = sqlx::query(query).bind(&entry.replica).bind(number).bind(previous.as_slice());
                query.bind(hash.as_slice()).bind(&entry.text).execute(&mut *connection).await?;
                let query = sqlx::query("UPDATE audit_head SET hash = $1 WHERE replica = $2").bind(hash.as_slice());
                query.bind(&entry.replica).execute(&mut *connection).await?;
                Ok(())
            }
        }

        #[async_trait]
        impl AuditLog for $store {
            async fn append(&self, entry: &Entry, inputs: &[Input], last: &[PlatformEvidence]) -> Result<(), StoreError> {
                let mut transaction = self.pool.begin().await?;
                Self::write_down(&mut transaction, entry).await?;
                for input in inputs {
                    let query = "INSERT INTO audit_input (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
                    let query = sqlx::query(query).bind(input.sha256.as_slice()).bind(&input.bytes);
                    query.execute(&mut *transaction).await?;
                }
                for evidence in last {
                    sqlx::query(
                        "INSERT INTO platform_evidence (provider, platform, received_at, evidence, collateral) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, platform) DO UPDATE SET received_at = $3, \
                         evidence = $4, collateral = $5 WHERE platform_evidence.received_at <= $3",
                    )
                    .bind(&evidence.provider)
                    .bind(evidence.platform.as_slice())
                    .bind(evidence.received_at)
                    .bind(&evidence.evidence)
                    .bind(evidence.collateral.as_slice())
                    .execute(&mut *transaction)
                    .await?;
                }
                Ok(transaction.commit().await?)
            }

            async fn heads(&self) -> Result<Vec<Head>, StoreError> {
                let rows = sqlx::query("SELECT replica, number, hash FROM audit_head ORDER BY replica");
                rows.fetch_all(&self.pool).await?.iter().map(read_head).collect()
            }

            async fn records(&self, replica: &str, after: i64, limit: i64) -> Result<Vec<Record>, StoreError> {
                let query = "SELECT replica, number, previous, hash, text FROM audit_record \
                             WHERE replica = $1 AND number > $2 ORDER BY number LIMIT $3";
                let rows = sqlx::query(query).bind(replica).bind(after).bind(limit).fetch_all(&self.pool).await?;
                rows.iter().map(read_record).collect()
            }

            async fn input(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
                let query = sqlx::query_scalar("SELECT bytes FROM audit_input WHERE sha256 = $1").bind(sha256.as_slice());
                Ok(query.fetch_optional(&self.pool).await?)
            }

            async fn platforms(&self, provider: &str, after: &[u8; 32], limit: i64) -> Result<Vec<[u8; 32]>, StoreError> {
                let query = "SELECT platform FROM platform_evidence WHERE provider = $1 AND platform > $2 \
                             ORDER BY platform LIMIT $3";
                let query = sqlx::query_scalar(query).bind(provider).bind(after.as_slice()).bind(limit);
                let found: Vec<Vec<u8>> = query.fetch_all(&self.pool).await?;
                found.into_iter().map(hash).collect()
            }

            async fn platform_evidence(
                &self,
                provider: &str,
                platform: &[u8; 32],
            ) -> Result<Option<PlatformEvidence>, StoreError> {
                let query = "SELECT provider, platform, received_at, evidence, collateral FROM platform_evidence \
                             WHERE provider = $1 AND platform = $2";
                let row = sqlx::query(query).bind(provider).bind(platform.as_slice()).fetch_optional(&self.pool).await?;
                row.as_ref().map(read_platform_evidence).transpose()
            }
        }

        fn read_head(row: &$row) -> Result<Head, StoreError> {
            Ok(Head { replica: row.try_get("replica")?, number: row.try_get("number")?, hash: hash(row.try_get("hash")?)? })
        }

        fn read_record(row: &$row) -> Result<Record, StoreError> {
            Ok(Record {
                replica: row.try_get("replica")?,
                number: row.try_get("number")?,
                previous: hash(row.try_get("previous")?)?,
                hash: hash(row.try_get("hash")?)?,
                text: row.try_get("text")?,
            })
        }

        fn read_platform_evidence(row: &$row) -> Result<PlatformEvidence, StoreError> {
            Ok(PlatformEvidence {
                provider: row.try_get("provider")?,
                platform: hash(row.try_get("platform")?)?,
                received_at: row.try_get("received_at")?,
                evidence: row.try_get("evidence")?,
                collateral: hash(row.try_get("collateral")?)?,
            })
        }
    };
}

pub(crate) use audit_in_sql;

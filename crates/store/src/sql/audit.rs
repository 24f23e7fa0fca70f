//! The audit in SQL that SQLite and PostgreSQL understand alike.

/// Implements [`crate::AuditLog`], and `write_down` for the writers of the other areas.
macro_rules! audit_in_sql {
    ($store:ty, $database:ty, $row:ty) => {
        impl $store {
            /// The head of a chain, which no other transaction changes until this one ends. A chain begins here.
            async fn lock_head(connection: &mut <$database as sqlx::Database>::Connection, replica: &str) -> Result<Chain, StoreError> {
                const LOCK: &str = "UPDATE audit_head SET number = number WHERE replica = $1 \
                                    RETURNING replica, number, hash, anchor_number, anchor_hash";
                if let Some(row) = sqlx::query(LOCK).bind(replica).fetch_optional(&mut *connection).await? {
                    return read_chain(&row);
                }
                let query = "INSERT INTO audit_head (replica, number, hash) VALUES ($1, 0, $2) ON CONFLICT (replica) DO NOTHING";
                let query = sqlx::query(query).bind(replica).bind([0_u8; 32].as_slice());
                query.execute(&mut *connection).await?;
                read_chain(&sqlx::query(LOCK).bind(replica).fetch_one(&mut *connection).await?)
            }

            /// Adds a record to the chain of the entry's replica.
            async fn write_down(connection: &mut <$database as sqlx::Database>::Connection, entry: &Entry) -> Result<(), StoreError> {
                let Chain { head, .. } = Self::lock_head(connection, &entry.replica).await?;
                let (number, previous) = (head.number.saturating_add(1), head.hash);
                let hash = link(&entry.replica, number, &previous, &entry.text);
                let query = "INSERT INTO audit_record (replica, number, previous, hash, text) VALUES ($1, $2, $3, $4, $5)";
                let query = sqlx::query(query).bind(&entry.replica).bind(number).bind(previous.as_slice());
                query.bind(hash.as_slice()).bind(&entry.text).execute(&mut *connection).await?;
                let query = sqlx::query("UPDATE audit_head SET number = $1, hash = $2 WHERE replica = $3").bind(number);
                query.bind(hash.as_slice()).bind(&entry.replica).execute(&mut *connection).await?;
                Ok(())
            }

            /// Keeps an input once. Of one that is there already the time of its use is renewed once an hour: most are used by
            /// every decision.
            async fn keep(connection: &mut <$database as sqlx::Database>::Connection, input: &Input, at: UnixTime) -> Result<(), StoreError> {
                let query = sqlx::query_scalar("SELECT kept_at FROM audit_input WHERE sha256 = $1").bind(input.sha256.as_slice());
                let kept_at: Option<i64> = query.fetch_optional(&mut *connection).await?;
                if kept_at.is_some_and(|kept_at| kept_at > at.plus(-3600).seconds()) {
                    return Ok(());
                }
                if kept_at.is_some() {
                    let query = sqlx::query("UPDATE audit_input SET kept_at = $1 WHERE sha256 = $2").bind(at.seconds());
                    let query = query.bind(input.sha256.as_slice());
                    if query.execute(&mut *connection).await?.rows_affected() > 0 {
                        return Ok(());
                    }
                }
                let query = "INSERT INTO audit_input (sha256, bytes, kept_at) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";
                let query = sqlx::query(query).bind(input.sha256.as_slice()).bind(&input.bytes).bind(at.seconds());
                query.execute(&mut *connection).await?;
                Ok(())
            }
        }

        impl $store {
            pub(super) async fn append(
                &self,
                entry: &Entry,
                inputs: &[Input],
                last: &[PlatformEvidence],
                at: UnixTime,
            ) -> Result<(), StoreError> {
                let mut transaction = self.pool.begin().await?;
                Self::write_down(&mut transaction, entry).await?;
                for input in inputs {
                    Self::keep(&mut transaction, input, at).await?;
                }
                for evidence in last {
                    sqlx::query(
                        "INSERT INTO platform_evidence (provider, platform, received_at, evidence, collateral) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, platform) DO UPDATE SET received_at = $3, \
                         evidence = $4, collateral = $5 WHERE platform_evidence.received_at <= $3",
                    )
                    .bind(&evidence.provider)
                    .bind(evidence.platform.as_slice())
                    .bind(evidence.received_at.seconds())
                    .bind(&evidence.evidence)
                    .bind(evidence.collateral.as_slice())
                    .execute(&mut *transaction)
                    .await?;
                }
                Ok(transaction.commit().await?)
            }

            pub(super) async fn chains(&self) -> Result<Vec<Chain>, StoreError> {
                let rows = sqlx::query(
                    "SELECT replica, number, hash, anchor_number, anchor_hash FROM audit_head WHERE number > 0 ORDER BY replica",
                );
                rows.fetch_all(&self.pool).await?.iter().map(read_chain).collect()
            }

            pub(super) async fn records(&self, replica: &str, after: i64, limit: i64) -> Result<Vec<Record>, StoreError> {
                let query = "SELECT replica, number, previous, hash, text FROM audit_record \
                             WHERE replica = $1 AND number > $2 \
                             AND number > (SELECT anchor_number FROM audit_head WHERE replica = $1) ORDER BY number LIMIT $3";
                let rows = sqlx::query(query).bind(replica).bind(after).bind(limit).fetch_all(&self.pool).await?;
                rows.iter().map(read_record).collect()
            }

            pub(super) async fn input(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
                let query = sqlx::query_scalar("SELECT bytes FROM audit_input WHERE sha256 = $1").bind(sha256.as_slice());
                Ok(query.fetch_optional(&self.pool).await?)
            }

            pub(super) async fn platforms(&self, provider: &str, after: &[u8; 32], limit: i64) -> Result<Vec<[u8; 32]>, StoreError> {
                let query = "SELECT platform FROM platform_evidence WHERE provider = $1 AND platform > $2 \
                             ORDER BY platform LIMIT $3";
                let query = sqlx::query_scalar(query).bind(provider).bind(after.as_slice()).bind(limit);
                let found: Vec<Vec<u8>> = query.fetch_all(&self.pool).await?;
                found.into_iter().map(hash).collect()
            }

            pub(super) async fn platform_evidence(
                &self,
                provider: &str,
                platform: &[u8; 32],
            ) -> Result<Option<PlatformEvidence>, StoreError> {
                let query = "SELECT provider, platform, received_at, evidence, collateral FROM platform_evidence \
                             WHERE provider = $1 AND platform = $2";
                let row = sqlx::query(query).bind(provider).bind(platform.as_slice()).fetch_optional(&self.pool).await?;
                row.as_ref().map(read_platform_evidence).transpose()
            }

            pub(super) async fn records_size(&self, replica: &str, after: i64) -> Result<i64, StoreError> {
                let query = "SELECT COALESCE(SUM(octet_length(text)), 0) FROM audit_record WHERE replica = $1 AND number > $2";
                Ok(sqlx::query_scalar(query).bind(replica).bind(after).fetch_one(&self.pool).await?)
            }

            pub(super) async fn inputs_size(&self, since: UnixTime) -> Result<i64, StoreError> {
                let query = "SELECT (SELECT COALESCE(SUM(octet_length(bytes)), 0) FROM audit_input WHERE kept_at >= $1) \
                             + (SELECT COALESCE(SUM(octet_length(evidence)), 0) FROM platform_evidence WHERE received_at >= $1)";
                Ok(sqlx::query_scalar(query).bind(since.seconds()).fetch_one(&self.pool).await?)
            }

            pub(super) async fn move_anchor(&self, anchor: &Head, text: &str) -> Result<bool, StoreError> {
                let mut transaction = self.pool.begin().await?;
                let Chain { anchor: known, .. } = Self::lock_head(&mut transaction, &anchor.replica).await?;
                let query = sqlx::query("SELECT 1 FROM audit_record WHERE replica = $1 AND number = $2 AND hash = $3");
                let query = query.bind(&anchor.replica).bind(anchor.number).bind(anchor.hash.as_slice());
                if anchor.number <= known.number || query.fetch_optional(&mut *transaction).await?.is_none() {
                    return Ok(false);
                }
                let entry = Entry { replica: anchor.replica.clone(), text: text.to_owned() };
                Self::write_down(&mut transaction, &entry).await?;
                let query = "UPDATE audit_head SET anchor_number = $1, anchor_hash = $2 WHERE replica = $3";
                let query = sqlx::query(query).bind(anchor.number).bind(anchor.hash.as_slice()).bind(&anchor.replica);
                query.execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(true)
            }

            pub(super) async fn delete_records(&self, replica: &str, limit: i64) -> Result<u64, StoreError> {
                let query = "DELETE FROM audit_record WHERE replica = $1 AND number IN (SELECT number FROM audit_record \
                             WHERE replica = $1 AND number <= (SELECT anchor_number FROM audit_head WHERE replica = $1) \
                             ORDER BY number LIMIT $2)";
                Ok(sqlx::query(query).bind(replica).bind(limit).execute(&self.pool).await?.rows_affected())
            }

            pub(super) async fn delete_inputs(&self, before: UnixTime, limit: i64) -> Result<u64, StoreError> {
                let mut transaction = self.pool.begin().await?;
                let query = sqlx::query("UPDATE audit_cutoff SET kept_from = $1 WHERE kept_from < $1").bind(before.seconds());
                query.execute(&mut *transaction).await?;
                let query = "DELETE FROM audit_input WHERE sha256 IN (SELECT sha256 FROM audit_input WHERE kept_at < $1 \
                             ORDER BY kept_at LIMIT $2)";
                let inputs = sqlx::query(query).bind(before.seconds()).bind(limit).execute(&mut *transaction).await?.rows_affected();
                let query = "DELETE FROM platform_evidence WHERE received_at < $1 AND (provider, platform) IN \
                             (SELECT provider, platform FROM platform_evidence WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
                let evidence = sqlx::query(query).bind(before.seconds()).bind(limit).execute(&mut *transaction).await?.rows_affected();
                transaction.commit().await?;
                Ok(inputs.saturating_add(evidence))
            }
        }

        fn read_chain(row: &$row) -> Result<Chain, StoreError> {
            let replica: String = row.try_get("replica")?;
            let end = |number: &str, hash_column: &str| {
                let (number, hash) = (row.try_get(number)?, hash(row.try_get(hash_column)?)?);
                Ok::<_, StoreError>(Head { replica: replica.clone(), number, hash })
            };
            Ok(Chain { head: end("number", "hash")?, anchor: end("anchor_number", "anchor_hash")? })
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
                received_at: time(row, "received_at")?,
                evidence: row.try_get("evidence")?,
                collateral: hash(row.try_get("collateral")?)?,
            })
        }
    };
}

pub(crate) use audit_in_sql;

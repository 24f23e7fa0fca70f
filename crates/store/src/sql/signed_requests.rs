//! Using signed requests once, in SQL that SQLite and PostgreSQL understand alike.

/// Implements `use_once` and `remember_policies` for the writers of policies and providers.
macro_rules! signed_requests_in_sql {
    ($store:ty, $database:ty) => {
        impl $store {
            /// Records that a provider uses a request, in the transaction of the change that it is used for.
            ///
            /// Fails if the request was used before, if its signer was removed in the meantime, maybe by another replica, or
            /// if there is no room for another one.
            async fn use_once(
                connection: &mut <$database as sqlx::Database>::Connection,
                provider: &str,
                request: &SignedRequest,
            ) -> Result<(), StoreError> {
                let SignedRequest { purpose, signing_input, action, signer, used_at, limit } = request;
                if !Self::record_use(connection, provider, purpose, signing_input, action, *used_at).await? {
                    let query = "SELECT action, used_at FROM used_request \
                                 WHERE provider = $1 AND purpose = $2 AND signing_input = $3";
                    let query = sqlx::query(query).bind(provider).bind(purpose).bind(signing_input.as_slice());
                    let earlier = query.fetch_one(&mut *connection).await?;
                    return Err(StoreError::Used { action: earlier.try_get("action")?, at: time(&earlier, "used_at")? });
                }
                let query = sqlx::query("SELECT 1 FROM policy_signer WHERE provider = $1 AND sha256 = $2");
                let query = query.bind(provider).bind(signer.as_slice());
                if query.fetch_optional(&mut *connection).await?.is_none() {
                    let query = sqlx::query("SELECT 1 FROM provider WHERE name = $1").bind(provider);
                    let is_there = query.fetch_optional(&mut *connection).await?.is_some();
                    return Err(if is_there { StoreError::Changed("signers") } else { StoreError::UnknownProvider });
                }
                let query = "SELECT COUNT(*) FROM used_request WHERE provider = $1 AND purpose = $2";
                let used: i64 = sqlx::query_scalar(query).bind(provider).bind(purpose).fetch_one(&mut *connection).await?;
                if used > *limit { Err(StoreError::Full("signed requests")) } else { Ok(()) }
            }

            /// Records the signed policies of an Isolated provider that is about to be deleted with its history.
            ///
            /// Those that were set since this table exists are in it already.
            async fn remember_policies(
                connection: &mut <$database as sqlx::Database>::Connection,
                provider: &str,
            ) -> Result<(), StoreError> {
                let (mut last_type, mut last_number) = (String::new(), 0_i64);
                loop {
                    // A page at a time: a JWS may have 256 KiB.
                    let page = sqlx::query(
                        "SELECT attestation_type, number, jws, text IS NULL AS is_reset, changed_at FROM policy_change \
                         JOIN provider ON provider.name = policy_change.provider \
                         WHERE provider.name = $1 AND trust_model = 'Isolated' AND (attestation_type, number) > ($2, $3) \
                         ORDER BY attestation_type, number LIMIT 64",
                    );
                    let page = page.bind(provider).bind(&last_type).bind(last_number);
                    let rows = page.fetch_all(&mut *connection).await?;
                    for row in &rows {
                        (last_type, last_number) = (row.try_get("attestation_type")?, row.try_get("number")?);
                        let jws: Option<String> = row.try_get("jws")?;
                        let Some(jws) = jws else { continue };
                        let action = if row.try_get("is_reset")? { "reset" } else { "set" };
                        let (hash, at) = (signing_input_sha256(&jws), time(row, "changed_at")?);
                        Self::record_use(connection, provider, &last_type, &hash, action, at).await?;
                    }
                    if rows.is_empty() {
                        return Ok(());
                    }
                }
            }

            /// Whether the use is the first one, which is recorded.
            async fn record_use(
                connection: &mut <$database as sqlx::Database>::Connection,
                provider: &str,
                purpose: &str,
                signing_input: &[u8; 32],
                action: &str,
                used_at: UnixTime,
            ) -> Result<bool, StoreError> {
                let query = "INSERT INTO used_request (provider, purpose, signing_input, action, used_at) \
                             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, purpose, signing_input) DO NOTHING";
                let query = sqlx::query(query).bind(provider).bind(purpose).bind(signing_input.as_slice());
                let recorded = query.bind(action).bind(used_at.seconds()).execute(&mut *connection).await?;
                Ok(recorded.rows_affected() > 0)
            }
        }
    };
}

pub(crate) use signed_requests_in_sql;

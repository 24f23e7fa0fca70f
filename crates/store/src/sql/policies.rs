//! Policies and those who sign them in SQL that SQLite and PostgreSQL understand alike.

/// Implements what [`crate::ProviderStore`] does with policies and their signers.
macro_rules! policies_in_sql {
    ($store:ty, $database:ty, $row:ty) => {
        impl $store {
            pub(super) async fn policy_history(
                &self,
                provider: &str,
                attestation_type: &str,
            ) -> Result<Vec<PolicyChange>, StoreError> {
                let query = "SELECT provider, attestation_type, number, jws, text, audience, restores, changed_at, changed_by \
                             FROM policy_change WHERE provider = $1 AND attestation_type = $2 ORDER BY number DESC";
                let rows = sqlx::query(query).bind(provider).bind(attestation_type).fetch_all(&self.pool).await?;
                rows.iter().map(read_policy_change).collect()
            }

            pub(super) async fn change_policy(
                &self,
                change: &PolicyChange,
                request: Option<&SignedRequest>,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                if let Some(request) = request {
                    Self::use_once(&mut transaction, &change.provider, request).await?;
                }
                let query = "SELECT COALESCE(MAX(number), 0) FROM policy_change WHERE provider = $1 AND attestation_type = $2";
                let query = sqlx::query_scalar(query).bind(&change.provider).bind(&change.attestation_type);
                let last: i64 = query.fetch_one(&mut *transaction).await?;
                if last.checked_add(1) != Some(change.number) {
                    return Err(StoreError::Changed("policy"));
                }
                sqlx::query(
                    "INSERT INTO policy_change (provider, attestation_type, number, jws, text, audience, restores, changed_at, \
                     changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(&change.provider)
                .bind(&change.attestation_type)
                .bind(change.number)
                .bind(&change.jws)
                .bind(&change.text)
                .bind(&change.audience)
                .bind(change.restores)
                .bind(change.changed_at.seconds())
                .bind(&change.changed_by)
                .execute(&mut *transaction)
                .await
                .map_err(|error| conflict(error, "policy"))?;
                touch(&change.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            pub(super) async fn add_policy_signer(
                &self,
                signer: &PolicySigner,
                request: &SignedRequest,
                entry: &Entry,
            ) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                Self::use_once(&mut transaction, &signer.provider, request).await?;
                // There is one writer at a time: nobody adds it in between.
                let query = sqlx::query("SELECT 1 FROM policy_signer WHERE provider = $1 AND sha256 = $2");
                let query = query.bind(&signer.provider).bind(signer.sha256.as_slice());
                let is_new = query.fetch_optional(&mut *transaction).await?.is_none();
                if is_new {
                    let inserted = insert_policy_signer(signer).execute(&mut *transaction).await;
                    inserted.map_err(|error| conflict(error, "policy signer"))?;
                }
                touch(&signer.provider, generation).execute(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(is_new)
            }

            pub(super) async fn remove_policy_signer(
                &self,
                provider: &str,
                sha256: &[u8; 32],
                request: &SignedRequest,
                entry: &Entry,
            ) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                Self::use_once(&mut transaction, provider, request).await?;
                if touch(provider, generation).execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Err(StoreError::UnknownProvider);
                }
                let query = sqlx::query("DELETE FROM policy_signer WHERE provider = $1 AND sha256 = $2");
                let query = query.bind(provider).bind(sha256.as_slice());
                let was_there = query.execute(&mut *transaction).await?.rows_affected() > 0;
                let query = sqlx::query_scalar("SELECT COUNT(*) FROM policy_signer WHERE provider = $1").bind(provider);
                let left: i64 = query.fetch_one(&mut *transaction).await?;
                if was_there && left == 0 {
                    return Err(StoreError::Last("policy signer"));
                }
                transaction.commit().await?;
                Ok(was_there)
            }
        }

        fn insert_policy_signer(signer: &PolicySigner) -> Query<'_> {
            sqlx::query(
                "INSERT INTO policy_signer (provider, sha256, certificate, added_at, added_by) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&signer.provider)
            .bind(signer.sha256.as_slice())
            .bind(&signer.certificate)
            .bind(signer.added_at.seconds())
            .bind(&signer.added_by)
        }

        fn read_policy_change(row: &$row) -> Result<PolicyChange, StoreError> {
            Ok(PolicyChange {
                provider: row.try_get("provider")?,
                attestation_type: row.try_get("attestation_type")?,
                number: row.try_get("number")?,
                jws: row.try_get("jws")?,
                text: row.try_get("text")?,
                audience: row.try_get("audience")?,
                restores: row.try_get("restores")?,
                changed_at: time(row, "changed_at")?,
                changed_by: row.try_get("changed_by")?,
            })
        }

        fn read_policy_signer(row: &$row) -> Result<PolicySigner, StoreError> {
            Ok(PolicySigner {
                provider: row.try_get("provider")?,
                sha256: hash(row.try_get("sha256")?)?,
                certificate: row.try_get("certificate")?,
                added_at: time(row, "added_at")?,
                added_by: row.try_get("added_by")?,
            })
        }
    };
}

pub(crate) use policies_in_sql;

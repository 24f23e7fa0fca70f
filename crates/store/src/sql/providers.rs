//! Providers in SQL that SQLite and PostgreSQL understand alike.

/// Implements what [`crate::ProviderStore`] does with providers as a whole.
///
/// `read` begins a transaction that sees one state of the database from its first statement to its last.
macro_rules! providers_in_sql {
    ($store:ty, $database:ty, $row:ty, read = $read:literal) => {
        impl $store {
            pub(super) async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
                self.states(None).await
            }

            pub(super) async fn provider(&self, name: &str) -> Result<Option<ProviderState>, StoreError> {
                Ok(self.states(Some(name)).await?.into_iter().next())
            }

            pub(super) async fn generation(&self) -> Result<i64, StoreError> {
                Ok(sqlx::query_scalar("SELECT number FROM generation WHERE id = 1").fetch_one(&self.pool).await?)
            }

            pub(super) async fn revisions(&self) -> Result<Vec<Revision>, StoreError> {
                let query = sqlx::query("SELECT name, revision, revocations FROM provider ORDER BY name");
                query.fetch_all(&self.pool).await?.iter().map(read_revision).collect()
            }

            pub(super) async fn create_provider(&self, new: &NewProvider, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let provider = &new.provider;
                sqlx::query(
                    "INSERT INTO provider (name, root_pem, trust_model, location, is_location_default, settings, created_at, \
                     created_by, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(&provider.name)
                .bind(&provider.root_pem)
                .bind(&provider.trust_model)
                .bind(&provider.location)
                .bind(provider.is_location_default)
                .bind(&provider.settings)
                .bind(provider.created_at.seconds())
                .bind(&provider.created_by)
                .bind(generation)
                .execute(&mut *transaction)
                .await
                .map_err(|error| conflict(error, "provider"))?;
                insert_signing_key(&new.key).execute(&mut *transaction).await.map_err(|error| conflict(error, "signing key"))?;
                for signer in &new.signers {
                    let inserted = insert_policy_signer(signer).execute(&mut *transaction).await;
                    inserted.map_err(|error| conflict(error, "policy signer"))?;
                }
                Ok(transaction.commit().await?)
            }

            pub(super) async fn change_settings(&self, name: &str, revision: i64, settings: &str, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = "UPDATE provider SET settings = $1, revision = $2 WHERE name = $3 AND revision = $4";
                let query = sqlx::query(query).bind(settings).bind(generation).bind(name).bind(revision);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    let query = sqlx::query("SELECT 1 FROM provider WHERE name = $1").bind(name);
                    let is_there = query.fetch_optional(&mut *transaction).await?.is_some();
                    return Err(if is_there { StoreError::Changed("provider") } else { StoreError::UnknownProvider });
                }
                Ok(transaction.commit().await?)
            }

            pub(super) async fn delete_provider(&self, name: &str, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                Self::remember_policies(&mut transaction, name).await?;
                for query in [
                    "DELETE FROM signing_key WHERE provider = $1",
                    "DELETE FROM policy_change WHERE provider = $1",
                    "DELETE FROM policy_signer WHERE provider = $1",
                    "DELETE FROM revoked_token WHERE provider = $1",
                    "DELETE FROM withdrawn_key WHERE provider = $1",
                    "DELETE FROM client WHERE provider = $1",
                    "DELETE FROM platform_evidence WHERE provider = $1",
                ] {
                    sqlx::query(query).bind(name).execute(&mut *transaction).await?;
                }
                let query = sqlx::query("DELETE FROM provider WHERE name = $1").bind(name);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Err(StoreError::UnknownProvider);
                }
                Ok(transaction.commit().await?)
            }

            async fn states(&self, name: Option<&str>) -> Result<Vec<ProviderState>, StoreError> {
                let mut transaction = self.pool.begin_with($read).await?;
                let providers = sqlx::query(
                    "SELECT name, root_pem, trust_model, location, is_location_default, settings, created_at, created_by, \
                     revision, revocations FROM provider WHERE CAST($1 AS TEXT) IS NULL OR name = $1 ORDER BY name",
                );
                let keys = sqlx::query(
                    "SELECT kid, provider, issuer, sealed, certificate, created_at, signs_from FROM signing_key \
                     WHERE CAST($1 AS TEXT) IS NULL OR provider = $1 ORDER BY signs_from DESC, kid",
                );
                let policies = sqlx::query(
                    "SELECT provider, attestation_type, number, jws, text, audience, restores, changed_at, changed_by \
                     FROM policy_change AS change WHERE (CAST($1 AS TEXT) IS NULL OR provider = $1) AND number = \
                     (SELECT MAX(number) FROM policy_change AS other WHERE other.provider = change.provider \
                     AND other.attestation_type = change.attestation_type) ORDER BY attestation_type",
                );
                let signers = sqlx::query(
                    "SELECT provider, sha256, certificate, added_at, added_by FROM policy_signer \
                     WHERE CAST($1 AS TEXT) IS NULL OR provider = $1 ORDER BY added_at, sha256",
                );
                let revoked = sqlx::query(
                    "SELECT provider, jti, expires_at, by_bearer FROM revoked_token \
                     WHERE CAST($1 AS TEXT) IS NULL OR provider = $1 ORDER BY provider, jti",
                );
                let withdrawn = sqlx::query(
                    "SELECT provider, kid, withdrawn_at, listed_until FROM withdrawn_key \
                     WHERE CAST($1 AS TEXT) IS NULL OR provider = $1 ORDER BY provider, kid",
                );
                let providers = providers.bind(name).fetch_all(&mut *transaction).await?;
                let keys = keys.bind(name).fetch_all(&mut *transaction).await?;
                let policies = policies.bind(name).fetch_all(&mut *transaction).await?;
                let signers = signers.bind(name).fetch_all(&mut *transaction).await?;
                let revoked = revoked.bind(name).fetch_all(&mut *transaction).await?;
                let withdrawn = withdrawn.bind(name).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                let mut states = BTreeMap::new();
                for row in &providers {
                    let provider = read_provider(row)?;
                    let (keys, policies, signers, revoked, withdrawn) = Default::default();
                    let state = ProviderState { provider, keys, policies, signers, revoked, withdrawn };
                    states.insert(state.provider.name.clone(), state);
                }
                for row in &keys {
                    let key = read_signing_key(row)?;
                    states.get_mut(&key.provider).map(|state| state.keys.push(key));
                }
                for row in &policies {
                    let change = read_policy_change(row)?;
                    states.get_mut(&change.provider).map(|state| state.policies.push(change));
                }
                for row in &signers {
                    let signer = read_policy_signer(row)?;
                    states.get_mut(&signer.provider).map(|state| state.signers.push(signer));
                }
                for row in &revoked {
                    let token = read_revoked_token(row)?;
                    states.get_mut(&token.provider).map(|state| state.revoked.push(token));
                }
                for row in &withdrawn {
                    let key = read_withdrawn_key(row)?;
                    states.get_mut(&key.provider).map(|state| state.withdrawn.push(key));
                }
                Ok(states.into_values().collect())
            }
        }

        fn read_provider(row: &$row) -> Result<Provider, StoreError> {
            Ok(Provider {
                name: row.try_get("name")?,
                root_pem: row.try_get("root_pem")?,
                trust_model: row.try_get("trust_model")?,
                location: row.try_get("location")?,
                is_location_default: row.try_get("is_location_default")?,
                settings: row.try_get("settings")?,
                created_at: time(row, "created_at")?,
                created_by: row.try_get("created_by")?,
                revision: row.try_get("revision")?,
                revocations: row.try_get("revocations")?,
            })
        }

        fn read_revision(row: &$row) -> Result<Revision, StoreError> {
            Ok(Revision {
                name: row.try_get("name")?,
                revision: row.try_get("revision")?,
                revocations: row.try_get("revocations")?,
            })
        }
    };
}

pub(crate) use providers_in_sql;

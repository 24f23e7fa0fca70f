//! The store in SQL that SQLite and PostgreSQL understand alike.
//!
//! A macro, because a query of sqlx is typed by its database; the text of each statement stands here once. Every writer begins
//! by counting its change, which locks that row: there is one writer at a time; then it writes down what it is.

mod audit;
mod revocation;
mod signed_requests;

pub(crate) use audit::audit_in_sql;
pub(crate) use revocation::revocation_in_sql;
pub(crate) use signed_requests::signed_requests_in_sql;

/// Implements [`crate::Store`] for a type with the field `pool`.
///
/// `read` begins a transaction that sees one state of the database from its first statement to its last.
macro_rules! store_in_sql {
    ($store:ty, $database:ty, $row:ty, read = $read:literal) => {
        impl $store {
            /// Begins a change, writes down what it is, and gives its number.
            async fn begin(&self, entry: &Entry) -> Result<(sqlx::Transaction<'_, $database>, i64), StoreError> {
                let mut transaction = self.pool.begin().await?;
                let query = "UPDATE generation SET number = number + 1 WHERE id = 1 RETURNING number";
                let generation = sqlx::query_scalar(query).fetch_one(&mut *transaction).await?;
                Self::write_down(&mut transaction, entry).await?;
                Ok((transaction, generation))
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

        #[async_trait]
        impl Store for $store {
            async fn providers(&self) -> Result<Vec<ProviderState>, StoreError> {
                self.states(None).await
            }

            async fn provider(&self, name: &str) -> Result<Option<ProviderState>, StoreError> {
                Ok(self.states(Some(name)).await?.into_iter().next())
            }

            async fn generation(&self) -> Result<i64, StoreError> {
                Ok(sqlx::query_scalar("SELECT number FROM generation WHERE id = 1").fetch_one(&self.pool).await?)
            }

            async fn revisions(&self) -> Result<Vec<Revision>, StoreError> {
                let query = sqlx::query("SELECT name, revision, revocations FROM provider ORDER BY name");
                query.fetch_all(&self.pool).await?.iter().map(read_revision).collect()
            }

            async fn create_provider(&self, new: &NewProvider, entry: &Entry) -> Result<(), StoreError> {
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
                .bind(provider.created_at)
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

            async fn change_settings(&self, name: &str, revision: i64, settings: &str, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = "UPDATE provider SET settings = $1, revision = $2 WHERE name = $3 AND revision = $4";
                let query = sqlx::query(query).bind(settings).bind(generation).bind(name).bind(revision);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    let query = sqlx::query("SELECT 1 FROM provider WHERE name = $1").bind(name);
                    let is_there = query.fetch_optional(&mut *transaction).await?.is_some();
                    return Err(if is_there { StoreError::Changed("provider") } else { StoreError::Missing("provider") });
                }
                Ok(transaction.commit().await?)
            }

            async fn delete_provider(&self, name: &str, entry: &Entry) -> Result<(), StoreError> {
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
                    return Err(StoreError::Missing("provider"));
                }
                Ok(transaction.commit().await?)
            }

            async fn add_signing_key(&self, key: &SigningKey, revision: i64, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                let query = sqlx::query_scalar("SELECT revision FROM provider WHERE name = $1").bind(&key.provider);
                let found: Option<i64> = query.fetch_optional(&mut *transaction).await?;
                if found.ok_or(StoreError::Missing("provider"))? != revision {
                    return Err(StoreError::Changed("provider"));
                }
                insert_signing_key(key).execute(&mut *transaction).await.map_err(|error| conflict(error, "signing key"))?;
                touch(&key.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            async fn remove_signing_key(&self, provider: &str, kid: &str, entry: &Entry) -> Result<bool, StoreError> {
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

            async fn policy_history(
                &self,
                provider: &str,
                attestation_type: &str,
            ) -> Result<Vec<PolicyChange>, StoreError> {
                let query = "SELECT provider, attestation_type, number, jws, text, audience, restores, changed_at, changed_by \
                             FROM policy_change WHERE provider = $1 AND attestation_type = $2 ORDER BY number DESC";
                let rows = sqlx::query(query).bind(provider).bind(attestation_type).fetch_all(&self.pool).await?;
                rows.iter().map(read_policy_change).collect()
            }

            async fn change_policy(
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
                .bind(change.changed_at)
                .bind(&change.changed_by)
                .execute(&mut *transaction)
                .await
                .map_err(|error| conflict(error, "policy"))?;
                touch(&change.provider, generation).execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }

            async fn add_policy_signer(
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

            async fn remove_policy_signer(
                &self,
                provider: &str,
                sha256: &[u8; 32],
                request: &SignedRequest,
                entry: &Entry,
            ) -> Result<bool, StoreError> {
                let (mut transaction, generation) = self.begin(entry).await?;
                Self::use_once(&mut transaction, provider, request).await?;
                if touch(provider, generation).execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Err(StoreError::Missing("provider"));
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

            async fn withdraw_signing_key(
                &self,
                key: &WithdrawnKey,
                successor: Option<&SigningKey>,
                revision: i64,
                now: i64,
                entry: &Entry,
            ) -> Result<(), StoreError> {
                self.withdraw(key, successor, revision, now, entry).await
            }

            async fn revoke_token(
                &self,
                token: &RevokedToken,
                limit: i64,
                now: i64,
                entry: &Entry,
            ) -> Result<bool, StoreError> {
                self.revoke(token, limit, now, entry).await
            }

            async fn revoked_tokens(
                &self,
                provider: &str,
                after: i64,
            ) -> Result<Option<(i64, Vec<RevokedToken>)>, StoreError> {
                self.revoked_after(provider, after).await
            }

            async fn administrator(&self) -> Result<Option<[u8; 32]>, StoreError> {
                let query = sqlx::query_scalar("SELECT token_sha256 FROM administrator");
                let kept: Option<Vec<u8>> = query.fetch_optional(&self.pool).await?;
                kept.map(hash).transpose()
            }

            async fn create_administrator(&self, token_sha256: &[u8; 32], created_at: i64, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                sqlx::query("INSERT INTO administrator (id, token_sha256, created_at) VALUES (1, $1, $2)")
                    .bind(token_sha256.as_slice())
                    .bind(created_at)
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| conflict(error, "administrator"))?;
                Ok(transaction.commit().await?)
            }

            async fn clients(&self) -> Result<Vec<Client>, StoreError> {
                let query = "SELECT id, name, secret_sha256, role, provider, expires_at, created_at, created_by \
                             FROM client ORDER BY name";
                let rows = sqlx::query(query).fetch_all(&self.pool).await?;
                rows.iter().map(read_client).collect()
            }

            async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
                let query = "SELECT id, name, secret_sha256, role, provider, expires_at, created_at, created_by \
                             FROM client WHERE id = $1";
                let row = sqlx::query(query).bind(id).fetch_optional(&self.pool).await?;
                row.as_ref().map(read_client).transpose()
            }

            async fn create_client(&self, client: &Client, entry: &Entry) -> Result<(), StoreError> {
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
                .bind(client.expires_at)
                .bind(client.created_at)
                .bind(&client.created_by)
                .execute(&mut *transaction)
                .await
                .map_err(|error| conflict(error, "client"))?;
                Ok(transaction.commit().await?)
            }

            async fn delete_client(&self, id: &str, entry: &Entry) -> Result<bool, StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                let query = sqlx::query("DELETE FROM client WHERE id = $1").bind(id);
                if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                transaction.commit().await?;
                Ok(true)
            }

            async fn access_key(&self) -> Result<Option<AccessKey>, StoreError> {
                let query = sqlx::query("SELECT kid, sealed, created_at FROM access_key ORDER BY created_at, kid");
                let row = query.fetch_optional(&self.pool).await?;
                row.as_ref().map(read_access_key).transpose()
            }

            async fn create_access_key(&self, key: &AccessKey, entry: &Entry) -> Result<(), StoreError> {
                let (mut transaction, _) = self.begin(entry).await?;
                let there = sqlx::query("SELECT 1 FROM access_key").fetch_optional(&mut *transaction).await?;
                if there.is_some() {
                    return Err(StoreError::Exists("access key"));
                }
                sqlx::query("INSERT INTO access_key (kid, sealed, created_at) VALUES ($1, $2, $3)")
                    .bind(&key.kid)
                    .bind(&key.sealed)
                    .bind(key.created_at)
                    .execute(&mut *transaction)
                    .await
                    .map_err(|error| conflict(error, "access key"))?;
                Ok(transaction.commit().await?)
            }
        }

        type Query<'q> = sqlx::query::Query<'q, $database, <$database as sqlx::Database>::Arguments>;

        fn touch(provider: &str, generation: i64) -> Query<'_> {
            sqlx::query("UPDATE provider SET revision = $1 WHERE name = $2").bind(generation).bind(provider)
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
            .bind(key.created_at)
            .bind(key.signs_from)
        }

        fn insert_policy_signer(signer: &PolicySigner) -> Query<'_> {
            sqlx::query(
                "INSERT INTO policy_signer (provider, sha256, certificate, added_at, added_by) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&signer.provider)
            .bind(signer.sha256.as_slice())
            .bind(&signer.certificate)
            .bind(signer.added_at)
            .bind(&signer.added_by)
        }

        fn read_provider(row: &$row) -> Result<Provider, StoreError> {
            Ok(Provider {
                name: row.try_get("name")?,
                root_pem: row.try_get("root_pem")?,
                trust_model: row.try_get("trust_model")?,
                location: row.try_get("location")?,
                is_location_default: row.try_get("is_location_default")?,
                settings: row.try_get("settings")?,
                created_at: row.try_get("created_at")?,
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

        fn read_signing_key(row: &$row) -> Result<SigningKey, StoreError> {
            Ok(SigningKey {
                kid: row.try_get("kid")?,
                provider: row.try_get("provider")?,
                issuer: row.try_get("issuer")?,
                sealed: row.try_get("sealed")?,
                certificate: row.try_get("certificate")?,
                created_at: row.try_get("created_at")?,
                signs_from: row.try_get("signs_from")?,
            })
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
                changed_at: row.try_get("changed_at")?,
                changed_by: row.try_get("changed_by")?,
            })
        }

        fn read_policy_signer(row: &$row) -> Result<PolicySigner, StoreError> {
            Ok(PolicySigner {
                provider: row.try_get("provider")?,
                sha256: hash(row.try_get("sha256")?)?,
                certificate: row.try_get("certificate")?,
                added_at: row.try_get("added_at")?,
                added_by: row.try_get("added_by")?,
            })
        }

        fn read_client(row: &$row) -> Result<Client, StoreError> {
            Ok(Client {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                secret_sha256: hash(row.try_get("secret_sha256")?)?,
                role: row.try_get("role")?,
                provider: row.try_get("provider")?,
                expires_at: row.try_get("expires_at")?,
                created_at: row.try_get("created_at")?,
                created_by: row.try_get("created_by")?,
            })
        }

        fn read_access_key(row: &$row) -> Result<AccessKey, StoreError> {
            Ok(AccessKey {
                kid: row.try_get("kid")?,
                sealed: row.try_get("sealed")?,
                created_at: row.try_get("created_at")?,
            })
        }

        /// The schema allows no other length.
        fn hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
            bytes.try_into().map_err(|_| StoreError::Database(sqlx::Error::Decode("a hash of another length".into())))
        }
    };
}

pub(crate) use store_in_sql;

//! The statements, in SQL that SQLite and PostgreSQL understand alike.
//!
//! Macros, because a query of sqlx is typed by its database; the text of each statement is written here once. Every writer begins
//! by counting its change, which locks that row: there is one writer at a time; then it writes down what it is.

mod access;
mod audit;
mod keys;
mod policies;
mod providers;
mod revocation;
mod signed_requests;

pub(crate) use access::access_in_sql;
pub(crate) use audit::audit_in_sql;
pub(crate) use keys::keys_in_sql;
pub(crate) use policies::policies_in_sql;
pub(crate) use providers::providers_in_sql;
pub(crate) use revocation::revocation_in_sql;
pub(crate) use signed_requests::signed_requests_in_sql;

/// Gives a type with the field `pool` the methods of all areas.
///
/// `read` begins a transaction that sees one state of the database from its first statement to its last.
macro_rules! statements_in_sql {
    ($store:ty, $database:ty, $row:ty, read = $read:literal) => {
        use std::collections::BTreeMap;

        use sqlx::Row;
        use unix_time::UnixTime;

        use crate::access::{AccessKey, Client};
        use crate::audit::{Chain, Entry, Head, Input, PlatformEvidence, Record, link};
        use crate::error::{StoreError, conflict};
        use crate::providers::{
            NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, Revision, RevokedBy, RevokedToken,
            SigningKey, WithdrawnKey,
        };
        use crate::signed_request::{SignedRequest, signing_input_sha256};

        $crate::sql::providers_in_sql!($store, $database, $row, read = $read);
        $crate::sql::keys_in_sql!($store, $database, $row);
        $crate::sql::policies_in_sql!($store, $database, $row);
        $crate::sql::signed_requests_in_sql!($store, $database);
        $crate::sql::revocation_in_sql!($store, $database, $row, read = $read);
        $crate::sql::access_in_sql!($store, $database, $row);
        $crate::sql::audit_in_sql!($store, $database, $row);

        impl $store {
            /// Begins a change, writes down what it is, and gives its number.
            async fn begin(&self, entry: &Entry) -> Result<(sqlx::Transaction<'_, $database>, i64), StoreError> {
                let mut transaction = self.pool.begin().await?;
                let query = "UPDATE generation SET number = number + 1 WHERE id = 1 RETURNING number";
                let generation = sqlx::query_scalar(query).fetch_one(&mut *transaction).await?;
                Self::write_down(&mut transaction, entry).await?;
                Ok((transaction, generation))
            }
        }

        type Query<'q> = sqlx::query::Query<'q, $database, <$database as sqlx::Database>::Arguments>;

        fn touch(provider: &str, generation: i64) -> Query<'_> {
            sqlx::query("UPDATE provider SET revision = $1 WHERE name = $2").bind(generation).bind(provider)
        }

        fn time(row: &$row, column: &str) -> Result<UnixTime, StoreError> {
            Ok(UnixTime::from_seconds(row.try_get(column)?))
        }

        /// The schema allows no other length.
        fn hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
            bytes.try_into().map_err(|_| StoreError::from(sqlx::Error::Decode("a hash of another length".into())))
        }
    };
}

pub(crate) use statements_in_sql;

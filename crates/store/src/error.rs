//! Why a store did not do what it was asked.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is one of that name already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// There is none of that name.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// Somebody else changed it in the meantime.
    #[error("{0} was changed in the meantime")]
    Changed(&'static str),
    /// One has to stay.
    #[error("{0} is the last one")]
    Last(&'static str),
    /// The database was written by a later version.
    #[error("database has schema version {found}, this version of veritee knows up to {known}")]
    Newer {
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// The database did not answer as it should.
    #[error("database failed")]
    Database(#[from] sqlx::Error),
}

/// A broken key means that the row is there already, a broken reference that the provider is not.
pub(crate) fn conflict(error: sqlx::Error, what: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Exists(what),
        Some(database) if database.is_foreign_key_violation() => StoreError::Missing("provider"),
        _ => StoreError::Database(error),
    }
}

//! Why a store did not do what it was asked.

use unix_time::UnixTime;

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
    /// A signed request was used before.
    #[error("signed request was used before, for `{action}` at {at}")]
    Used {
        /// What it was used for.
        action: String,
        /// When.
        at: UnixTime,
    },
    /// It has as many entries as the caller allows.
    #[error("limit of {0} exceeded")]
    Full(&'static str),
    /// The database was written by a later version.
    #[error("database has schema version {found}, this version of veritee knows up to {known}")]
    Newer {
        /// Version found.
        found: i64,
        /// Version known.
        known: i64,
    },
    /// What should say where the database is names another one.
    #[error("database URL does not begin with `postgres://`")]
    Scheme,
    /// The database's URL has a parameter that nobody knows. It is not said which, for it may be a part of the password.
    #[error("database URL has a parameter that is not known")]
    Parameter,
    /// The database's URL is none. It is not said why, for it holds a password.
    #[error("database URL cannot be read")]
    Url,
    /// The database is gone, or busy beyond measure. A change may have been made or not.
    #[error("database did not answer in time")]
    Unanswered,
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

//! Why a store did not do what it was asked.

use std::borrow::Cow;

use problem::Problem;
use unix_time::UnixTime;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is one of that name already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// The provider does not exist: the one that was named, or the one that a row is to belong to.
    #[error("provider does not exist")]
    UnknownProvider,
    /// The provider has no signing key of that id.
    #[error("signing key does not exist")]
    UnknownSigningKey,
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
    /// The database was written by a version that is too new: more than one schema version ahead.
    #[error(
        "database has schema version {found}; this version of veritee knows {known} and opens at most one version newer"
    )]
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
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Problem for StoreError {
    fn code(&self) -> Cow<'static, str> {
        let code = match self {
            Self::Exists(_) => "already_exists",
            Self::UnknownProvider => "provider_unknown",
            Self::UnknownSigningKey => "signing_key_unknown",
            Self::Changed(_) => "changed_in_the_meantime",
            Self::Last(_) => "last_one",
            Self::Used { .. } => "signed_request_used",
            Self::Full(_) => "limit_exceeded",
            Self::Newer { .. } => "database_too_new",
            Self::Scheme => "database_url_scheme",
            Self::Parameter => "database_url_parameter_unknown",
            Self::Url => "database_url_malformed",
            Self::Unanswered => "database_unanswered",
            Self::Database(_) => "database_failed",
        };
        code.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let help = match self {
            Self::Exists(_) => "choose another name, or use the one that exists",
            Self::UnknownProvider => "check the name of the provider; it may have been deleted",
            Self::UnknownSigningKey => "check the key id; the key may have been withdrawn or removed",
            Self::Changed(_) => "read it again, and repeat the change",
            Self::Last(_) => "add another one first",
            Self::Used { .. } => "sign another request",
            Self::Full(_) => "remove entries, or wait until some expire",
            Self::Newer { .. } => "start the version of veritee that wrote the database, or the one before it",
            Self::Scheme | Self::Url => "write the URL as postgres://USER:PASSWORD@HOST/DATABASE",
            Self::Parameter => {
                "use parameters of libpq only, and escape the characters of the password that are special in URLs"
            }
            Self::Unanswered => "check that the database runs and can be reached, and look whether the change was made",
            Self::Database(_) => "check the database; the cause says what is wrong with it",
        };
        help.into()
    }
}

#[cfg(feature = "engines")]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

/// A broken key means that the row is there already. All foreign keys lead to providers: a broken one means that the provider
/// does not exist.
#[cfg(feature = "engines")]
pub(crate) fn conflict(error: sqlx::Error, what: &'static str) -> StoreError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Exists(what),
        Some(database) if database.is_foreign_key_violation() => StoreError::UnknownProvider,
        _ => error.into(),
    }
}

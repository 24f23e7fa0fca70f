//! Where a database is. The URL holds a password: no part of it goes into an error or a log.

use sqlx::postgres::PgConnectOptions;

use crate::error::StoreError;

/// What a URL may say after the question mark. Of others sqlx writes a warning, with the value.
const PARAMETERS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Reads a `postgres://` URL.
pub(super) fn read(url: &str) -> Result<PgConnectOptions, StoreError> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(StoreError::Scheme);
    }
    let (_, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut names =
        parameters.split('&').map(|parameter| parameter.split_once('=').map_or(parameter, |(name, _)| name));
    if !names.all(|name| name.is_empty() || PARAMETERS.contains(&name)) {
        return Err(StoreError::Parameter);
    }
    // The reason may quote the URL.
    let options: PgConnectOptions = url.parse().map_err(|_| StoreError::Url)?;
    Ok(if options.get_application_name().is_none() { options.application_name("veritee") } else { options })
}

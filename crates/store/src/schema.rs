//! Which versions of the schema a program opens.
//!
//! The next release may bring the schema up to date while replicas of this one are still running, and this one may be started again
//! after it. So each migration leaves what the version before it needs: new columns may be left out, and rows of new tables go with
//! the provider that they belong to (`ON DELETE CASCADE`).

use crate::error::StoreError;

/// Returns the migrations that a database of version `found` still needs. A database that is one version ahead needs none.
///
/// # Errors
/// Fails with [`StoreError::Newer`] if the database is further ahead.
pub(crate) fn pending(found: i64, migrations: &'static [&'static str]) -> Result<&'static [&'static str], StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > known.saturating_add(1) {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    Ok(migrations.get(done..).unwrap_or_default())
}

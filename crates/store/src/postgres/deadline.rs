//! Every call ends: what the server or the network does not end ends here.

use std::error::Error;
use std::time::Duration;

use crate::error::StoreError;

/// How long a call waits for a connection.
pub(super) const ACQUIRE: Duration = Duration::from_secs(5);

/// How long a connection that was idle may take to show that it is alive.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How long a call of the store takes at most, however it ends.
pub(super) const CALL: Duration = Duration::from_secs(10);

/// How long a start waits for others that bring the schema up to date.
pub(super) const MIGRATION: Duration = Duration::from_secs(60);

/// What a call gives, where it does so in time. A change that was not answered in time may have been made or not.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(Err(StoreError::Database(error))) if is_pool_timeout(&*error) => Err(StoreError::Unanswered),
        Err(_) => Err(StoreError::Unanswered),
        Ok(result) => result,
    }
}

/// The same within [`CALL`].
pub(super) async fn call<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    within(CALL, call).await
}

/// Returns whether no connection became free in time.
fn is_pool_timeout(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(sqlx::Error::PoolTimedOut))
}

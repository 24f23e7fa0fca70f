//! Changes are heard of when they are made: the transaction that counts one notifies whoever listens.
//!
//! A notification says only that it is time to look. One that is lost, for the connection is down or there was never one, costs
//! the time to the next look of those who wait.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::deadline::SIGN_OF_LIFE;

/// What the schema's trigger notifies.
const CHANNEL: &str = "veritee_generation";

/// How long after a lost connection another one is tried.
const RETRY: Duration = Duration::from_secs(1);

/// How long a connection may be silent before it has to show that it is alive.
const SILENCE: Duration = Duration::from_secs(30);

/// Listens from the first time that somebody waits, on one connection for all.
#[derive(Clone, Default)]
pub(super) struct Changes {
    listening: Arc<OnceLock<Listening>>,
}

struct Listening {
    heard: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Changes {
    /// Ends at the next change that is heard of. It begins to listen where it is called, not where it is first awaited.
    pub(super) fn next(&self, pool: &PgPool) -> impl Future<Output = ()> {
        let listening = self.listening.get_or_init(|| {
            let heard = Arc::new(Notify::new());
            let task = tokio::spawn(listen(pool.clone(), Arc::clone(&heard)));
            Listening { heard, task }
        });
        Arc::clone(&listening.heard).notified_owned()
    }
}

async fn listen(pool: PgPool, heard: Arc<Notify>) {
    loop {
        // Whatever it was: those who wait look for themselves meanwhile, and say what is wrong with the database.
        let _ = hear(&pool, &heard).await;
        tokio::time::sleep(RETRY).await;
    }
}

/// Listens until the connection is lost.
async fn hear(pool: &PgPool, heard: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    // What changed before is not notified.
    heard.notify_waiters();
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => heard.notify_waiters(),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                let answer = tokio::time::timeout(SIGN_OF_LIFE, sqlx::query("SELECT 1").execute(&mut listener)).await;
                answer.map_err(|_| sqlx::Error::PoolTimedOut)??;
            }
        }
    }
}

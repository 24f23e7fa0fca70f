//! The audit of this replica: what it is called, and the task that writes decisions behind.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use service::Audit;
use store::Store;
use tokio::task::JoinHandle;

use crate::failure::{self, Failure};

/// In the data directory.
const FILE: &str = "replica-id";
/// Random bytes of an id.
const BYTES: usize = 8;
const MAX_FILE: u64 = 1 << 10;

/// The replica's id: made on the first start, and kept, so that its audit stays one chain.
pub fn replica(data: &Path) -> Result<String, Failure> {
    let path = data.join(FILE);
    if !path.exists() {
        make(&path)?;
    }
    let bytes = failure::read_file(&path, MAX_FILE)?;
    let id = String::from_utf8_lossy(&bytes).trim().to_owned();
    if id.len() == 2 * BYTES && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Ok(id);
    }
    let message = format!("`{}` holds no replica's id", path.display());
    Err(Failure::environment("replica_id_malformed", message, "remove it: a new chain of audit records is begun then"))
}

fn make(path: &Path) -> Result<(), Failure> {
    let mut id = [0; BYTES];
    rand::fill(&mut id).map_err(|_| Failure::environment("random", "no random id could be made", "try again"))?;
    let unwritable = |error: std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::environment("replica_id_unwritable", message, "check the permissions of the data directory")
    };
    // The file appears whole or not at all.
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(unwritable)?;
    writeln!(file, "{}", hex::encode(id)).and_then(|()| file.sync_all()).map_err(unwritable)?;
    fs::rename(&new, path).map_err(unwritable)
}

/// The task that writes down what was decided.
pub struct Writing {
    audit: Arc<Audit>,
    task: JoinHandle<()>,
}

impl Writing {
    pub fn start(audit: Arc<Audit>, store: Arc<dyn Store>) -> Self {
        let writing = Arc::clone(&audit);
        Self { audit, task: tokio::spawn(async move { writing.write_behind(&*store).await }) }
    }

    /// Writes down what is left, where that can be done in the time.
    pub async fn end(self, limit: Duration) {
        self.audit.close();
        let stop = self.task.abort_handle();
        if tokio::time::timeout(limit, self.task).await.is_err() {
            tracing::error!("decisions are left that could not be written down");
            stop.abort();
        }
    }
}

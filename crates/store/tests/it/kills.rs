//! A process that is killed while it writes leaves a file in which everything holds.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use store::{ProviderStore, Sqlite};

use crate::invariants::{hold, write_at_random};

/// Names the file to the child.
const FILE: &str = "STORE_TEST_FILE";

/// Kills and reaps what it holds, also where the test fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn writer(path: &Path) -> Killed {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kills::the_process_that_writes_until_it_is_killed"]).env(FILE, path);
    Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = Sqlite::open(Path::new(&path)).await.unwrap();
    // Whoever started it may have been killed itself.
    let end = Instant::now() + Duration::from_secs(20);
    let seed = u64::from(std::process::id());
    tokio::join!(
        write_at_random(&store, seed, |_| Instant::now() < end),
        write_at_random(&store, !seed, |_| Instant::now() < end),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_hold_holds_in_a_file_whose_writer_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veritee.db");
    let mut last = 0;
    let start = Instant::now();
    for round in 0_u32..12 {
        let child = writer(&path);
        // It has to write before it is killed; then somewhere in between.
        let store = Sqlite::open(&path).await.unwrap();
        tokio::time::timeout(Duration::from_secs(15), store.changed_since(last)).await.expect("it writes").unwrap();
        tokio::time::sleep(Duration::from_micros(u64::from(start.elapsed().subsec_nanos() % 40_000))).await;
        drop(store);
        drop(child);
        let store = Sqlite::open(&path).await.unwrap();
        hold(&store).await;
        let now = store.generation().await.unwrap();
        assert!(now > last, "{round}");
        last = now;
    }
}

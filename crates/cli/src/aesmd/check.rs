//! Whether a daemon is able to quote, asked through its socket.

use std::path::Path;
use std::time::Duration;

use aesm::{Client, ClientError};
use problem::Problem;

use crate::failure::{self, Failure};
use crate::serve;
use crate::show;

/// Shorter than probes are usually given, so that they hear why.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Asks how many keys it has: it offers one while its quoting enclave, or that of the daemon upstream, works.
pub fn run(socket: &Path) -> Result<(), Failure> {
    let client = Client::at(socket).within(TIMEOUT);
    match serve::runtime()?.block_on(client.supported_key_id_num()) {
        Ok(_) => show::line(&format!("quote daemon at {} is able to quote", socket.display())),
        Err(error @ ClientError::Refused { .. }) => {
            Err(Failure::verdict("daemon_cannot_quote", failure::chain(&error), error.help()))
        }
        Err(error) => Err(Failure::environment("daemon_unreachable", failure::chain(&error), error.help())),
    }
}

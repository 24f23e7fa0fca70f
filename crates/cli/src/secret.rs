//! Files of operators that hold a secret of the service.

use std::path::Path;

use problem::Problem;
use state_dir::{StateError, read_secret};
use zeroize::Zeroizing;

use crate::failure::{self, Failure};

/// Reads a file of at most `limit` bytes that only the service can read; `-` is standard input.
///
/// The rules are those of [`read_secret`]. A file that others can read is refused: its secret is no longer one.
pub fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path.as_os_str() == "-" {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        return failure::read_file(path, limit).map(Zeroizing::new);
    }
    read_secret(path, limit).map_err(|error| unusable(&error))
}

fn unusable(error: &StateError) -> Failure {
    match error {
        StateError::ExposedSecret { .. } => {
            let help = format!(
                "{}. In Kubernetes set defaultMode: 0400 for the secret's volume and fsGroup for the pod (docs/providers.md)",
                error.help()
            );
            Failure::environment(&error.code(), problem::chain(error), help)
        }
        _ => Failure::of_environment(error),
    }
}

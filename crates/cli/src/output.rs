//! Files that commands write for others to read.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::failure::Failure;

/// Anybody may read them, as far as the process lets them: nothing that is written here is secret.
const MODE: u32 = 0o666;

/// Writes a temporary file beside the path and renames it into its place: whoever reads meanwhile sees the old file, the
/// new one, or none. A file that is there stays unless `force` is given.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    let exists = || {
        let message = format!("`{}` exists already", path.display());
        Failure::usage("output_exists", message, "name another file, or pass --force to replace this one")
    };
    let unwritable = |error: std::io::Error| {
        let message = format!("cannot write `{}`: {error}", path.display());
        Failure::environment("output_unwritable", message, "name a file in a directory that can be written to")
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".veritee-output-")
        .permissions(std::fs::Permissions::from_mode(MODE))
        .tempfile_in(directory)
        .map_err(unwritable)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    let placed = if force { file.persist(path) } else { file.persist_noclobber(path) };
    match placed {
        Ok(_) => Ok(()),
        Err(error) if !force && error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
        Err(error) => Err(unwritable(error.error)),
    }
}

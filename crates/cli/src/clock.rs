//! Times on the command line.

use unix_time::UnixTime;

/// Reads `--at`: RFC 3339.
pub fn parse_time(text: &str) -> Result<UnixTime, String> {
    UnixTime::from_rfc3339(text).map_err(|error| error.to_string())
}

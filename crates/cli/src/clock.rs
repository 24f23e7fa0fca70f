//! Times on the command line.

use unix_time::UnixTime;

/// Reads `--at`: RFC 3339.
pub fn parse_time(text: &str) -> Result<UnixTime, String> {
    UnixTime::from_rfc3339(text).map_err(|_| "write the time as RFC 3339, such as 2025-06-20T00:00:00Z".to_owned())
}

//! The configuration file: lines `key = value`, as `/etc/aesmd.conf` has them.

use std::borrow::Cow;
use std::time::Duration;

use problem::Problem;

use crate::limits::Limits;

/// Keys of Intel's daemon about what there is none of here: EPID, launch lists, and the network they need.
const WITHOUT_EFFECT: [&str; 3] = ["proxy type", "aesm proxy", "whitelist url"];
/// Connections that one may ask for, seconds, and bytes of a request.
const MAX_CONNECTIONS: u32 = 65_536;
const MAX_SECONDS: u32 = 3_600;
const MAX_REQUEST: u32 = 16 << 20;

/// What a configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What clients are held to.
    pub limits: Limits,
    /// How much is logged, where it says so.
    pub log_level: Option<LogLevel>,
    /// What in it has no effect, and why.
    pub warnings: Vec<String>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// Every request.
    Info,
}

/// Why a text is no configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A line is neither empty, nor a comment, nor a key with a value.
    #[error("line {0} is not `key = value`")]
    NotAPair(usize),
    /// A value is none of those that the key has.
    #[error("line {line}: `{value}` is no value of `{key}`")]
    Value {
        /// Which line.
        line: usize,
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
}

impl Problem for ConfigError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotAPair(_) => "configuration_line_malformed".into(),
            Self::Value { .. } => "configuration_value_invalid".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotAPair(_) => "write `key = value`, and comments after `#`".into(),
            Self::Value { .. } => "docs/aesmd.md lists the keys with their values".into(),
        }
    }
}

impl Config {
    /// Reads a configuration. Keys that nobody knows are warned of.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (key, value) = line.split_once('=').ok_or(ConfigError::NotAPair(number))?;
            // Intel's parser takes any white space between the words of a key.
            let key = key.split_whitespace().collect::<Vec<_>>().join(" ");
            let value = value.trim();
            if config.set(&key, value).is_none() {
                return Err(ConfigError::Value { line: number, key, value: value.to_owned() });
            }
        }
        Ok(config)
    }

    /// Nothing where the value is none of the key's.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        let number = |most: u32| value.parse().ok().filter(|number| (1..=most).contains(number));
        let seconds = || number(MAX_SECONDS).map(|seconds| Duration::from_secs(seconds.into()));
        let limits = &mut self.limits;
        match key {
            "max connections" => limits.connections = usize::try_from(number(MAX_CONNECTIONS)?).ok()?,
            "max connections per user" => {
                limits.connections_per_user = usize::try_from(number(MAX_CONNECTIONS)?).ok()?;
            }
            "max request" => limits.request = number(MAX_REQUEST)?,
            "read timeout" => limits.read = seconds()?,
            "write timeout" => limits.write = seconds()?,
            "qpl log level" => {
                self.log_level = Some(match value {
                    "error" => LogLevel::Error,
                    "info" => LogLevel::Info,
                    _ => return None,
                });
            }
            "default quoting type" => match value {
                "ecdsa_256" => {}
                "epid_linkable" | "epid_unlinkable" => self
                    .warnings
                    .push(format!("`{key} = {value}` has no effect: there is no EPID here, and quotes are by ECDSA")),
                _ => return None,
            },
            key if WITHOUT_EFFECT.contains(&key) => {
                self.warnings.push(format!("`{key}` has no effect: this daemon asks nobody over the network"));
            }
            key => self.warnings.push(format!("`{key}` is no key that this daemon knows")),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intels_own_file_is_taken_and_what_has_no_effect_is_named() {
        let text = "# comment\n\nproxy type = direct # here too\naesm   proxy = http://proxy.example:8080\n\
                    whitelist url = http://whitelist.example\ndefault quoting type = ecdsa_256\nqpl log level = error\n";
        let config = Config::parse(text).unwrap();
        assert_eq!((config.limits, config.log_level), (Limits::default(), Some(LogLevel::Error)));
        assert_eq!(config.warnings.len(), 3);
        let warned = Config::parse("default quoting type = epid_linkable\nnonsense = 1").unwrap().warnings;
        assert!(warned[0].contains("no EPID") && warned[1].contains("`nonsense`"), "{warned:?}");
    }

    #[test]
    fn limits_are_set() {
        let text =
            "max connections = 7\nmax connections per user=3\nmax request = 4096\nread timeout = 2\nwrite timeout = 9";
        let (read, write) = (Duration::from_secs(2), Duration::from_secs(9));
        let limits = Limits { connections: 7, connections_per_user: 3, request: 4096, read, write };
        assert_eq!(Config::parse(text).unwrap(), Config { limits, ..Config::default() });
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_line() {
        for (text, words) in [
            ("\nmax connections", "line 2 is not"),
            ("max connections = 0", "`0` is no value"),
            ("max connections = many", "`many` is no value"),
            ("max request = 16777217", "`16777217` is no value of `max request`"),
            ("read timeout = -1", "`-1`"),
            ("write timeout = 3601", "`3601`"),
            ("qpl log level = debug", "`debug`"),
            ("default quoting type = rsa", "`rsa`"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.to_string().contains(words) && !error.help().is_empty(), "{text}: {error}");
        }
    }
}

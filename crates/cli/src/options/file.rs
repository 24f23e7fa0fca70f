//! Configuration files in TOML. Their keys are the names of flags; unknown keys are refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Command};
use policy::{Lines, Position};
use problem::Problem;
use problem::untrusted::excerpt;
use toml::de::{DeTable, DeValue};

use super::declared::{self, Declared, Form};
use crate::failure::{self, Failure};

const MAX_FILE: u64 = 1 << 20;
/// Characters of a key or a value in a message.
const MAX_SHOWN: usize = 80;

/// A file whose keys are known and whose values are valid.
pub struct ConfigFile {
    pub path: PathBuf,
    pub text: String,
    entries: BTreeMap<String, Entry>,
}

/// The value of one key, as an argument of clap has it.
pub struct Entry {
    pub line: usize,
    pub raw: Vec<OsString>,
}

/// Why a file is refused, and where.
#[derive(Debug, thiserror::Error)]
#[error("`{}`, line {}, column {}: {fault}", path.display(), at.line, at.column)]
pub struct InvalidConfig {
    path: PathBuf,
    pub at: Position,
    fault: Fault,
}

/// What is wrong with a file.
#[derive(Debug)]
enum Fault {
    NotText,
    Toml(String),
    Table(String),
    UnknownKey { key: String, similar: Option<String> },
    WrongType { key: String, form: Form, found: &'static str },
    InvalidValue { key: String, value: String, reason: String },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotText => f.write_str("the file is not UTF-8 text"),
            Self::Toml(message) => write!(f, "invalid TOML: {message}"),
            Self::Table(message) => f.write_str(message),
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Self::WrongType { key, form, found } => {
                write!(f, "`{key}` must be {}, but it is {found}", form.expected())
            }
            Self::InvalidValue { key, value, reason } => write!(f, "invalid value `{value}` of `{key}`: {reason}"),
        }
    }
}

impl Problem for InvalidConfig {
    fn code(&self) -> Cow<'static, str> {
        match self.fault {
            Fault::NotText => "config_not_text",
            Fault::Toml(_) => "config_malformed",
            Fault::Table(_) => "config_table_invalid",
            Fault::UnknownKey { .. } => "config_unknown_key",
            Fault::WrongType { .. } => "config_wrong_type",
            Fault::InvalidValue { .. } => "config_invalid_value",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match &self.fault {
            Fault::NotText => "check that it is the right file".into(),
            Fault::Toml(message) if message.contains("duplicate key") => "remove one of the two lines".into(),
            Fault::Toml(_) => {
                "write lines such as public-url = \"https://attest.example\"; `veritee config example` prints a file \
                               with every key"
                    .into()
            }
            Fault::Table(_) => "docs/providers.md describes the tables [[access-issuer]]".into(),
            Fault::UnknownKey { similar: Some(similar), .. } => format!("did you mean `{similar}`?").into(),
            Fault::UnknownKey { .. } => {
                "keys are the names of the flags of `veritee serve`; `veritee config example` prints all of \
                                         them"
                    .into()
            }
            Fault::WrongType { key, form, .. } => {
                let example = match form {
                    Form::Boolean => "true",
                    Form::Integer => "128",
                    Form::Duration => "\"300s\"",
                    Form::Text => "\"...\"",
                    Form::List => "[\"...\"]",
                };
                format!("write {key} = {example}").into()
            }
            Fault::InvalidValue { key, .. } => {
                format!("`veritee serve --help` describes --{key}; the key in the file takes the same values").into()
            }
        }
    }
}

impl ConfigFile {
    /// Reads a file for these options; `tables` are further keys, which the caller reads from the text.
    pub fn read<A: Args>(path: &Path, tables: &[&str]) -> Result<Self, Failure> {
        let bytes = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
        Self::parse::<A>(path, bytes, tables).map_err(|error| Failure::of_usage(&error))
    }

    fn parse<A: Args>(path: &Path, bytes: Vec<u8>, tables: &[&str]) -> Result<Self, InvalidConfig> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            invalid(path, &text, before, Fault::NotText)
        })?;
        let refused = |at: Range<usize>, fault| invalid(path, &text, at.start, fault);
        let table = DeTable::parse(&text).map_err(|error| {
            let fault = Fault::Toml(excerpt(error.message(), MAX_SHOWN));
            refused(error.span().unwrap_or_default(), fault)
        })?;
        let declared = declared::all::<A>();
        let lines = Lines::of(&text);
        let mut entries = BTreeMap::new();
        // In the order of the text, so that the first mistake is reported.
        let mut keys: Vec<_> = table.get_ref().iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let name = key.get_ref().as_ref();
            if tables.contains(&name) {
                continue;
            }
            let Some(option) = declared.iter().find(|option| option.key == name && option.is_key()) else {
                let fault = Fault::UnknownKey { key: excerpt(name, MAX_SHOWN), similar: similar::<A>(name) };
                return Err(refused(key.span(), fault));
            };
            let raw = raw(option, value.get_ref()).map_err(|fault| refused(value.span(), fault))?;
            if raw.is_empty() {
                continue;
            }
            let single = BTreeMap::from([(option.id.clone(), raw.clone())]);
            if let Err(error) = declared::parse::<A>(&single) {
                return Err(refused(value.span(), not_valid(option, &raw, &error)));
            }
            entries.insert(option.id.clone(), Entry { line: lines.position(key.span().start).line, raw });
        }
        drop(table);
        drop(lines);
        Ok(Self { path: path.to_owned(), text, entries })
    }

    /// The values by the names of their arguments.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter()
    }

    /// An error that a reader of the file's tables found.
    pub fn invalid_table(&self, error: &toml::de::Error) -> InvalidConfig {
        let at = error.span().unwrap_or_default().start;
        invalid(&self.path, &self.text, at, Fault::Table(error.message().to_owned()))
    }
}

fn invalid(path: &Path, text: &str, at: usize, fault: Fault) -> InvalidConfig {
    InvalidConfig { path: path.to_owned(), at: Lines::of(text).position(at), fault }
}

/// The value as clap takes it: a text, or several.
fn raw(option: &Declared, value: &DeValue<'_>) -> Result<Vec<OsString>, Fault> {
    let wrong = || Fault::WrongType { key: option.key.clone(), form: option.form, found: type_name(value) };
    let one = match (option.form, value) {
        (Form::Boolean, DeValue::Boolean(truth)) => truth.to_string(),
        (Form::Integer | Form::Duration, DeValue::Integer(number)) => {
            i128::from_str_radix(number.as_str(), number.radix()).map_err(|_| wrong())?.to_string()
        }
        (Form::Duration | Form::Text, DeValue::String(text)) => text.to_string(),
        (Form::List, DeValue::Array(all)) => {
            let texts = all.iter().map(|one| match one.get_ref() {
                DeValue::String(text) => Ok(OsString::from(text.as_ref())),
                _ => Err(wrong()),
            });
            return texts.collect();
        }
        _ => return Err(wrong()),
    };
    Ok(vec![one.into()])
}

const fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

fn not_valid(option: &Declared, raw: &[OsString], error: &clap::Error) -> Fault {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(all)) => Some(all.join(", ")),
        _ => None,
    };
    let of_raw = || raw.first().map(|raw| raw.to_string_lossy().into_owned());
    let value = context(ContextKind::InvalidValue).or_else(of_raw).unwrap_or_default();
    let reason = match (error.source(), context(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(known)) => format!("choose from {known}"),
        (None, None) if value.is_empty() => "it is empty".to_owned(),
        (None, None) => "it is not valid".to_owned(),
    };
    Fault::InvalidValue { key: option.key.clone(), value: excerpt(&value, MAX_SHOWN), reason }
}

/// The key that a misspelt one resembles most.
fn similar<A: Args>(key: &str) -> Option<String> {
    let command = A::augment_args(Command::new("options").no_binary_name(true));
    let error = command.try_get_matches_from([format!("--{key}=value")]).err()?;
    match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(flag) => Some(flag.trim_start_matches("--").to_owned()),
        _ => None,
    }
}

//! The options of a service, each declared once: an argument of clap with a flag, an environment variable, a default and help.
//!
//! [`Given`] is what a command line and the environment say. A [`ConfigFile`] says the same in TOML: its keys are the names of the
//! flags. [`Given::resolve`] puts them together: flags take precedence over environment variables, those over the file, and the file
//! over the defaults. Every value passes the parser of its argument, wherever it comes from.

pub mod declared;
pub mod example;
pub mod file;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::marker::PhantomData;

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::failure::Failure;
use crate::show;
use declared::{Declared, Form};
use file::ConfigFile;

/// Where the value of an option comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    /// The file, in this line.
    File(usize),
    Default,
}

/// The options on a command line and in the environment, before a file is read.
#[derive(Clone)]
pub struct Given<A> {
    values: BTreeMap<String, (Origin, Vec<OsString>)>,
    arguments: PhantomData<A>,
}

/// All options of a service, and where each comes from.
pub struct Resolved<A> {
    pub options: A,
    pub origins: Vec<Value>,
}

/// One option and its value, as it was written.
pub struct Value {
    pub declared: Declared,
    /// None where it is not set and has no default.
    pub raw: Vec<OsString>,
    pub origin: Origin,
}

impl<A: Args> Given<A> {
    /// What the environment says alone.
    pub fn in_environment() -> Result<Self, Failure> {
        let command = A::augment_args(Command::new("options").no_binary_name(true));
        let matches = command.try_get_matches_from([""; 0]).map_err(|error| not_parsed::<A>(&error))?;
        Ok(Self::of(&matches))
    }

    fn of(matches: &ArgMatches) -> Self {
        let mut values = BTreeMap::new();
        for declared in declared::all::<A>() {
            let origin = match matches.value_source(&declared.id) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => Origin::Environment,
                _ => continue,
            };
            let raw = matches.get_raw(&declared.id).into_iter().flatten().map(OsString::from).collect();
            values.insert(declared.id, (origin, raw));
        }
        Self { values, arguments: PhantomData }
    }

    /// Sets an option as its flag does.
    pub fn set(&mut self, id: &str, value: OsString) {
        self.values.insert(id.to_owned(), (Origin::Flag, vec![value]));
    }

    /// The text of an option that is given, such as the path of the file.
    pub fn raw(&self, id: &str) -> Option<&OsString> {
        self.values.get(id).and_then(|(_, raw)| raw.first())
    }

    /// Drops an option that the environment sets, for commands that it does not concern.
    pub fn forget_environment(&mut self, id: &str) {
        if self.values.get(id).is_some_and(|(origin, _)| *origin == Origin::Environment) {
            self.values.remove(id);
        }
    }

    /// Whether a flag sets the option.
    pub fn is_flag(&self, id: &str) -> bool {
        self.values.get(id).is_some_and(|(origin, _)| *origin == Origin::Flag)
    }

    /// Adds what the file and the defaults say of the options that are not given.
    pub fn resolve(self, file: Option<&ConfigFile>) -> Result<Resolved<A>, Failure> {
        let mut values = self.values;
        for (id, entry) in file.into_iter().flat_map(ConfigFile::entries) {
            values.entry(id.clone()).or_insert_with(|| (Origin::File(entry.line), entry.raw.clone()));
        }
        let raw = values.iter().map(|(id, (_, raw))| (id.clone(), raw.clone())).collect();
        let options = declared::parse::<A>(&raw).map_err(|error| not_parsed::<A>(&error))?;
        let origin = |declared: Declared| {
            let (origin, raw) = match values.remove(&declared.id) {
                Some(value) => value,
                None => (Origin::Default, declared.default.iter().map(OsString::from).collect()),
            };
            Value { declared, raw, origin }
        };
        Ok(Resolved { options, origins: declared::all::<A>().into_iter().map(origin).collect() })
    }
}

impl<A: Args> FromArgMatches for Given<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self::of(matches))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.values.extend(Self::of(matches).values);
        Ok(())
    }
}

impl<A: Args> Args for Given<A> {
    fn augment_args(command: Command) -> Command {
        A::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

/// A value that its parser refuses.
fn not_parsed<A: Args>(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let mut message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let help = match variable_of::<A>(error) {
        Some(variable) => {
            message = format!("environment variable {variable}: {message}");
            "change the variable, or unset it; --help lists the values that it takes"
        }
        None => "--help lists the values that it takes",
    };
    Failure::usage("option_invalid", message, help)
}

/// Environment variables with that prefix that no option has: most likely a misspelt name.
pub fn unknown_variables<A: Args>(prefix: &str) -> Vec<String> {
    let declared = declared::all::<A>();
    let is_known = |name: &String| declared.iter().any(|option| option.variable.as_ref() == Some(name));
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with(prefix) && !is_known(name)).collect()
}

/// The environment variable whose value clap refuses; none if the value is a flag's.
fn variable_of<A: Args>(error: &clap::Error) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = context(ContextKind::InvalidArg)?.split(' ').next()?.strip_prefix("--")?;
    let option = declared::all::<A>().into_iter().find(|option| option.key == flag)?;
    let value = std::env::var(option.variable.as_deref()?).ok()?;
    let invalid = context(ContextKind::InvalidValue)?;
    let is_same = value == invalid || (option.form == Form::List && value.split(',').any(|one| one == invalid));
    let is_flag = std::env::args().any(|argument| {
        argument
            .strip_prefix("--")
            .and_then(|rest| rest.strip_prefix(flag))
            .is_some_and(|rest| matches!(rest.get(..1), None | Some("=")))
    });
    option.variable.filter(|_| is_same && !is_flag)
}

/// The parsed command line; or clap's message and the end of the process. Where the mistake is in the environment, a note says so.
pub fn or_exit<T, A: Args, B: Args>(parsed: Result<T, clap::Error>) -> T {
    parsed.unwrap_or_else(|error| {
        if let Some(variable) = variable_of::<A>(&error).or_else(|| variable_of::<B>(&error)) {
            show::note(&format!("note: the value is that of the environment variable {variable}"));
        }
        error.exit()
    })
}

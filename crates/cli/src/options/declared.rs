//! The declarations of options, as clap has them.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use clap::builder::Resettable;
use clap::{Arg, ArgAction, Args, Command};

/// Names the file; so it cannot be in the file.
const CONFIG: &str = "config";

/// One option.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name in clap.
    pub id: String,
    /// The name of its flag, and its key in a file.
    pub key: String,
    /// The name of its value in help; none for one that is on or off.
    pub value_name: Option<String>,
    /// Its environment variable.
    pub variable: Option<String>,
    /// Its value where nothing sets it; none where that is not one value.
    pub default: Vec<String>,
    pub help: String,
    pub form: Form,
}

/// The types of TOML that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Boolean,
    Integer,
    Duration,
    Text,
    List,
}

/// Every option, in the order of its declaration.
pub fn all<A: Args>() -> Vec<Declared> {
    let command = A::augment_args(Command::new("options"));
    command.get_arguments().filter(|argument| argument.get_long().is_some()).map(Declared::of).collect()
}

/// Parses values as clap parses defaults: with the parser of each argument, and without looking at the environment.
pub fn parse<A: Args>(values: &BTreeMap<String, Vec<OsString>>) -> Result<A, clap::Error> {
    let command = A::augment_args(Command::new("options").no_binary_name(true));
    let command = command.mut_args(|argument| {
        let argument = argument.env(Resettable::Reset);
        match values.get(argument.get_id().as_str()) {
            Some(raw) => argument.default_values(raw),
            None => argument,
        }
    });
    A::from_arg_matches(&command.try_get_matches_from([""; 0])?)
}

impl Declared {
    fn of(argument: &Arg) -> Self {
        let text = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string);
        let form = Form::of(argument);
        let names = argument.get_value_names().filter(|_| form != Form::Boolean);
        let defaults = argument.get_default_values().iter().filter(|_| form != Form::Boolean);
        Self {
            id: argument.get_id().to_string(),
            key: argument.get_long().unwrap_or_default().to_owned(),
            value_name: names.and_then(<[_]>::first).map(ToString::to_string),
            variable: argument.get_env().map(|name| name.to_string_lossy().into_owned()),
            default: match form {
                Form::Boolean => vec!["false".to_owned()],
                _ => defaults.map(|value| value.to_string_lossy().into_owned()).collect(),
            },
            help: text(argument.get_long_help()).or(text(argument.get_help())).unwrap_or_default(),
            form,
        }
    }

    /// Whether a file can set it.
    pub fn is_key(&self) -> bool {
        self.id != CONFIG
    }
}

impl Form {
    fn of(argument: &Arg) -> Self {
        let takes = argument.get_value_parser().type_id();
        match argument.get_action() {
            ArgAction::SetTrue => Self::Boolean,
            ArgAction::Append => Self::List,
            _ if takes == TypeId::of::<usize>() => Self::Integer,
            _ if takes == TypeId::of::<Duration>() => Self::Duration,
            _ => Self::Text,
        }
    }

    /// What a file has to say, for messages.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Boolean => "true or false, without quotes",
            Self::Integer => "an integer, without quotes",
            Self::Duration => "a duration in quotes, such as \"300s\"",
            Self::Text => "a text in quotes",
            Self::List => "an array of texts, such as [\"a\", \"b\"]",
        }
    }
}

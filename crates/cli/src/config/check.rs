//! `veritee config check`: what `veritee serve` would do with a file, without starting it.

use std::path::PathBuf;

use serde::Serialize;

use crate::failure::Failure;
use crate::options::declared::Form;
use crate::options::{self, Given, Origin, Value};
use crate::serve::settings::{self, Configuration, SECRETS};
use crate::serve::{addresses, certificate, vault};
use crate::show;

/// Check a configuration file and print each value with where it comes from.
///
/// Environment variables of `veritee serve` count as they do there. Files that the configuration names are read; nothing is created
/// and nothing listens. Exit code 0: `veritee serve` would start with it; 1: it would refuse it.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file. Without it, the one that VERITEE_SERVE_CONFIG names, or none.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The outcome, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    valid: bool,
    file: Option<String>,
    options: Vec<OptionReport>,
    secrets: Vec<SecretReport>,
    access_issuers: usize,
    error: Option<ErrorReport>,
}

#[derive(Serialize)]
struct OptionReport {
    key: String,
    value: Option<serde_json::Value>,
    origin: &'static str,
    /// The line of the file that sets it.
    line: Option<usize>,
    variable: Option<String>,
}

#[derive(Serialize)]
struct SecretReport {
    variable: &'static str,
    set: bool,
}

#[derive(Serialize)]
struct ErrorReport {
    code: String,
    message: String,
    help: String,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    for variable in options::unknown_variables::<settings::Arguments>(settings::VARIABLES) {
        show::note(&format!("note: unknown environment variable `{variable}` has no effect"));
    }
    match check(arguments) {
        Ok(configuration) if arguments.json => show::json(&report(&configuration)),
        Ok(configuration) => show_to_people(&configuration),
        Err(failure) => {
            let failure = failure.or_verdict();
            if !arguments.json || !failure.is_verdict() {
                return Err(failure);
            }
            show::json(&refusal(arguments, &failure))?;
            Err(failure.said())
        }
    }
}

/// Reads what the service would read before it makes anything.
fn check(arguments: &Arguments) -> Result<Configuration, Failure> {
    let mut given = Given::<settings::Arguments>::in_environment()?;
    if let Some(file) = &arguments.file {
        given.set("config", file.into());
    }
    let configuration = Configuration::read(given)?;
    let settings = &configuration.settings;
    settings.access_issuers.trusted(&addresses::planned(settings)?)?;
    vault::configured(settings.key_encryption_key.as_deref())?;
    if let (Some(path), Some(key)) = (&settings.tls_certificate, &settings.tls_key) {
        certificate::operators(path, key)?;
    }
    Ok(configuration)
}

fn report(configuration: &Configuration) -> Report {
    Report {
        valid: true,
        file: configuration.file.as_ref().map(|path| path.display().to_string()),
        options: configuration.options.iter().filter(|value| value.declared.is_key()).map(OptionReport::of).collect(),
        secrets: secrets(),
        access_issuers: configuration.settings.access_issuers.count(),
        error: None,
    }
}

fn refusal(arguments: &Arguments, failure: &Failure) -> Report {
    let text = |text: &str| text.to_owned();
    let (code, message, help) = (text(failure.code()), text(failure.message()), text(failure.help()));
    Report {
        valid: false,
        file: arguments.file.as_ref().map(|path| path.display().to_string()),
        options: Vec::new(),
        secrets: secrets(),
        access_issuers: 0,
        error: Some(ErrorReport { code, message, help }),
    }
}

fn secrets() -> Vec<SecretReport> {
    let secret = |variable| SecretReport { variable, set: std::env::var_os(variable).is_some() };
    SECRETS.iter().map(|known| secret(known.variable)).collect()
}

impl OptionReport {
    fn of(value: &Value) -> Self {
        let texts: Vec<String> = value.raw.iter().map(|raw| raw.to_string_lossy().into_owned()).collect();
        let value_of = |text: &String| match value.declared.form {
            Form::Boolean => (text == "true").into(),
            Form::Integer => text.parse::<u64>().map_or_else(|_| text.as_str().into(), Into::into),
            Form::Duration | Form::Text | Form::List => text.as_str().into(),
        };
        let (origin, line) = match value.origin {
            Origin::Flag => ("flag", None),
            Origin::Environment => ("environment", None),
            Origin::File(line) => ("file", Some(line)),
            Origin::Default => ("default", None),
        };
        Self {
            key: value.declared.key.clone(),
            value: if value.declared.form == Form::List { Some(texts.into()) } else { texts.first().map(value_of) },
            origin,
            line,
            variable: value.declared.variable.clone(),
        }
    }
}

fn show_to_people(configuration: &Configuration) -> Result<(), Failure> {
    let report = report(configuration);
    let of = report.file.as_deref().unwrap_or("no file");
    show::line(&format!("configuration is valid ({of})"))?;
    show::line("")?;
    let width = report.options.iter().map(|option| option.key.len()).max().unwrap_or_default();
    for option in &report.options {
        let value = match &option.value {
            None => "not set".to_owned(),
            Some(serde_json::Value::String(text)) => show::inline(text),
            Some(serde_json::Value::Array(all)) if all.is_empty() => "none".to_owned(),
            Some(serde_json::Value::Array(all)) => {
                show::inline(&all.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", "))
            }
            Some(other) => other.to_string(),
        };
        let origin = match (option.origin, option.line, &option.variable) {
            (_, Some(line), _) => format!("file, line {line}"),
            ("environment", _, Some(variable)) => format!("environment variable {variable}"),
            (origin, ..) => origin.to_owned(),
        };
        show::line(&format!("{:width$}  {value}  ({origin})", option.key))?;
    }
    show::line("")?;
    show::line(&format!("[[access-issuer]]: {}", report.access_issuers))?;
    for secret in &report.secrets {
        show::line(&format!("{}: {}", secret.variable, if secret.set { "set" } else { "not set" }))?;
    }
    Ok(())
}

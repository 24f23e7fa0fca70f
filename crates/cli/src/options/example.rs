//! A complete file, printed from the declarations: every key, commented out, with its help, its default and its other spellings.

use std::fmt::Write;

use clap::Args;

use super::declared::{self, Declared, Form};

/// Characters of a line.
const WIDTH: usize = 100;

/// Every key of these options.
pub fn of<A: Args>() -> String {
    let mut text = String::new();
    for option in declared::all::<A>().iter().filter(|option| option.is_key()) {
        // Writing to a String does not fail.
        let _ = write(&mut text, option);
    }
    text
}

/// `text` as comments, in lines of at most [`WIDTH`] characters.
pub fn comment(text: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut line = "#".to_owned();
        for word in paragraph.split_whitespace() {
            if line.chars().count().saturating_add(word.chars().count()) >= WIDTH && line != "#" {
                lines.push_str(&line);
                lines.push('\n');
                line = "#".to_owned();
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

fn write(text: &mut String, option: &Declared) -> std::fmt::Result {
    text.push('\n');
    text.push_str(&comment(&sentence(&option.help)));
    let name = option.value_name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    write!(text, "# Flag: --{}{name}.", option.key)?;
    if let Some(variable) = &option.variable {
        write!(text, " Environment: {variable}.")?;
    }
    writeln!(text)?;
    writeln!(text, "#{} = {}", option.key, value(option))
}

fn sentence(help: &str) -> String {
    let help = help.trim();
    if help.ends_with(['.', ']']) { help.to_owned() } else { format!("{help}.") }
}

/// The default as the file would have it, or the name of the value.
fn value(option: &Declared) -> String {
    let name = || option.value_name.clone().unwrap_or_default();
    let first = option.default.first().cloned();
    match option.form {
        Form::Boolean | Form::Integer => first.unwrap_or_else(name),
        Form::Duration | Form::Text => quoted(&first.unwrap_or_else(name)),
        Form::List if option.default.is_empty() => "[]".to_owned(),
        Form::List => {
            let all: Vec<String> = option.default.iter().map(|text| quoted(text)).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

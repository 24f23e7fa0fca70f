//! `veritee config`: the configuration file of `veritee serve`, checked before it is used.

mod check;
mod example;

use clap::Subcommand;

use crate::failure::Failure;

/// Check the configuration of `veritee serve`, or print an example of it.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Example(example::Arguments),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Example(arguments) => example::run(arguments),
    }
}

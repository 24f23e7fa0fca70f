//! `veritee token`: checking tokens about evidence, and giving others tokens to administer with.

mod clients;
mod revoke;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;

/// Check the tokens of a service, and give others access to it.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Arguments),
    Revoke(revoke::Arguments),
    Create(clients::Create),
    List(clients::List),
    Delete(clients::Delete),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Revoke(arguments) => revoke::run(arguments),
        Command::Create(create) => clients::create(create),
        Command::List(list) => clients::list(list),
        Command::Delete(delete) => clients::delete(delete),
    }
}

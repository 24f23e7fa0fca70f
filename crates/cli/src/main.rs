//! The `veritee` command.
fn main() {}

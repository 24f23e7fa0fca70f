//! `veritee policy default`: what is in force until something else is set.

use attestation::PolicyType;
use serde_json::json;

use super::parse_type;
use crate::failure::Failure;
use crate::show;

/// Print the policy that is in force for an attestation type until another is set, byte for byte.
///
/// No line end is added, so that the hash of the output is that of the policy.
#[derive(clap::Args)]
pub struct Arguments {
    /// SgxEnclave, OpenEnclave, SevSnpVm or TdxVm.
    #[arg(value_name = "TYPE", value_parser = parse_type)]
    policy_type: PolicyType,
    /// Print JSON: the text with its hash.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let name = arguments.policy_type.as_str();
    let Some(text) = arguments.policy_type.default_policy() else {
        let message = format!("{name} has no default policy");
        return Err(Failure::verdict("no_default_policy", message, "write one: nothing is attested until it is set"));
    };
    if arguments.json {
        return show::json(&json!({"type": name, "policy": text, "x-ms-policy-hash": token::hash::policy_hash(text)}));
    }
    show::text(text)
}

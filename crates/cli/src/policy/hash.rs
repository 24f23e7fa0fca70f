//! `veritee policy hash`: by which hashes tokens name a policy.

use std::path::{Path, PathBuf};

use attestation::policy_jws::{self, MAX_LENGTH};
use policy::Policy;
use serde_json::json;
use token::hash::{policy_hash, policy_hash_legacy, policy_token_hash};

use super::input::read_text;
use super::jws;
use crate::failure::Failure;
use crate::show;

/// Print the hashes by which tokens and answers of a service name a policy.
///
/// `x-ms-policy-hash` and the older `maa-policyHash` are over the text, to the byte; `x-ms-policy-token-hash` is over the
/// JWS as it was submitted, which for a text is taken to be its unsecured JWS.
#[derive(clap::Args)]
pub struct Arguments {
    /// A policy's text or a policy JWS, also in the quotes of JSON; `-` reads standard input.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let contents = read_text(&arguments.file, MAX_LENGTH)?;
    let bare = jws::bare(&contents);
    let (text, jws) = if jws::is_meant(&bare) {
        (jws::read(&bare)?.text().map(str::to_owned), bare)
    } else {
        warn_of_mistakes(&contents, &arguments.file);
        let jws = policy_jws::unsecured(&contents);
        (Some(contents), jws)
    };
    let hash = text.as_deref().map(policy_hash);
    let legacy = text.as_deref().map(policy_hash_legacy);
    let token_hash = policy_token_hash(&jws);
    if arguments.json {
        let hashes = json!({"x-ms-policy-hash": hash, "maa-policyHash": legacy, "x-ms-policy-token-hash": token_hash});
        return show::json(&hashes);
    }
    let none = || "none: the policy is reset".to_owned();
    show::line(&format!("x-ms-policy-hash        {}", hash.unwrap_or_else(none)))?;
    show::line(&format!("maa-policyHash          {}", legacy.unwrap_or_else(none)))?;
    show::line(&format!("x-ms-policy-token-hash  {token_hash}"))
}

/// A hash of something else is compared in vain; but it is not for us to say what another service parses.
fn warn_of_mistakes(text: &str, path: &Path) {
    let Err(mistakes) = Policy::parse(text) else { return };
    let first = mistakes.iter().next().map(ToString::to_string).unwrap_or_default();
    let warning = format!("warning: `{}` does not parse as a policy: {first}", path.display());
    show::note(&warning);
}

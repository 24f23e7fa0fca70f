//! `veritee policy explain`: why a policy decides as it does.

use std::path::PathBuf;

use attestation::{PolicyType, REPORT_VALIDITY};
use evidence::Anchors;
use policy::{Claim, Decision, FullExplanation, Policy};
use unix_time::UnixTime;

use super::input::{parse_type, read_policy, vocabulary};
use super::{claims, diagnostics};
use crate::clock::parse_time;
use crate::failure::{self, Failure};
use crate::show;
use crate::verify::trusted_root;

/// Show why a policy decides as it does: rule by rule, which conditions matched which claims.
///
/// The claims are written by hand, or those that a service would give of a quote. Exit code 0: permitted; 1: not.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("evidence").required(true))]
pub struct Arguments {
    /// The policy's text; `-` reads standard input.
    policy: PathBuf,
    /// Claims of the evidence in JSON: an object of names with values, or a list of {type, value, issuer}.
    #[arg(long, value_name = "JSON", group = "evidence")]
    claims: Option<PathBuf>,
    /// A quote or Open Enclave report, verified with the collateral.
    #[arg(long, value_name = "QUOTE", group = "evidence", requires = "collateral")]
    quote: Option<PathBuf>,
    /// Collateral for the quote: a bundle, dcap-qvl's JSON, or a directory of pieces.
    #[arg(long, value_name = "PATH", requires = "quote")]
    collateral: Option<PathBuf>,
    /// PCK certificate chain in PEM for quotes that do not carry theirs.
    #[arg(long, value_name = "PEM", requires = "quote")]
    pck_chain: Option<PathBuf>,
    /// Judge the quote as of this time instead of now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_time, requires = "quote")]
    at: Option<UnixTime>,
    /// Trust the key of this root certificate instead of Intel's.
    #[arg(long, value_name = "PEM", requires = "quote")]
    trust_root: Option<PathBuf>,
    /// The attestation type that the policy is for. Without it, the properties of all types are known.
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    policy_type: Option<PolicyType>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let text = read_policy(&arguments.policy)?;
    let policy = Policy::parse(&text).map_err(|errors| diagnostics::refused(&arguments.policy, &text, &errors))?;
    let vocabulary = vocabulary(arguments.policy_type);
    let incoming = evidence_claims(arguments)?;
    let explanation = policy.explain_fully(&incoming, &vocabulary);
    if arguments.json {
        show::json(&explanation)?;
    } else {
        show_to_people(&policy, &explanation)?;
    }
    let outcome = &explanation.last().outcome;
    match outcome {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Failure::verdict(Decision::of(outcome).as_str(), failure::chain(refusal), "").said()),
    }
}

fn evidence_claims(arguments: &Arguments) -> Result<Vec<Claim>, Failure> {
    match (&arguments.claims, &arguments.quote, &arguments.collateral) {
        (Some(path), ..) => claims::read(path),
        (None, Some(quote), Some(collateral)) => {
            let anchors = arguments.trust_root.as_deref().map_or_else(|| Ok(Anchors::intel()), trusted_root)?;
            let at = arguments.at.unwrap_or_else(UnixTime::of_system_clock);
            claims::of_quote(quote, collateral, arguments.pck_chain.as_deref(), &anchors, at)
        }
        _ => Err(Failure::usage("evidence_missing", "no claims", "pass --claims, or --quote with --collateral")),
    }
}

fn show_to_people(policy: &Policy, explanation: &FullExplanation) -> Result<(), Failure> {
    show::lines(&explanation.text(policy))?;
    let Some(decision) = &explanation.decision else { return Ok(()) };
    if let Ok(permit) = &decision.outcome {
        show::line("")?;
        show::line(if permit.issued.is_empty() { "issues no claim" } else { "issues" })?;
        for claim in &permit.issued {
            show::line(&format!("  {} = {}", show::inline(&claim.name), claim.value))?;
        }
        for claim in decision.withheld() {
            let name = show::inline(&claim.name);
            show::line(&format!("withholds {name}: the token has the service's own value, or none"))?;
        }
        if let Some(minutes) = permit.properties.value(REPORT_VALIDITY) {
            show::line(&format!(
                "the token is valid for {minutes} minutes, or for the provider's lifetime if that is shorter"
            ))?;
        }
    }
    Ok(())
}

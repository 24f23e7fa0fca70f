//! Evidence claims: written by hand, or taken from a quote.

use std::path::Path;

use ::policy::{Claim, InvalidClaims, claims_from_json};
use evidence::{Anchors, Claims, Context, Requirements};
use problem::Problem;
use serde_json::Value;
use unix_time::UnixTime;

use crate::failure::{self, Failure};
use crate::verify::{Inputs, rejected};

/// Bytes of a file of claims: more than an evaluation takes.
const MAX_FILE: u64 = 1 << 20;
/// The deepest JSON within a claim, such as an event log.
const MAX_DEPTH: usize = 64;

/// Reads claims from a file of JSON; `-` is standard input.
pub fn read(path: &Path) -> Result<Vec<Claim>, Failure> {
    let bytes = failure::read_file(path, MAX_FILE)?;
    let malformed = |message: String, help: String| {
        Failure::usage("claims_malformed", format!("`{}` holds no claims: {message}", path.display()), help)
    };
    let json: Value = strict_json::from_slice(&bytes, MAX_DEPTH)
        .map_err(|error| malformed(failure::chain(&error), InvalidClaims::Shape.help().into_owned()))?;
    claims_from_json(&json).map_err(|error| malformed(failure::chain(&error), error.help().into_owned()))
}

/// The claims that a service gives of a quote. It is verified; whatever can be accepted at all is, for the policy judges.
pub fn of_quote(
    quote: &Path,
    collateral: &Path,
    pck_chain: Option<&Path>,
    anchors: &Anchors,
    at: UnixTime,
) -> Result<Vec<Claim>, Failure> {
    let inputs = Inputs::read(quote, collateral, pck_chain)?;
    let appraisal = inputs.request().appraise(&Context::new(anchors, at), &Requirements::widest());
    let appraisal = appraisal.map_err(|rejection| rejected(&rejection))?;
    Ok(Claims::of(&appraisal, None).incoming())
}

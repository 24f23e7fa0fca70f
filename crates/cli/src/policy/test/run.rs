//! One case: what came out, beside what was expected.

use policy::{Explanation, Refusal, Value as ClaimValue};
use serde_json::{Value, json};

use super::coverage::Coverage;
use super::file::{Case, Decision, TestFile};
use crate::failure::Failure;
use crate::policy::explain;
use crate::show;

/// A case and how it differs from what was expected.
pub struct Outcome {
    file: String,
    name: String,
    differences: Vec<Difference>,
}

struct Difference {
    what: &'static str,
    expected: Vec<String>,
    found: Vec<String>,
}

pub fn case(file: &TestFile, case: &Case, coverage: &mut Coverage) -> Outcome {
    let configuration = file.policy.explain_configuration(&file.vocabulary);
    coverage.add(file, &configuration.rules);
    let decision = configuration.outcome.is_ok().then(|| file.policy.explain(&case.claims, &file.vocabulary));
    if let Some(decision) = &decision {
        coverage.add(file, &decision.rules);
    }
    let differences = differences(case, decision.as_ref().unwrap_or(&configuration));
    Outcome { file: file.path.display().to_string(), name: case.name.clone(), differences }
}

fn differences(case: &Case, found: &Explanation) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what, expected: Vec<String>, found: Vec<String>| {
        if expected != found {
            differences.push(Difference { what, expected, found });
        }
    };
    let expected = &case.expected;
    let decision = found.outcome.as_ref().map_or_else(explain::code, |_| Decision::Permit.as_str());
    if decision != expected.decision.as_str() {
        let by = found.deciding_rule().map_or_else(String::new, |rule| {
            format!(" (by rule {} of {}, line {})", rule.number, rule.section.as_str(), rule.at.line)
        });
        let why = match &found.outcome {
            Err(Refusal::Evaluation(error)) => format!(": {}", error.fault),
            _ => String::new(),
        };
        differ("decision", vec![expected.decision.as_str().to_owned()], vec![format!("{decision}{by}{why}")]);
        return differences;
    }
    if let Some(number) = expected.denied_by {
        let found = found.deciding_rule().map(|rule| rule.number.to_string());
        differ("denied-by", vec![number.to_string()], found.into_iter().collect());
    }
    if let (Some(words), Err(refusal)) = (&expected.error, &found.outcome)
        && !refusal.to_string().contains(words.as_str())
    {
        differ("error", vec![words.clone()], vec![refusal.to_string()]);
    }
    if let Ok(permit) = &found.outcome {
        if let Some(issued) = &expected.issued {
            let found: Vec<_> = permit.issued.iter().map(|claim| (claim.name.clone(), claim.value.clone())).collect();
            differ("issued", sorted(issued), sorted(&found));
        }
        if let Some(properties) = &expected.properties {
            let set = permit.properties.iter();
            // Defaults need not be repeated: only what the case names is looked at.
            let set = set.filter(|(name, _)| properties.iter().any(|(expected, _)| expected == name));
            let found: Vec<_> = set.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            differ("properties", sorted(properties), sorted(&found));
        }
    }
    differences
}

/// As `name = value`, by name; values of one name keep their order.
fn sorted(claims: &[(String, ClaimValue)]) -> Vec<String> {
    let mut claims: Vec<_> = claims.iter().collect();
    claims.sort_by(|(a, _), (b, _)| a.cmp(b));
    claims.into_iter().map(|(name, value)| format!("{} = {value}", show::inline(name))).collect()
}

impl Outcome {
    pub const fn has_passed(&self) -> bool {
        self.differences.is_empty()
    }

    pub fn json(&self) -> Value {
        let differences = self.differences.iter().map(
            |difference| json!({"what": difference.what, "expected": difference.expected, "found": difference.found}),
        );
        json!({
            "file": self.file,
            "name": self.name,
            "passed": self.has_passed(),
            "differences": differences.collect::<Vec<_>>(),
        })
    }

    /// Passed in a line; failed with what was expected (`-`) and what was found (`+`) where they differ.
    pub fn show(&self) -> Result<(), Failure> {
        let verdict = if self.has_passed() { "ok  " } else { "FAIL" };
        show::line(&format!("{verdict} {}: {}", self.file, show::inline(&self.name)))?;
        for difference in &self.differences {
            show::line(&format!("     {}", difference.what))?;
            let only = |lines: &[String], others: &[String], sign: char| {
                let lines = lines.iter().filter(|line| !others.contains(line));
                lines.map(|line| format!("       {sign} {}", show::inline(line))).collect::<Vec<_>>()
            };
            let mut lines = only(&difference.expected, &difference.found, '-');
            lines.extend(only(&difference.found, &difference.expected, '+'));
            if lines.is_empty() {
                // The same lines in another number or order: all of them.
                lines = only(&difference.expected, &[], '-');
                lines.extend(only(&difference.found, &[], '+'));
            }
            lines.iter().try_for_each(|line| show::line(line))?;
        }
        Ok(())
    }
}

//! One case: what came out, compared with what was expected.

use serde::Serialize;

use super::file::Case;
use crate::claims::Value;
use crate::decision::Decision;
use crate::refusal::Refusal;
use crate::trace::Explanation;

/// A case and how its outcome differs from the expected one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseReport {
    /// The name of the test file.
    pub file: String,
    /// The name of the case.
    pub name: String,
    /// Whether everything is as expected.
    pub passed: bool,
    /// What is not.
    pub differences: Vec<Difference>,
}

/// What a case expects and what came out, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The key of the expectation, such as `decision`.
    pub what: &'static str,
    /// What the case expects.
    pub expected: Vec<String>,
    /// What came out.
    pub found: Vec<String>,
}

pub(super) fn compare(file: &str, case: &Case, found: &Explanation) -> CaseReport {
    let differences = differences(case, found);
    CaseReport { file: file.to_owned(), name: case.name.clone(), passed: differences.is_empty(), differences }
}

fn differences(case: &Case, found: &Explanation) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what, expected: Vec<String>, found: Vec<String>| {
        if expected != found {
            differences.push(Difference { what, expected, found });
        }
    };
    let expected = &case.expected;
    let decision = Decision::of(&found.outcome);
    if decision != expected.decision {
        let by = found.deciding_rule().map_or_else(String::new, |rule| {
            format!(" (by rule {} of {}, line {})", rule.number, rule.section.as_str(), rule.at.line)
        });
        let why = match &found.outcome {
            Err(Refusal::Evaluation(error)) => format!(": {}", problem::chain(&error.fault)),
            _ => String::new(),
        };
        differ("decision", vec![expected.decision.as_str().to_owned()], vec![format!("{decision}{by}{why}")]);
        return differences;
    }
    if let Some(number) = expected.denied_by {
        let found = found.deciding_rule().map(|rule| rule.number.to_string());
        differ("denied-by", vec![number.to_string()], found.into_iter().collect());
    }
    if let (Some(words), Err(refusal)) = (&expected.error, &found.outcome) {
        let message = problem::chain(refusal);
        if !message.contains(words.as_str()) {
            differ("error", vec![words.clone()], vec![message]);
        }
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
fn sorted(claims: &[(String, Value)]) -> Vec<String> {
    let mut claims: Vec<_> = claims.iter().collect();
    claims.sort_by(|(a, _), (b, _)| a.cmp(b));
    claims.into_iter().map(|(name, value)| format!("{} = {value}", problem::untrusted::one_line(name))).collect()
}

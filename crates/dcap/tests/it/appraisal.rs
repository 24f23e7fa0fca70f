//! The appraisal in docs/appraisal.md, the code that cites its steps, and the tests that break them belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A step of the document.
struct Step {
    number: String,
    code: String,
    test: String,
}

fn steps() -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/appraisal.md");
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, _, code, test, _] = cells[..] else { return None };
        let name = |cell: &str| cell.trim_matches('`').to_owned();
        let is_step = number.starts_with(|first: char| first.is_ascii_digit());
        is_step.then(|| Step { number: number.to_owned(), code: name(code), test: name(test) })
    };
    text.lines().filter_map(row).collect()
}

/// Names and contents of the files below a directory of this crate.
fn files(directory: &str) -> Vec<(String, String)> {
    fn walk(directory: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut found);
    found
}

/// The numbers that follow "ppraisal step" in a comment, up to the end of its sentence.
fn cited(text: &str) -> BTreeSet<String> {
    let text = text.replace("///", " ").replace("//", " ");
    let mut numbers = BTreeSet::new();
    for after in text.split("ppraisal step").skip(1) {
        for word in after.split_whitespace() {
            let number = word.trim_matches(|c: char| !c.is_ascii_digit());
            let is_number = number.split_once('.').is_some_and(|(one, other)| {
                [one, other].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
            });
            if is_number {
                numbers.insert(number.to_owned());
            } else if !["s", "", "to", "and", "for"].contains(&word.trim_matches(':')) {
                break;
            }
        }
    }
    numbers
}

#[test]
fn the_steps_are_numbered_without_a_gap() {
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    for step in steps() {
        let (section, number) = step.number.split_once('.').unwrap();
        let last = last.entry(section.parse().unwrap()).or_default();
        *last += 1;
        assert_eq!(number.parse(), Ok(*last), "{}", step.number);
    }
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [(1, 6), (2, 7), (3, 10), (4, 18), (5, 5)]);
}

#[test]
fn every_step_is_cited_in_the_code_and_every_citation_is_a_step() {
    let steps: BTreeSet<String> = steps().into_iter().map(|step| step.number).collect();
    let mut missing = steps.clone();
    for (file, text) in files("src") {
        let cited = cited(&text);
        let unknown: Vec<_> = cited.difference(&steps).collect();
        assert!(unknown.is_empty(), "{file} cites {unknown:?}");
        missing.retain(|step| !cited.contains(step));
    }
    assert!(missing.is_empty(), "no code cites {missing:?}");
}

#[test]
fn every_step_has_a_test_that_ends_in_its_error() {
    let tests = files("tests");
    for Step { number, code, test } in steps() {
        let function = format!("#[test]\nfn {test}() {{");
        let row = format!("    {test}: \"{code}\",");
        let is_tested = tests.iter().any(|(_, text)| {
            let body = text.split_once(&function).and_then(|(_, after)| after.split("\n}\n").next());
            text.contains(&row) || body.is_some_and(|body| body.contains(&format!("\"{code}\"")))
        });
        assert!(is_tested, "step {number}: `{test}` does not exist, or does not end in `{code}`");
    }
}

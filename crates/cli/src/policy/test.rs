//! `veritee policy test`: policies against the claims and decisions that their authors expect.

use std::path::{Path, PathBuf};

use policy::Policy;
use policy::test::{CaseReport, PolicyCoverage, PolicySource, Report, Runner, TestFile};
use problem::Problem;

use super::diagnostics;
use super::input::{parse_type, read_policy, vocabulary};
use crate::failure::{self, Failure};
use crate::show;

/// Where tests are found in a directory.
const SUFFIX: &str = ".policy-test.toml";
/// Directories within directories.
const MAX_DEPTH: usize = 16;
/// Test files of one run.
const MAX_FILES: usize = 10_000;
/// Bytes of a test file.
const MAX_FILE: u64 = 1 << 20;

/// Where its shape is described.
const HELP: &str = "see veritee policy test --help for its shape";

/// What a test file looks like.
const EXAMPLE: &str = "\
A test file:

  policy = \"signer.policy\"             # beside this file
  type = \"SgxEnclave\"

  [[case]]
  name = \"debug enclaves are refused\"
  claims = { x-ms-sgx-is-debuggable = true }
  decision = \"deny\"                    # permit, deny, no-permit or error
  denied-by = 1                        # the rule's number in authorizationrules

  [[case]]
  name = \"the version is issued\"
  claims = { x-ms-sgx-is-debuggable = false, x-ms-sgx-svn = 3 }
  decision = \"permit\"
  issued = { version = 3 }             # these claims and no others
";

/// Run policy tests: `*.policy-test.toml`, each with a policy, claims, and what is expected of them.
///
/// Exit code 0: every case is as expected; 1: one is not.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLE)]
pub struct Arguments {
    /// Test files, or directories that are searched for them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Say which rules no case made fire.
    #[arg(long)]
    coverage: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut paths = Vec::new();
    for path in &arguments.paths {
        find(path, 0, &mut paths)?;
    }
    if paths.is_empty() {
        let message = format!(
            "no test in `{}`",
            arguments.paths.first().map(|path| path.display().to_string()).unwrap_or_default()
        );
        return Err(Failure::usage("no_tests", message, format!("tests are files whose names end in {SUFFIX}")));
    }
    let mut runner = Runner::default();
    for path in &paths {
        run_file(path, &mut runner)?;
    }
    let report = if arguments.coverage { runner.report_with_coverage() } else { runner.report() };
    if arguments.json {
        show::json(&report)?
    } else {
        show_to_people(&report)?
    }
    if report.failed == 0 {
        return Ok(());
    }
    Err(Failure::verdict("policy_tests_failed", format!("{} policy tests failed", report.failed), "").said())
}

/// Runs a test file against the policy that it names.
fn run_file(path: &Path, runner: &mut Runner) -> Result<(), Failure> {
    let malformed = |message: &str, help: &str| {
        let message = format!("`{}` is not a policy test: {}", path.display(), message.trim_end());
        Failure::usage("policy_test_malformed", message, help)
    };
    let bytes = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
    let text = String::from_utf8(bytes).map_err(|error| malformed(&error.to_string(), HELP))?;
    let file = TestFile::parse(&text).map_err(|error| malformed(&failure::chain(&error), &error.help()))?;
    let policy_type = file.policy_type().map(parse_type).transpose();
    let policy_type = policy_type.map_err(|message| malformed(&format!("type: {message}"), HELP))?;
    let (policy_path, text) = match file.policy() {
        PolicySource::File(name) => {
            let policy = path.parent().unwrap_or(Path::new("")).join(name);
            let text = read_policy(&policy)?;
            (policy, text)
        }
        PolicySource::Text(text) => (path.to_owned(), text.clone()),
    };
    let policy = Policy::parse(&text).map_err(|errors| diagnostics::refused(&policy_path, &text, &errors))?;
    let (name, policy_name) = (path.display().to_string(), policy_path.display().to_string());
    runner.run(&name, &file, &policy_name, &policy, &vocabulary(policy_type));
    Ok(())
}

fn show_to_people(report: &Report) -> Result<(), Failure> {
    report.cases.iter().try_for_each(show_case)?;
    report.coverage.iter().flatten().try_for_each(show_coverage)?;
    show::line(&format!("{} passed, {} failed", report.passed, report.failed))
}

/// Passed in a line; failed with what was expected (`-`) and what was found (`+`) where they differ.
fn show_case(case: &CaseReport) -> Result<(), Failure> {
    let verdict = if case.passed { "ok  " } else { "FAIL" };
    show::line(&format!("{verdict} {}: {}", case.file, show::inline(&case.name)))?;
    for difference in &case.differences {
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

fn show_coverage(coverage: &PolicyCoverage) -> Result<(), Failure> {
    let rules = &coverage.rules;
    let fired = rules.iter().filter(|rule| rule.fired > 0).count();
    show::line(&format!("coverage of {}: {fired} of {} rules fired", coverage.policy, rules.len()))?;
    for rule in rules.iter().filter(|rule| rule.fired == 0) {
        let why = if rule.evaluated == 0 { "was never evaluated" } else { "never fired" };
        let (number, section, line) = (rule.number, rule.section.as_str(), rule.line);
        show::line(&format!("  rule {number} of {section}, line {line}, {why}"))?;
        show::line(&format!("    {line:>4} | {}", show::inline(&rule.source)))?;
    }
    Ok(())
}

/// The test files at a path, in the order of their names. Links to directories are not followed.
fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let is_directory = if depth == 0 { path.is_dir() } else { path.is_dir() && !path.is_symlink() };
    if !is_directory {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| failure::unreadable(path, &error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_test = entry.file_name().to_string_lossy().ends_with(SUFFIX);
        if (is_test || path.is_dir()) && depth < MAX_DEPTH && found.len() < MAX_FILES {
            find(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

//! `veritee policy test`: policies against the claims and decisions that their authors expect.

mod coverage;
mod file;
mod run;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::show;
use coverage::Coverage;
use file::TestFile;
use run::Outcome;

/// Where tests are found in a directory.
const SUFFIX: &str = ".policy-test.toml";
/// Directories within directories.
const MAX_DEPTH: usize = 16;
/// Test files of one run.
const MAX_FILES: usize = 10_000;

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
    let mut coverage = Coverage::default();
    let mut outcomes = Vec::new();
    for path in &paths {
        let file = TestFile::read(path)?;
        for case in &file.cases {
            outcomes.push(run::case(&file, case, &mut coverage));
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.has_passed()).count();
    if arguments.json {
        show::json(&json!({
            "passed": outcomes.len() - failed,
            "failed": failed,
            "cases": outcomes.iter().map(Outcome::json).collect::<Vec<Value>>(),
            "coverage": arguments.coverage.then(|| coverage.json()),
        }))?;
    } else {
        outcomes.iter().try_for_each(Outcome::show)?;
        if arguments.coverage {
            coverage.show()?;
        }
        show::line(&format!("{} passed, {failed} failed", outcomes.len() - failed))?;
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::verdict("policy_tests_failed", format!("{failed} policy tests failed"), "").said())
}

/// The test files at a path, in the order of their names. Links to directories are not followed.
fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let is_directory = if depth == 0 { path.is_dir() } else { path.is_dir() && !path.is_symlink() };
    if !is_directory {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(|error| crate::failure::unreadable(path, &error))?;
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

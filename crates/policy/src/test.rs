//! Policy tests: the decisions that authors expect of their policies, written down in TOML.
//!
//! A [`TestFile`] names a policy and has cases, each with claims and the expected decision. A [`Runner`] runs the cases of any number
//! of files and gives a [`Report`]. It reads no files: the caller brings the text of the test and of the policy.
//!
//! ```
//! use policy::test::{PolicySource, Runner, TestFile};
//! use policy::{Policy, Vocabulary};
//!
//! let file = TestFile::parse(r#"
//!     policy-text = 'version=1.0;authorizationrules{[type=="svn", value>=2] => permit();};'
//!     [[case]]
//!     name = "an old enclave is refused"
//!     claims = { svn = 1 }
//!     decision = "no-permit"
//! "#)?;
//! let PolicySource::Text(text) = file.policy() else { panic!("the policy is in the file") };
//! let policy = Policy::parse(text)?;
//! let mut runner = Runner::default();
//! runner.run("example", &file, "example", &policy, &Vocabulary::empty());
//! assert_eq!(runner.report().failed, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod coverage;
mod file;

use serde::Serialize;

pub use case::{CaseReport, Difference};
pub use coverage::{PolicyCoverage, RuleCoverage};
pub use file::{InvalidCase, InvalidTestFile, PolicySource, TestFile};

use crate::tree::Policy;
use crate::vocabulary::Vocabulary;
use coverage::Coverage;

/// Runs the cases of test files and collects what came out.
#[derive(Default)]
pub struct Runner {
    cases: Vec<CaseReport>,
    coverage: Coverage,
}

/// The outcome of a run, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many cases are as expected.
    pub passed: usize,
    /// How many cases are not.
    pub failed: usize,
    /// Each case, in the order of the run.
    pub cases: Vec<CaseReport>,
    /// Which rules fired, for each policy; none unless it was asked for.
    pub coverage: Option<Vec<PolicyCoverage>>,
}

impl Runner {
    /// Runs every case of a test file against the policy that it names.
    ///
    /// `name` is the name of the test file in the report. Rules of policies with one `policy_name` are counted together.
    pub fn run(&mut self, name: &str, file: &TestFile, policy_name: &str, policy: &Policy, vocabulary: &Vocabulary) {
        for case in file.cases() {
            let configuration = policy.explain_configuration(vocabulary);
            let decision = configuration.outcome.is_ok().then(|| policy.explain(&case.claims, vocabulary));
            let traces = configuration.rules.iter().chain(decision.iter().flat_map(|decision| &decision.rules));
            self.coverage.count(policy_name, policy, traces);
            self.cases.push(case::compare(name, case, decision.as_ref().unwrap_or(&configuration)));
        }
    }

    /// Returns the outcome so far, without coverage.
    pub fn report(self) -> Report {
        let failed = self.cases.iter().filter(|case| !case.passed).count();
        Report { passed: self.cases.len().saturating_sub(failed), failed, cases: self.cases, coverage: None }
    }

    /// Returns the outcome so far, with the rules that fired.
    pub fn report_with_coverage(mut self) -> Report {
        let coverage = std::mem::take(&mut self.coverage).report();
        Report { coverage: Some(coverage), ..self.report() }
    }
}

//! The appraisal of evidence, and the recognition of files.

mod appraisal;
mod machine;
mod recognition;

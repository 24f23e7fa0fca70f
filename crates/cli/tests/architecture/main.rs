//! The house as ARCHITECTURE.md draws it: crates import downwards only, files in no circle, and errors keep one contract.

mod circles;
mod errors;
mod floors;
mod sources;

//! Tests of the public API.

mod issuers;

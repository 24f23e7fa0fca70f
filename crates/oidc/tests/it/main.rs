//! Tests of the public API.

mod bearer;
mod fetching;
mod fixture;

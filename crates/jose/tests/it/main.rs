//! Tests of the public API.

mod algorithms;
mod jws;
mod times;

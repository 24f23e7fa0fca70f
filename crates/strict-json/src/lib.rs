//! Reads JSON from strangers: no duplicate members, bounded depth.

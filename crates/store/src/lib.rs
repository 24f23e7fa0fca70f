//! What a service keeps: one trait, SQLite.

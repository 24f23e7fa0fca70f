//! Readers of what strangers send, beyond fixed layouts.

mod hcl;

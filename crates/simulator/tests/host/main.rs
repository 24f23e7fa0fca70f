//! Enclaves on a host. They have a program of their own: a host shuts the memory of its process, which other tests would notice.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod loading;
mod machine;
#[path = "../../../sgx/tests/it/programs.rs"]
mod programs;
mod sealing;

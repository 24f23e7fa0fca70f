//! Programs for enclaves, and signers.
#![allow(dead_code)] // each test binary uses its part

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use sgx::sigstruct::EnclaveKey;

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

/// A key as signers make it, in DER.
pub fn key(bits: &str, exponent: &str) -> Vec<u8> {
    let made = Command::new("openssl").args(["genrsa", exponent, bits]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut text = String::from_utf8(made.stdout).unwrap();
    text.retain(|character| character != '\n');
    let body = text.split("-----").nth(2).unwrap().to_owned();
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap()
}

pub fn signer() -> EnclaveKey {
    EnclaveKey::from_der(&key("3072", "-3")).unwrap()
}

/// `relay.rs`, linked statically.
pub fn relay() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let (source, program) = (
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../sgx/tests/it/programs/relay.rs"),
            directory.path().join("relay"),
        );
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(compiler)
            .args(["--edition=2024", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-o"])
            .args([&program, &source])
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        std::fs::read(program).unwrap()
    })
}

/// An executable by hand: headers in a segment of their own, code, and data that zeros follow.
#[derive(Clone)]
pub struct Elf {
    pub file_type: u16,
    pub machine: u16,
    pub entry: u64,
    pub headers: Vec<Header>,
    /// Where the file ends.
    pub length: usize,
}

#[derive(Clone, Copy)]
pub struct Header {
    pub kind: u32,
    pub flags: u32,
    pub offset: u64,
    pub address: u64,
    pub in_file: u64,
    pub in_memory: u64,
}

pub const LOAD: u32 = 1;
pub const DYNAMIC: u32 = 2;
pub const INTERPRETER: u32 = 3;
pub const STACK: u32 = 0x6474_e551;

impl Default for Elf {
    fn default() -> Self {
        let header = |kind, flags, offset, address, in_file, in_memory| Header {
            kind,
            flags,
            offset,
            address,
            in_file,
            in_memory,
        };
        Self {
            file_type: 2,
            machine: 62,
            entry: 0x40_1010,
            headers: vec![
                header(LOAD, 4, 0, 0x40_0000, 0x400, 0x400),
                header(LOAD, 5, 0x1000, 0x40_1000, 0x234, 0x234),
                // From the middle of a page of the file, with a hole in front.
                header(LOAD, 6, 0x1234, 0x40_3234, 0x180, 0x2000),
                header(STACK, 6, 0, 0, 0, 0),
            ],
            length: 0x1400,
        }
    }
}

impl Elf {
    pub fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
        file.resize(16, 0);
        file.extend([self.file_type, self.machine].map(u16::to_le_bytes).concat());
        file.extend(1_u32.to_le_bytes());
        file.extend([self.entry, 64, 0].map(u64::to_le_bytes).concat());
        file.extend(0_u32.to_le_bytes());
        file.extend([64, 56, self.headers.len() as u16, 0, 0, 0].map(u16::to_le_bytes).concat());
        for header in &self.headers {
            file.extend([header.kind, header.flags].map(u32::to_le_bytes).concat());
            let Header { offset, address, in_file, in_memory, .. } = *header;
            file.extend([offset, address, address, in_file, in_memory, 0x1000].map(u64::to_le_bytes).concat());
        }
        let written = file.len();
        file.extend((written..self.length).map(|at| u8::try_from(at % 251).unwrap()));
        file.truncate(self.length);
        file
    }
}

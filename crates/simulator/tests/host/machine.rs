//! Enclaves on machines, each in a process of its own, with its channel in the hands of the test.

use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;
use std::sync::OnceLock;

use abi::sgx::SigStruct;
use sgx::enclu::Channel;
use sgx::image::{Image, Manifest};
use sgx::sigstruct::{EnclaveKey, sign};
use simulator::cpu::{Cpu, CpuSvn, DeviceKeys};
use simulator::host::{Enclave, Host, Loading};

use super::programs::{relay, signer};

pub const LOW: CpuSvn = CpuSvn::Components([1; 16]);
pub const MIDDLE: CpuSvn = CpuSvn::Components([2; 16]);
pub const HIGH: CpuSvn = CpuSvn::Components([3; 16]);
/// More pages than all enclaves of a test.
pub const EPC: u64 = 1 << 20;

/// A key for each of two signers.
pub fn signers() -> &'static [EnclaveKey; 2] {
    static SIGNERS: OnceLock<[EnclaveKey; 2]> = OnceLock::new();
    SIGNERS.get_or_init(|| [signer(), signer()])
}

pub fn cpu(level: CpuSvn, keys: &DeviceKeys) -> Cpu {
    Cpu::new(keys.clone(), level, [9; 32])
}

pub fn host(level: CpuSvn, keys: &DeviceKeys) -> Host {
    Host::new(cpu(level, keys), EPC).unwrap()
}

/// The relay under a manifest with these lines beside the smallest.
pub fn manifest(lines: &str) -> Manifest {
    let has = |name: &str| lines.contains(name);
    let defaults = ["heap-size = 0x10000", "stack-size = 0x4000", "threads = 1", "isv-prod-id = 3", "isv-svn = 4"];
    let needed = defaults.iter().filter(|line| !has(line.split(' ').next().unwrap()));
    let text: String = needed.map(|line| format!("{line}\n")).collect();
    Manifest::from_toml(&format!("{text}{lines}\n")).unwrap()
}

pub fn signed(manifest: &Manifest, key: &EnclaveKey) -> SigStruct {
    let mr_enclave = Image::read(relay(), manifest).unwrap().mr_enclave();
    sign(key, mr_enclave, &manifest.properties(0x2026_1121)).unwrap()
}

/// An enclave that runs, and its channel.
pub struct Running {
    pub enclave: Enclave,
    pub stream: UnixStream,
    pub channel: Channel,
}

pub fn run(host: &Host, lines: &str, key: &EnclaveKey) -> Running {
    run_with(host, lines, key, Loading::default())
}

pub fn run_with(host: &Host, lines: &str, key: &EnclaveKey, loading: Loading) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let manifest = manifest(lines);
    let loading = Loading { arguments: vec![path.into()], stdout: Stdio::null(), ..loading };
    let enclave = host.load(relay(), &manifest, &signed(&manifest, key), loading).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let channel = Channel::over(stream.try_clone().unwrap());
    Running { enclave, stream, channel }
}

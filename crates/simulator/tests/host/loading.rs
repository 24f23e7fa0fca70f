//! The platform process and its enclaves: who is who, what a child gets, and what ends.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::machine::{EPC, HIGH, LOW, Running, cpu, host, manifest, run, run_with, signed, signers};
use super::programs::{Elf, relay};
use abi::sgx::{Attributes, KeyRequest, TargetInfo};
use sgx::SignedImageError;
use sgx::enclu::{ChannelError, EgetkeyError, Enclu};
use sgx::image::{Image, ImageError, ProgramError};
use sgx::sigstruct::{EinitError, sign};
use simulator::cpu::DeviceKeys;
use simulator::host::{Host, LoadError, Loading};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

fn seal_request() -> KeyRequest {
    KeyRequest {
        key_name: KeyRequest::SEAL.into(),
        key_policy: KeyRequest::MRENCLAVE.into(),
        ..KeyRequest::new_zeroed()
    }
}

/// An enclave that answers.
fn is_served(running: &Running) -> bool {
    running.channel.egetkey(&seal_request()).is_ok()
}

/// The channel ends, and the program with it.
fn is_closed(running: &mut Running) -> bool {
    let mut rest = Vec::new();
    running.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ended = running.stream.read_to_end(&mut rest);
    // What was sent and never read resets the connection.
    ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

#[test]
fn a_report_says_what_was_loaded() {
    let (keys, [key, _]) = (DeviceKeys::generate().unwrap(), signers());
    let lines = "debug = true\nxfrm = 7\nmisc-select = 1\nprovision-key = true\n[kss]\nisv-family-id = \"05050505050505050505050505050505\"\n";
    let loading = Loading { config_id: [6; 64], config_svn: 7, ..Loading::default() };
    let running = run_with(&host(HIGH, &keys), lines, key, loading);
    let body = running.channel.ereport(&TargetInfo::new_zeroed(), [8; 64]).unwrap().body;
    assert_eq!(body.mr_enclave, Image::read(relay(), &manifest(lines)).unwrap().mr_enclave());
    assert_eq!((body.mr_signer, body.cpu_svn), (key.mr_signer(), [3; 16]));
    let flags =
        Attributes::INIT | Attributes::DEBUG | Attributes::MODE64BIT | Attributes::PROVISION_KEY | Attributes::KSS;
    assert_eq!((body.attributes.flags.get(), body.attributes.xfrm.get(), body.misc_select.get()), (flags, 7, 1));
    assert_eq!((body.isv_prod_id.get(), body.isv_svn.get()), (3, 4));
    assert_eq!((body.config_id, body.config_svn.get(), body.isv_family_id), ([6; 64], 7, [5; 16]));
    assert_eq!((body.isv_ext_prod_id, body.report_data), ([0; 16], [8; 64]));
}

#[test]
fn an_enclave_gets_its_own_keys_whatever_it_asks_for() {
    let (keys, [key, other_key]) = (DeviceKeys::generate().unwrap(), signers());
    let (cpu, host) = (cpu(HIGH, &keys), host(HIGH, &keys));
    let (enclave, other) = (run(&host, "", key), run(&host, "heap-size = 0x20000", other_key));
    let (own, others) = (enclave.enclave.secs(), other.enclave.secs());
    // Every bit of the request, set alone and beside those of a good one.
    for good in [KeyRequest::new_zeroed(), seal_request()] {
        for bit in 0..KeyRequest::SIZE * 8 {
            let mut asked = good;
            asked.as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            match enclave.channel.egetkey(&asked) {
                Ok(got) => {
                    assert_eq!(*got, *cpu.egetkey(own, &asked).unwrap(), "bit {bit}");
                    let policy = asked.key_policy.get();
                    let is_bound = policy & (KeyRequest::MRENCLAVE | KeyRequest::MRSIGNER) != 0;
                    if is_bound || asked.key_name.get() != KeyRequest::SEAL {
                        assert!(
                            cpu.egetkey(others, &asked).is_err_and(|_| true)
                                || *got != *cpu.egetkey(others, &asked).unwrap()
                        );
                    }
                }
                Err(ChannelError::Refused(refusal)) => {
                    assert_eq!(cpu.egetkey(own, &asked).err(), Some(refusal), "bit {bit}");
                }
                Err(error) => panic!("bit {bit}: {error}"),
            }
        }
    }
    // Every byte of the target and of what is reported: the report is about who asks.
    let expected = cpu.ereport(own, &TargetInfo::new_zeroed(), [0; 64]).unwrap().body;
    for at in 0..TargetInfo::SIZE {
        let mut target = others.target_info();
        target.as_mut_bytes()[at] ^= 0xff;
        match enclave.channel.ereport(&target, [0; 64]) {
            Ok(report) => assert_eq!(report.body, expected, "byte {at}"),
            Err(ChannelError::Refused(EgetkeyError::GeneralProtection)) => {
                assert!((48..50).contains(&at) || (56..64).contains(&at) || at >= 128, "byte {at}");
            }
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    assert!(is_served(&enclave) && is_served(&other));
}

#[test]
fn what_is_no_request_ends_the_channel_that_it_came_over_and_no_other() {
    let (host, [key, _]) = (host(HIGH, &DeviceKeys::generate().unwrap()), signers());
    let bystander = run(&host, "", key);
    for (what, bytes) in [
        ("an unknown leaf", vec![2]),
        ("a giant", vec![0xff; 1 << 20]),
        ("a good request, then none", [[1].as_slice(), seal_request().as_bytes(), &[9]].concat()),
    ] {
        let mut running = run(&host, "", key);
        // The other end may be closed before all is written.
        let _ = running.stream.write_all(&bytes);
        assert!(is_closed(&mut running), "{what}");
        assert!(running.enclave.wait().unwrap().success(), "{what}");
        assert!(is_served(&bystander), "{what}");
    }
    // Neither half a request nor one byte now and then keeps the processor.
    let mut slow = run(&host, "", key);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(8) && slow.stream.write_all(&[1]).is_ok() {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(is_closed(&mut slow) && begun.elapsed() < Duration::from_secs(8));
    // Whoever was silent between requests all the while is not slow.
    assert!(begun.elapsed() > Duration::from_secs(1) && is_served(&bystander));
}

#[test]
fn protected_memory_is_limited_and_comes_back() {
    let (keys, [key, _]) = (DeviceKeys::generate().unwrap(), signers());
    let needed = Image::read(relay(), &manifest("")).unwrap().epc_pages();
    let host = Host::new(cpu(HIGH, &keys), needed * 2 + 1).unwrap();
    let (first, second) = (run(&host, "", key), run(&host, "", key));
    assert_eq!(host.free_epc_pages(), 1);
    let third = || host.load(relay(), &manifest(""), &signed(&manifest(""), key), Loading::default());
    assert!(matches!(third(), Err(LoadError::OutOfEpc { needed: pages, free: 1 }) if pages == needed));
    // Another machine has its own.
    assert!(is_served(&run(&super::machine::host(HIGH, &keys), "", key)));
    first.enclave.kill().unwrap();
    assert!(!first.enclave.wait().unwrap().success());
    assert_eq!(host.free_epc_pages(), needed + 1);
    let third = run(&host, "", key);
    drop(second.enclave);
    // By itself: its outside is gone.
    let Running { enclave, stream, channel } = third;
    drop((stream, channel));
    assert!(enclave.wait().unwrap().success());
    assert_eq!(host.free_epc_pages(), needed * 2 + 1);
    // What is refused after it had its pages gives them back.
    let signed = sign(key, [0; 32], &manifest("").properties(0)).unwrap();
    assert!(host.load(relay(), &manifest(""), &signed, Loading::default()).is_err());
    assert_eq!(host.free_epc_pages(), needed * 2 + 1);
}

#[test]
fn a_child_has_its_channel_and_nothing_else() {
    let (host, [key, _]) = (host(HIGH, &DeviceKeys::generate().unwrap()), signers());
    // Open in this process, as the directory of a platform may be.
    let secret = tempfile::NamedTempFile::new().unwrap();
    let running = run(&host, "", key);
    let process = format!("/proc/{}", running.enclave.process_id());
    assert_eq!(fs::read(format!("{process}/environ")).unwrap(), b"");
    let arguments = fs::read(format!("{process}/cmdline")).unwrap();
    assert!(arguments.starts_with(b"enclave\0") && arguments.iter().filter(|byte| **byte == 0).count() == 2);
    let opened = descriptors(&format!("{process}/fd"));
    let target = |number: &str| opened.iter().find(|(name, _)| name == number).unwrap().1.to_str().unwrap().to_owned();
    assert!(target("0").starts_with("socket:"), "the channel");
    assert_eq!(target("1"), "/dev/null");
    // Whoever started this process may have left it open files for whoever it starts. None is its own.
    let inherited: Vec<_> =
        descriptors("/proc/self/fd").into_iter().filter(|(number, _)| is_passed_on(number)).collect();
    assert!(descriptors("/proc/self/fd").iter().any(|(_, target)| target == secret.path()));
    let rest =
        opened.iter().filter(|opened| !["0", "1", "2"].contains(&opened.0.as_str()) && !inherited.contains(opened));
    let rest: Vec<_> = rest.map(|(_, target)| target.to_str().unwrap()).collect();
    // The relay's own: its copies of the channel, and its way to the test. None is this process's.
    assert!(rest.iter().all(|target| target.starts_with("socket:")), "{rest:?}");
    let own = descriptors("/proc/self/fd");
    assert!(!rest.iter().any(|target| own.iter().any(|(_, own)| own.to_str() == Some(target))), "{rest:?} {own:?}");
}

fn descriptors(directory: &str) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    // One that was closed meanwhile leads nowhere.
    entries.filter_map(|path| Some((name(&path), fs::read_link(&path).ok()?))).collect()
}

/// Whether a descriptor of this process is open in the programs that it starts.
fn is_passed_on(number: &str) -> bool {
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { return false };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    u32::from_str_radix(flags, 8).unwrap() & 0o200_0000 == 0
}

#[test]
fn the_memory_of_the_machine_is_shut() {
    let _host = host(HIGH, &DeviceKeys::generate().unwrap());
    let behavior = rustix::process::dumpable_behavior().unwrap();
    assert_eq!(behavior, rustix::process::DumpableBehavior::NotDumpable);
}

#[test]
fn what_runs_is_what_was_measured_and_cannot_be_changed() {
    let (host, [key, _]) = (host(HIGH, &DeviceKeys::generate().unwrap()), signers());
    let running = run(&host, "", key);
    let program = format!("/proc/{}/exe", running.enclave.process_id());
    assert_eq!(fs::read(&program).unwrap(), relay());
    assert!(fs::OpenOptions::new().write(true).open(&program).and_then(|mut file| file.write_all(b"x")).is_err());
    assert!(fs::OpenOptions::new().write(true).open(&program).and_then(|file| file.set_len(0)).is_err());
    assert_eq!(fs::read(&program).unwrap(), relay());
}

#[test]
fn each_step_of_loading_has_its_error() {
    let (host, [key, _]) = (host(HIGH, &DeviceKeys::generate().unwrap()), signers());
    let good = manifest("");
    let good_signed = signed(&good, key);
    let load = |program: &[u8], lines: &str, loading: Loading| {
        host.load(program, &manifest(lines), &good_signed, loading).map(drop).unwrap_err()
    };
    let plain = |program: &[u8], lines: &str| load(program, lines, Loading::default());
    let mut changed = relay().to_vec();
    changed[0x1000] ^= 1;
    let refused = |error: LoadError| match error {
        LoadError::Signed(SignedImageError::Einit(error)) => error,
        other => panic!("{other}"),
    };
    assert_eq!(refused(plain(&changed, "")), EinitError::InvalidMeasurement);
    assert_eq!(refused(plain(relay(), "heap-size = 0x20000")), EinitError::InvalidMeasurement);
    assert_eq!(refused(plain(relay(), "threads = 2")), EinitError::InvalidMeasurement);
    for lines in ["debug = true", "provision-key = true", "xfrm = 7", "misc-select = 1", "[kss]"] {
        assert_eq!(refused(plain(relay(), lines)), EinitError::InvalidAttribute, "{lines}");
    }
    for (lines, name) in [
        ("isv-prod-id = 4", "isv-prod-id"),
        ("isv-svn = 5", "isv-svn"),
        ("[kss]\nisv-family-id = \"01010101010101010101010101010101\"", "isv-family-id"),
        ("[kss]\nisv-ext-prod-id = \"01010101010101010101010101010101\"", "isv-ext-prod-id"),
    ] {
        assert!(
            matches!(plain(relay(), lines), LoadError::Signed(SignedImageError::ManifestDiffers(differs)) if differs == name),
            "{lines}"
        );
    }
    for loading in
        [Loading { config_id: [1; 64], ..Loading::default() }, Loading { config_svn: 1, ..Loading::default() }]
    {
        assert!(matches!(load(relay(), "", loading), LoadError::ConfigWithoutKss));
    }
    assert!(matches!(plain(b"", ""), LoadError::Image(ImageError::Program(ProgramError::NotElf))));
    let long = vec![0; sgx::image::MAX_EXECUTABLE + 1];
    assert!(matches!(plain(&long, ""), LoadError::Image(ImageError::Program(ProgramError::TooLong(_)))));
    let mut forged = good_signed;
    forged.signature[0] ^= 1;
    let error = host.load(relay(), &good, &forged, Loading::default()).unwrap_err();
    assert_eq!(refused(error), EinitError::InvalidSignature);
    // An image that no kernel runs: at address 0.
    let mut elf = Elf::default();
    elf.entry -= 0x40_0000;
    elf.headers[..3].iter_mut().for_each(|header| header.address -= 0x40_0000);
    let (file, manifest) = (elf.bytes(), manifest(""));
    let mr_enclave = Image::read(&file, &manifest).unwrap().mr_enclave();
    let signed = sign(key, mr_enclave, &manifest.properties(0)).unwrap();
    let free = host.free_epc_pages();
    let ran = host.load(&file, &manifest, &signed, Loading::default());
    assert!(
        matches!(&ran, Err(LoadError::System { action: "start the program", .. })) || {
            // The kernel may find out when it has begun already, and ends it.
            !ran.unwrap().wait().unwrap().success()
        }
    );
    assert_eq!((host.free_epc_pages(), free), (EPC, EPC));
}

#[test]
fn several_machines_have_several_enclaves_at_once() {
    let [key, other_key] = signers();
    let machines = [(); 3].map(|()| DeviceKeys::generate().unwrap()).map(|keys| (host(LOW, &keys), keys));
    let running: Vec<_> = machines
        .iter()
        .flat_map(|(host, keys)| {
            [("", key), ("heap-size = 0x20000", key), ("", other_key)].map(|(lines, key)| (run(host, lines, key), keys))
        })
        .collect();
    let request = KeyRequest { key_policy: 3.into(), ..seal_request() };
    std::thread::scope(|scope| {
        for (running, keys) in &running {
            scope.spawn(move || {
                let own = cpu(LOW, keys).egetkey(running.enclave.secs(), &request).unwrap();
                for _ in 0..200 {
                    assert_eq!(*running.channel.egetkey(&request).unwrap(), *own);
                }
            });
        }
    });
    let mut keys: Vec<[u8; 16]> =
        running.iter().map(|(running, _)| *running.channel.egetkey(&request).unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 9, "each has its own");
}

#[test]
fn a_report_is_the_size_that_the_protocol_says() {
    let (host, [key, _]) = (host(HIGH, &DeviceKeys::generate().unwrap()), signers());
    let mut running = run(&host, "", key);
    // As a program in another language does it.
    running.stream.write_all(&[0; 1 + 512 + 64]).unwrap();
    let mut answer = [1; 4 + 432];
    running.stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..4], [0; 4]);
    let report = abi::sgx::Report::read_from_bytes(&answer[4..]).unwrap();
    assert_eq!(report.body.mr_enclave, running.enclave.secs().mr_enclave);
    let mut request = vec![1];
    request.extend(KeyRequest { key_name: 7.into(), ..seal_request() }.as_bytes());
    running.stream.write_all(&request).unwrap();
    let mut answer = [0; 4];
    running.stream.read_exact(&mut answer).unwrap();
    assert_eq!(u32::from_le_bytes(answer), 0x100, "SGX_INVALID_KEYNAME, and nothing behind it");
    assert!(is_served(&running));
}

//! Who unseals what, and who believes which report: between enclaves in processes of their own.

use super::machine::{HIGH, LOW, MIDDLE, Running, host, run, signers};
use abi::sgx::KeyRequest;
use sgx::enclu::{Channel, ChannelError, EgetkeyError, Enclu};
use sgx::sealing::{SealError, SealedFor, seal, unseal};
use simulator::cpu::DeviceKeys;
use zerocopy::IntoBytes;

/// Enclaves around one: what sets each apart is its name.
struct Around {
    enclave: Running,
    again: Running,
    newer: Running,
    older: Running,
    other_product: Running,
    other_signer: Running,
    debug: Running,
    lower_cpu: Running,
    higher_cpu: Running,
    other_machine: Running,
}

impl Around {
    fn new() -> Self {
        let (keys, [key, other_key]) = (DeviceKeys::generate().unwrap(), signers());
        let (machine, lower, higher) = (host(MIDDLE, &keys), host(LOW, &keys), host(HIGH, &keys));
        let other = host(MIDDLE, &DeviceKeys::generate().unwrap());
        Self {
            enclave: run(&machine, "", key),
            again: run(&machine, "", key),
            // Another program, as far as its measurement says.
            newer: run(&machine, "isv-svn = 5\nheap-size = 0x20000", key),
            older: run(&machine, "isv-svn = 3\nheap-size = 0x20000", key),
            other_product: run(&machine, "isv-prod-id = 9", key),
            other_signer: run(&machine, "", other_key),
            debug: run(&machine, "debug = true", key),
            lower_cpu: run(&lower, "", key),
            higher_cpu: run(&higher, "", key),
            other_machine: run(&other, "", key),
        }
    }
}

/// How an attempt to unseal ends.
#[derive(Debug, PartialEq)]
enum Ends {
    Unsealed,
    NotAuthentic,
    Refused(EgetkeyError),
}

fn attempt(channel: &Channel, sealed: &[u8]) -> Ends {
    match unseal(channel, sealed) {
        Ok(unsealed) => {
            assert_eq!((unsealed.secret.as_slice(), unsealed.clear.as_slice()), (&b"secret"[..], &b"label"[..]));
            Ends::Unsealed
        }
        Err(SealError::NotAuthentic) => Ends::NotAuthentic,
        Err(SealError::Processor(ChannelError::Refused(refusal))) => Ends::Refused(refusal),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn who_unseals_what() {
    use Ends::{NotAuthentic, Refused, Unsealed};
    let around = Around::new();
    let sealed = |sealed_for| seal(&around.enclave.channel, sealed_for, b"secret", b"label").unwrap();
    let (for_enclave, for_signer) = (sealed(SealedFor::Enclave), sealed(SealedFor::Signer));
    for (who, running, of_enclave, of_signer) in [
        ("the enclave itself", &around.enclave, Unsealed, Unsealed),
        ("the same enclave, started again", &around.again, Unsealed, Unsealed),
        ("its signer's newer version", &around.newer, NotAuthentic, Unsealed),
        (
            "its signer's older version",
            &around.older,
            Refused(EgetkeyError::InvalidIsvSvn),
            Refused(EgetkeyError::InvalidIsvSvn),
        ),
        // MRENCLAVE is the same, for the product is not measured; but it is in the key all the same.
        ("another product of its signer", &around.other_product, NotAuthentic, NotAuthentic),
        // The same program and manifest: the measurement is the same, and the key is for that alone.
        ("the same program under another signer", &around.other_signer, Unsealed, NotAuthentic),
        ("the same enclave for debugging", &around.debug, NotAuthentic, NotAuthentic),
        (
            "the same enclave at a lower CPUSVN",
            &around.lower_cpu,
            Refused(EgetkeyError::InvalidCpuSvn),
            Refused(EgetkeyError::InvalidCpuSvn),
        ),
        ("the same enclave at a higher CPUSVN", &around.higher_cpu, Unsealed, Unsealed),
        ("the same enclave on another machine", &around.other_machine, NotAuthentic, NotAuthentic),
    ] {
        assert_eq!(attempt(&running.channel, &for_enclave), of_enclave, "{who}");
        assert_eq!(attempt(&running.channel, &for_signer), of_signer, "{who}");
    }
}

#[test]
fn who_believes_a_report() {
    let around = Around::new();
    let target = around.enclave.enclave.secs().target_info();
    let report = around.newer.channel.ereport(&target, [7; 64]).unwrap();
    for (who, running, believes) in [
        ("its target", &around.enclave, true),
        ("its target, started again", &around.again, true),
        // The report key is for a measurement: product and signer are not in it.
        ("another product of the same program", &around.other_product, true),
        ("the same program under another signer", &around.other_signer, true),
        ("who made it", &around.newer, false),
        ("another enclave", &around.older, false),
        ("its target for debugging", &around.debug, false),
        ("its target after the microcode was lowered", &around.lower_cpu, false),
        ("its target after the microcode was raised", &around.higher_cpu, false),
        ("its target on another machine", &around.other_machine, false),
    ] {
        assert_eq!(running.channel.believes(&report).unwrap(), believes, "{who}");
    }
    for at in 0..432 {
        let mut changed = report;
        changed.as_mut_bytes()[at] ^= 1;
        assert!(!around.enclave.channel.believes(&changed).unwrap(), "byte {at}");
    }
}

#[test]
fn what_was_sealed_cannot_be_changed() {
    let (host, [key, _]) = (host(LOW, &DeviceKeys::generate().unwrap()), signers());
    let running = run(&host, "", key);
    let sealed = seal(&running.channel, SealedFor::Signer, b"secret", b"label").unwrap();
    assert_eq!(sealed.len(), 560 + 6 + 5);
    assert_ne!(sealed, seal(&running.channel, SealedFor::Signer, b"secret", b"label").unwrap(), "each has its key");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(unseal(&running.channel, &changed).is_err(), "byte {at}");
    }
    for length in 0..sealed.len() {
        assert!(matches!(unseal(&running.channel, &sealed[..length]), Err(SealError::Malformed)), "{length}");
    }
    assert!(matches!(seal(&running.channel, SealedFor::Enclave, b"", b"label"), Err(SealError::Empty)));
    let long = vec![0; sgx::sealing::MAX_SEALED + 1];
    assert!(matches!(seal(&running.channel, SealedFor::Enclave, &long, b""), Err(SealError::TooLong(_))));
}

/// With neither policy the key is every enclave's: whoever has it could pass off something as sealed.
#[test]
fn what_is_bound_to_nobody_is_not_unsealed() {
    let (host, [key, other_key]) = (host(LOW, &DeviceKeys::generate().unwrap()), signers());
    let (victim, forger) = (run(&host, "", key), run(&host, "", other_key));
    let mut forged = seal(&forger.channel, SealedFor::Signer, b"secret", b"").unwrap();
    forged[2] = 0;
    assert!(matches!(unseal(&victim.channel, &forged), Err(SealError::Unbound)));
    // Nor is what another key than a seal key was used for.
    let mut report_key = seal(&victim.channel, SealedFor::Enclave, b"secret", b"").unwrap();
    report_key[0] = KeyRequest::REPORT as u8;
    assert!(matches!(unseal(&victim.channel, &report_key), Err(SealError::Malformed)));
}

#[test]
fn with_kss_the_configuration_is_part_of_the_key() {
    let (host, [key, _]) = (host(LOW, &DeviceKeys::generate().unwrap()), signers());
    let with = |lines: &str, config: u8, config_svn| {
        let loading = simulator::host::Loading { config_id: [config; 64], config_svn, ..Default::default() };
        super::machine::run_with(&host, lines, key, loading)
    };
    let enclave = with("[kss]", 1, 2);
    let sealed = seal(&enclave.channel, SealedFor::Signer, b"secret", b"label").unwrap();
    assert_eq!(attempt(&with("[kss]", 1, 3).channel, &sealed), Ends::Unsealed);
    assert_eq!(attempt(&with("[kss]", 2, 2).channel, &sealed), Ends::NotAuthentic);
    assert_eq!(attempt(&with("[kss]", 1, 1).channel, &sealed), Ends::Refused(EgetkeyError::InvalidIsvSvn));
    let family = "[kss]\nisv-family-id = \"01010101010101010101010101010101\"";
    assert_eq!(attempt(&with(family, 1, 2).channel, &sealed), Ends::NotAuthentic);
    assert_eq!(attempt(&run(&host, "", key).channel, &sealed), Ends::Refused(EgetkeyError::GeneralProtection));
}

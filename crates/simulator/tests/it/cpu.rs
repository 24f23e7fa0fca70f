//! The processor: who gets which key, and who believes which report.

use abi::sgx::{Attributes, KeyRequest};
use sgx::Secs;
use sgx::enclu::{EgetkeyError, Key128, verifies};
use simulator::cpu::{Cpu, CpuSvn, DeviceKeys};
use zerocopy::{FromZeros, IntoBytes};

const LOW: CpuSvn = CpuSvn::Components([1; 16]);
const HIGH: CpuSvn = CpuSvn::Components([2; 16]);

fn enclave() -> Secs {
    Secs {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        attributes: attributes(Attributes::INIT | Attributes::MODE64BIT),
        misc_select: 0,
        isv_prod_id: 3,
        isv_svn: 4,
        config_id: [0; 64],
        config_svn: 0,
        isv_family_id: [0; 16],
        isv_ext_prod_id: [0; 16],
    }
}

fn attributes(flags: u64) -> Attributes {
    Attributes { flags: flags.into(), xfrm: 3.into() }
}

fn request(key_name: u16, key_policy: u16) -> KeyRequest {
    KeyRequest {
        key_name: key_name.into(),
        key_policy: key_policy.into(),
        cpu_svn: LOW.bytes(),
        attribute_mask: Attributes { flags: (!Attributes::MODE64BIT).into(), xfrm: 0.into() },
        misc_mask: u32::MAX.into(),
        ..KeyRequest::new_zeroed()
    }
}

fn cpu(level: CpuSvn, keys: &DeviceKeys) -> Cpu {
    Cpu::new(keys.clone(), level, [9; 32])
}

fn key(cpu: &Cpu, enclave: &Secs, request: &KeyRequest) -> [u8; 16] {
    let key: Key128 = cpu.egetkey(enclave, request).unwrap();
    *key
}

#[test]
fn who_unseals_what_was_sealed() {
    let keys = DeviceKeys::generate().unwrap();
    let (machine, other_machine) = (cpu(HIGH, &keys), cpu(HIGH, &DeviceKeys::generate().unwrap()));
    let lower = cpu(LOW, &keys);
    let sealer = enclave();
    let next_version = Secs { mr_enclave: [7; 32], isv_svn: 5, ..sealer };
    let former_version = Secs { mr_enclave: [6; 32], isv_svn: 3, ..sealer };
    let other_product = Secs { mr_enclave: [7; 32], isv_prod_id: 4, ..sealer };
    let other_signer = Secs { mr_signer: [8; 32], ..sealer };
    let debug = Secs { attributes: attributes(Attributes::INIT | Attributes::MODE64BIT | Attributes::DEBUG), ..sealer };
    // By whom, on which machine; whether it unseals what is for its MRENCLAVE, and what is for its MRSIGNER.
    for (who, enclave, on, by_measurement, by_signer) in [
        ("the same enclave", &sealer, &machine, true, true),
        ("its next version", &next_version, &machine, false, true),
        ("its former version", &former_version, &machine, false, false),
        ("another product of the signer", &other_product, &machine, false, false),
        // MRSIGNER is no part of a key that is for the MRENCLAVE alone.
        ("the same code by another signer", &other_signer, &machine, true, false),
        ("the same for debugging", &debug, &machine, false, false),
        ("the same on another machine", &sealer, &other_machine, false, false),
        ("the same with microcode that was lowered", &sealer, &lower, false, false),
    ] {
        for (policy, unseals) in [(KeyRequest::MRENCLAVE, by_measurement), (KeyRequest::MRSIGNER, by_signer)] {
            let sealed = KeyRequest {
                isv_svn: sealer.isv_svn.into(),
                cpu_svn: HIGH.bytes(),
                key_id: [5; 32],
                ..request(KeyRequest::SEAL, policy)
            };
            let found = on.egetkey(enclave, &sealed).map(|found| *found == key(&machine, &sealer, &sealed));
            assert_eq!(found.unwrap_or(false), unseals, "{who}, policy {policy}: {found:?}");
        }
    }
    // What was sealed before the microcode was raised is unsealed after it.
    let before = request(KeyRequest::SEAL, KeyRequest::MRSIGNER);
    assert_eq!(key(&lower, &sealer, &before), key(&machine, &sealer, &before));
    // Keys of other KEYIDs, and names, have nothing in common.
    let other_id = KeyRequest { key_id: [6; 32], ..before };
    assert_ne!(key(&machine, &sealer, &before), key(&machine, &sealer, &other_id));
}

#[test]
fn what_kss_adds_divides_keys_where_the_policy_says_so() {
    let machine = cpu(LOW, &DeviceKeys::generate().unwrap());
    let kss = Secs {
        attributes: attributes(Attributes::INIT | Attributes::MODE64BIT | Attributes::KSS),
        config_id: [1; 64],
        config_svn: 2,
        isv_family_id: [3; 16],
        isv_ext_prod_id: [4; 16],
        ..enclave()
    };
    let changed = [
        (KeyRequest::CONFIGID, Secs { config_id: [9; 64], ..kss }),
        (KeyRequest::ISVFAMILYID, Secs { isv_family_id: [9; 16], ..kss }),
        (KeyRequest::ISVEXTPRODID, Secs { isv_ext_prod_id: [9; 16], ..kss }),
    ];
    for (policy, other) in changed {
        let (plain, selected) = (request(KeyRequest::SEAL, KeyRequest::MRSIGNER), request(KeyRequest::SEAL, policy));
        assert_eq!(key(&machine, &kss, &plain), key(&machine, &other, &plain));
        assert_ne!(key(&machine, &kss, &selected), key(&machine, &other, &selected));
    }
    let other_product = Secs { isv_prod_id: 9, ..kss };
    let any_product = request(KeyRequest::SEAL, KeyRequest::MRSIGNER | KeyRequest::NOISVPRODID);
    assert_eq!(key(&machine, &kss, &any_product), key(&machine, &other_product, &any_product));
    let older = KeyRequest { config_svn: 1.into(), ..request(KeyRequest::SEAL, KeyRequest::CONFIGID) };
    let newer = KeyRequest { config_svn: 2.into(), ..older };
    assert_ne!(key(&machine, &kss, &older), key(&machine, &kss, &newer));
}

#[test]
fn each_rule_of_egetkey_has_its_error() {
    let machine = cpu(LOW, &DeviceKeys::generate().unwrap());
    let seal = request(KeyRequest::SEAL, KeyRequest::MRENCLAVE);
    let with = |change: fn(&mut KeyRequest)| {
        let mut request = seal;
        change(&mut request);
        request
    };
    for (what, request, error) in [
        ("an ISVSVN to come", with(|request| request.isv_svn = 5.into()), EgetkeyError::InvalidIsvSvn),
        ("a CPUSVN to come", with(|request| request.cpu_svn[15] = 2), EgetkeyError::InvalidCpuSvn),
        ("an unknown name", with(|request| request.key_name = 5.into()), EgetkeyError::InvalidKeyName),
        ("a reserved byte", with(|request| request.reserved2[433] = 1), EgetkeyError::GeneralProtection),
        ("another", with(|request| request.reserved1[0] = 1), EgetkeyError::GeneralProtection),
        ("an unknown policy", with(|request| request.key_policy = 0x40.into()), EgetkeyError::GeneralProtection),
        ("CONFIGSVN without KSS", with(|request| request.config_svn = 1.into()), EgetkeyError::GeneralProtection),
        ("CONFIGID without KSS", with(|request| request.key_policy = 8.into()), EgetkeyError::GeneralProtection),
        ("NOISVPRODID without KSS", with(|request| request.key_policy = 4.into()), EgetkeyError::GeneralProtection),
        ("PROVISION", with(|request| request.key_name = 1.into()), EgetkeyError::InvalidAttribute),
        ("PROVISION_SEAL", with(|request| request.key_name = 2.into()), EgetkeyError::InvalidAttribute),
        ("EINITTOKEN", with(|request| request.key_name = 0.into()), EgetkeyError::InvalidAttribute),
    ] {
        assert_eq!(machine.egetkey(&enclave(), &request).map(drop), Err(error), "{what}");
    }
    let kss = Secs { attributes: attributes(Attributes::INIT | Attributes::KSS), config_svn: 1, ..enclave() };
    let to_come = with(|request| request.config_svn = 2.into());
    assert_eq!(machine.egetkey(&kss, &to_come).map(drop), Err(EgetkeyError::InvalidIsvSvn));
    let codes = [EgetkeyError::InvalidAttribute, EgetkeyError::InvalidCpuSvn, EgetkeyError::InvalidIsvSvn];
    assert_eq!(codes.map(EgetkeyError::eax), [Some(2), Some(0x20), Some(0x40)]);
    assert_eq!(EgetkeyError::InvalidKeyName.eax(), Some(0x100));
    assert_eq!(EgetkeyError::GeneralProtection.eax(), None);
}

#[test]
fn a_report_is_believed_by_its_target_on_the_same_machine_alone() {
    let keys = DeviceKeys::generate().unwrap();
    let (machine, other_machine) = (cpu(LOW, &keys), cpu(LOW, &DeviceKeys::generate().unwrap()));
    let (reporter, target) = (Secs { mr_enclave: [7; 32], ..enclave() }, enclave());
    let report = machine.ereport(&reporter, &target.target_info(), [8; 64]).unwrap();
    assert_eq!((report.body.mr_enclave, report.body.report_data, report.key_id), ([7; 32], [8; 64], [9; 32]));
    let ask = KeyRequest { key_id: report.key_id, ..request(KeyRequest::REPORT, 0) };
    // An ISVSVN beyond its own does not matter here: the key does not depend on it.
    let ask = KeyRequest { isv_svn: 99.into(), ..ask };
    for (who, verifier, on, believes) in [
        ("the target", &target, &machine, true),
        ("its next version", &Secs { mr_enclave: [6; 32], ..target }, &machine, false),
        (
            "the target for debugging",
            &Secs { attributes: attributes(Attributes::INIT | Attributes::DEBUG), ..target },
            &machine,
            false,
        ),
        ("the target with another MISCSELECT", &Secs { misc_select: 1, ..target }, &machine, false),
        ("the reporter itself", &reporter, &machine, false),
        ("the target on another machine", &target, &other_machine, false),
    ] {
        let report_key = on.egetkey(verifier, &ask).unwrap();
        assert_eq!(verifies(&report, &report_key).unwrap(), believes, "{who}");
    }
    let report_key = machine.egetkey(&target, &ask).unwrap();
    for at in [0, 64, 200, 383] {
        let mut changed = report;
        changed.body.as_mut_bytes()[at] ^= 1;
        assert!(!verifies(&changed, &report_key).unwrap(), "byte {at}");
    }
    // Another start of the machine has another KEYID, and old reports are still believed.
    let restarted = Cpu::new(keys, LOW, [10; 32]);
    let again = restarted.ereport(&reporter, &target.target_info(), [8; 64]).unwrap();
    assert_ne!(again.mac, report.mac);
    assert!(verifies(&report, &restarted.egetkey(&target, &ask).unwrap()).unwrap());
}

#[test]
fn the_owner_of_the_machine_has_no_part_in_provisioning_keys() {
    let keys = DeviceKeys::generate().unwrap();
    let provisioner = Secs {
        attributes: attributes(Attributes::INIT | Attributes::MODE64BIT | Attributes::PROVISION_KEY),
        ..enclave()
    };
    let (one, other) = (cpu(LOW, &keys), cpu(LOW, &keys.with_owner_epoch([1; 16])));
    let same = |request: &KeyRequest| key(&one, &provisioner, request) == key(&other, &provisioner, request);
    assert!(same(&request(KeyRequest::PROVISION, 0)) && same(&request(KeyRequest::PROVISION_SEAL, 0)));
    assert!(!same(&request(KeyRequest::SEAL, KeyRequest::MRSIGNER)) && !same(&request(KeyRequest::REPORT, 0)));
    // Nor has the KEYID.
    let with_id = KeyRequest { key_id: [1; 32], ..request(KeyRequest::PROVISION, 0) };
    assert_eq!(key(&one, &provisioner, &with_id), key(&one, &provisioner, &request(KeyRequest::PROVISION, 0)));
}

/// Computed by another program from the layout, with the CMAC of another library.
#[test]
fn sdk_compat_gives_the_keys_of_intels_simulation() {
    let flags = Attributes::INIT
        | Attributes::DEBUG
        | Attributes::MODE64BIT
        | Attributes::PROVISION_KEY
        | Attributes::EINITTOKEN_KEY
        | Attributes::KSS;
    let enclave = Secs {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        attributes: Attributes { flags: flags.into(), xfrm: 7.into() },
        misc_select: 1,
        isv_prod_id: 0x304,
        isv_svn: 9,
        config_id: [5; 64],
        config_svn: 6,
        isv_family_id: [7; 16],
        isv_ext_prod_id: [8; 16],
    };
    let request = |key_name: u16| KeyRequest {
        key_name: key_name.into(),
        key_policy: 0x3b.into(),
        isv_svn: 8.into(),
        config_svn: 5.into(),
        // Zeros stand for the default level.
        cpu_svn: [0; 16],
        attribute_mask: Attributes { flags: (!Attributes::MODE64BIT).into(), xfrm: 3.into() },
        key_id: std::array::from_fn(|at| u8::try_from(at).unwrap()),
        misc_mask: u32::MAX.into(),
        ..KeyRequest::new_zeroed()
    };
    for level in [CpuSvn::SdkDefault, CpuSvn::SdkUpgraded] {
        let cpu = Cpu::sdk_compat(level);
        for (key_name, expected) in [
            (KeyRequest::SEAL, "7317872845cf56ac05989d02cae03c33"),
            (KeyRequest::PROVISION, "94957523c5827b58823b71ee3df37d4e"),
            (KeyRequest::PROVISION_SEAL, "a216baa7a2ef6ce7f37e673e622028b0"),
            (KeyRequest::EINITTOKEN, "e96bed4ebc41da7bfd09f92dd79ea484"),
            (KeyRequest::REPORT, "078ce956668e2931a2be25a6d9266d89"),
        ] {
            assert_eq!(hex::encode(key(&cpu, &enclave, &request(key_name))), expected, "{key_name} at {level:?}");
        }
    }
    let downgraded = Cpu::sdk_compat(CpuSvn::SdkDowngraded);
    let refused = downgraded.egetkey(&enclave, &request(KeyRequest::SEAL)).map(drop);
    assert_eq!(refused, Err(EgetkeyError::InvalidCpuSvn), "the default is above it");
    let report = Cpu::sdk_compat(CpuSvn::SdkDefault).ereport(&enclave, &enclave.target_info(), [0; 64]).unwrap();
    assert_eq!(hex::encode(report.key_id), format!("{}{}", "ff00".repeat(8), "00".repeat(16)));
}

#[test]
fn secrets_do_not_show_themselves() {
    let keys = DeviceKeys::generate().unwrap();
    assert_eq!(format!("{keys:?}"), "DeviceKeys { .. }");
}

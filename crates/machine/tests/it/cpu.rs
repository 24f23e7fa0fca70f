//! CPUID.

use std::collections::BTreeMap;

use machine::{EpcSection, Registers, SgxCpu};

/// What a processor answers by leaf and subleaf; of others, as a processor does, what the highest leaf has.
type Answers = BTreeMap<(u32, u32), Registers>;

fn decode(answers: &Answers) -> SgxCpu {
    SgxCpu::decode(|leaf, subleaf| answers.get(&(leaf, subleaf)).copied().unwrap_or_default())
}

fn registers(eax: u32, ebx: u32, ecx: u32, edx: u32) -> Registers {
    Registers { eax, ebx, ecx, edx }
}

/// A server with two sections of protected memory, written down by hand from the manual's tables.
fn server() -> Answers {
    BTreeMap::from([
        ((0, 0), registers(0x20, 0x756e_6547, 0x6c65_746e, 0x4965_6e69)),
        ((7, 0), registers(2, 1 << 2, 1 << 30, 0)),
        ((0x12, 0), registers(0b11, 1, 0, 0x381f)),
        ((0x12, 1), registers(0xb6, 0, 0x2e7, 1)),
        ((0x12, 2), registers(0x00c0_0001, 0x70, 0xfe40_0001, 0x1)),
        ((0x12, 3), registers(0x8000_0001, 0xf0, 0x0020_0001, 0)),
    ])
}

#[test]
fn decodes_what_a_server_says() {
    let cpu = decode(&server());
    assert!(cpu.intel && cpu.sgx && cpu.launch_control && cpu.sgx1 && cpu.sgx2 && cpu.kss());
    assert_eq!((cpu.misc_select, cpu.attributes, cpu.xfrm), (1, 0xb6, 0x1_0000_02e7));
    assert_eq!((cpu.max_enclave_bits_32, cpu.max_enclave_bits_64), (31, 56));
    let sections = [
        EpcSection { base: 0x70_00c0_0000, size: 0x1_fe40_0000 },
        EpcSection { base: 0xf0_8000_0000, size: 0x20_0000 },
    ];
    assert_eq!(cpu.epc, sections);
    assert_eq!(cpu.epc_bytes(), 0x1_fe60_0000);
}

#[test]
fn addresses_have_52_bits_and_whole_pages() {
    let mut answers = server();
    answers.insert((0x12, 2), registers(0xffff_fff1, u32::MAX, u32::MAX, u32::MAX));
    let section = decode(&answers).epc[0];
    assert_eq!((section.base, section.size), (0xf_ffff_ffff_f000, 0xf_ffff_ffff_f000));
}

#[test]
fn a_processor_without_sgx_is_not_asked_for_more() {
    let mut answers = server();
    answers.insert((7, 0), registers(2, 0, 1 << 30, 0));
    let cpu = decode(&answers);
    assert!(cpu.intel && !cpu.sgx && cpu.launch_control && !cpu.sgx1 && cpu.epc.is_empty());
}

#[test]
fn leaves_above_the_highest_are_not_believed() {
    let mut answers = server();
    answers.get_mut(&(0, 0)).unwrap().eax = 0x11;
    let cpu = decode(&answers);
    assert!(cpu.sgx && !cpu.sgx1 && cpu.epc.is_empty());
    answers.get_mut(&(0, 0)).unwrap().eax = 6;
    assert_eq!(decode(&answers), SgxCpu { intel: true, ..SgxCpu::default() });
}

#[test]
fn another_vendor_is_not_intel() {
    let mut answers = server();
    answers.insert((0, 0), registers(0x20, 0x6874_7541, 0x444d_4163, 0x6974_6e65));
    assert!(!decode(&answers).intel);
}

#[test]
fn sections_that_do_not_end_are_cut_off() {
    let cpu = SgxCpu::decode(|leaf, subleaf| match (leaf, subleaf) {
        (0x12, 2..) => registers(1, 0, u32::MAX, u32::MAX),
        _ => server().get(&(leaf, subleaf)).copied().unwrap_or_default(),
    });
    assert_eq!(cpu.epc.len(), 64);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_processor_here_answers() {
    let cpu = SgxCpu::here().unwrap();
    assert!(cpu.sgx || cpu.epc.is_empty());
}

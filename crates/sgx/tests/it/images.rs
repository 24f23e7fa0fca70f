//! Images: which programs are taken, and what is measured of them.

use super::programs::{DYNAMIC, Elf, Header, INTERPRETER, LOAD, relay, sha256, signer};
use problem::Problem;
use sgx::image::{Image, ImageError, LayoutError, Manifest, Part, Program, ProgramError};
use sgx::sigstruct::{einit, sign};
use zerocopy::IntoBytes;

const MANIFEST: &str = "heap-size = 0x3000
stack-size = 0x2000
threads = 2
isv-prod-id = 3
isv-svn = 4
";

fn manifest(text: &str) -> Manifest {
    Manifest::from_toml(text).unwrap()
}

/// A page of MRENCLAVE's log: that it is there, and what is in it.
fn page(log: &mut Vec<u8>, offset: u64, flags: u64, contents: Option<&[u8]>) {
    let block = |name: &[u8; 8], numbers: &[u64]| {
        let mut block = [name.as_slice(), numbers.as_bytes()].concat();
        block.resize(64, 0);
        block
    };
    log.extend(block(b"EADD\0\0\0\0", &[offset, flags]));
    let Some(contents) = contents else { return };
    let mut page = contents.to_vec();
    page.resize(4096, 0);
    for (number, chunk) in page.chunks(256).enumerate() {
        log.extend(block(b"EEXTEND\0", &[offset + number as u64 * 256]));
        log.extend(chunk);
    }
}

/// MRENCLAVE of [`MANIFEST`] as docs/enclave-image.md describes it, and nothing of ours called.
fn measured_by_hand(file: &[u8]) -> [u8; 32] {
    let number = |at: u64, bytes: u64| (0..bytes).rev().fold(0, |sum, n| sum << 8 | u64::from(file[(at + n) as usize]));
    let (entry, headers, count) = (number(24, 8), number(32, 8), number(56, 2));
    let loads = (0..count).map(|n| headers + n * 56).filter(|at| number(*at, 4) == 1);
    let loads: Vec<[u64; 5]> = loads
        .map(|at| [number(at + 4, 4), number(at + 8, 8), number(at + 16, 8), number(at + 32, 8), number(at + 40, 8)])
        .collect();
    let base = loads[0][2] & !0xfff;
    let (mut pages, mut end) = (Vec::new(), 0);
    for [flags, offset, address, in_file, in_memory] in loads {
        let flags = flags >> 2 & 1 | flags & 2 | (flags & 1) << 2 | 0x200;
        end = (address + in_memory).next_multiple_of(4096) - base;
        let file_end = if in_file < in_memory { offset + in_file } else { (offset + in_file).next_multiple_of(4096) };
        let mut from = offset & !0xfff;
        for at in (((address & !0xfff) - base)..end).step_by(4096) {
            let until = (from + 4096).min(file_end).min(file.len() as u64).max(from.min(file.len() as u64));
            let contents = if in_file == 0 { &[] } else { &file[from.min(until) as usize..until as usize] };
            page(&mut pages, at, flags, Some(contents));
            from += 4096;
        }
    }
    for _ in 0..3 {
        page(&mut pages, end, 0x203, None);
        end += 4096;
    }
    for _thread in 0..2 {
        end += 4096;
        for _ in 0..2 {
            page(&mut pages, end, 0x203, Some(&[]));
            end += 4096;
        }
        end += 4096;
        let mut tcs = [0; 40];
        tcs[16..24].copy_from_slice(&(end + 4096).to_le_bytes());
        tcs[28] = 2;
        tcs[32..40].copy_from_slice(&(entry - base).to_le_bytes());
        page(&mut pages, end, 0x100, Some(&tcs));
        page(&mut pages, end + 4096, 0x203, Some(&[]));
        page(&mut pages, end + 8192, 0x203, Some(&[]));
        end += 3 * 4096;
    }
    let mut log = [b"ECREATE\0".as_slice(), &1_u32.to_le_bytes(), &end.next_power_of_two().to_le_bytes()].concat();
    log.resize(64, 0);
    log.extend(pages);
    sha256(&log)
}

#[test]
fn mrenclave_and_mrsigner_are_what_another_program_finds() {
    let (key, manifest) = (signer(), manifest(MANIFEST));
    let no_zeros = Elf { length: 0x13c0, ..Elf::default() };
    // A compiler's program, where it compiles for such a processor.
    let compiled = cfg!(target_arch = "x86_64").then(|| relay().to_vec());
    for file in [Elf::default().bytes(), no_zeros.bytes()].into_iter().chain(compiled) {
        let image = Image::read(&file, &manifest).unwrap();
        assert_eq!(image.mr_enclave(), measured_by_hand(&file));
        let signed = sign(&key, image.mr_enclave(), &manifest.properties(0x2026_1121)).unwrap();
        let signed = signed.as_bytes();
        assert_eq!(signed[960..992], measured_by_hand(&file));
        let attributes = manifest.attributes();
        let signed = zerocopy::FromBytes::read_from_bytes(signed).unwrap();
        let mr_signer = einit(&signed, &measured_by_hand(&file), &attributes, 0).unwrap();
        assert_eq!(mr_signer, sha256(&signed.as_bytes()[128..512]));
    }
}

#[test]
fn parts_lie_where_the_documentation_puts_them() {
    let file = Elf::default().bytes();
    let image = Image::read(&file, &manifest(MANIFEST)).unwrap();
    let lie: Vec<(Part, u64, u64)> = image.regions().iter().map(|part| (part.part, part.offset, part.pages)).collect();
    assert_eq!(
        lie,
        [
            (Part::Segment(0), 0, 1),
            (Part::Segment(1), 0x1000, 1),
            (Part::Segment(2), 0x3000, 3),
            (Part::Heap, 0x6000, 3),
            (Part::Stack(0), 0xa000, 2),
            (Part::Tcs(0), 0xd000, 1),
            (Part::Ssa(0), 0xe000, 2),
            (Part::Stack(1), 0x1_1000, 2),
            (Part::Tcs(1), 0x1_4000, 1),
            (Part::Ssa(1), 0x1_5000, 2),
        ]
    );
    assert_eq!((image.size(), image.epc_pages()), (0x2_0000, 19));
}

#[test]
fn every_byte_that_the_kernel_maps_is_measured() {
    let file = Elf::default().bytes();
    let measure = |file: &[u8]| Image::read(file, &manifest(MANIFEST)).unwrap().mr_enclave();
    let original = measure(&file);
    for at in [
        9,      // a reserved byte of the header, which lies in a segment
        0x3ff,  // the last byte of the first segment
        0x400,  // what follows in its page
        0xfff,  // to the end of the page
        0x1000, // code
        0x1233, // its last byte
        0x1300, // behind it in the page, and data
        0x13b3, // the last byte of data
    ] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert_ne!(measure(&changed), original, "{at:#x}");
    }
    // Code is mapped to the end of the file's last page, data is cut off and zeros follow: the page of code still has it.
    let mut changed = file.clone();
    changed[0x13b4] ^= 1;
    assert_ne!(measure(&changed), original);
    // A segment that is not the last one in its page of the file is not measured beyond that page.
    let mut longer = file.clone();
    longer.extend([0; 0x1000]);
    let with_zeros = measure(&longer);
    *longer.last_mut().unwrap() = 1;
    assert_eq!(measure(&longer), with_zeros, "nobody maps it");
}

#[test]
fn every_line_of_the_manifest_is_measured_or_signed() {
    let file = Elf::default().bytes();
    let key = signer();
    let signed = |text: &str| {
        let manifest = manifest(text);
        let mr_enclave = Image::read(&file, &manifest).unwrap().mr_enclave();
        sign(&key, mr_enclave, &manifest.properties(0)).unwrap()
    };
    let original = signed(MANIFEST);
    let kss = format!("{MANIFEST}[kss]\n");
    let with_kss = signed(&kss);
    for (text, before, is_measured) in [
        (MANIFEST.replace("0x3000", "0x4000"), &original, true),
        (MANIFEST.replace("0x2000", "0x3000"), &original, true),
        (MANIFEST.replace("threads = 2", "threads = 3"), &original, true),
        (MANIFEST.replace("isv-prod-id = 3", "isv-prod-id = 4"), &original, false),
        (MANIFEST.replace("isv-svn = 4", "isv-svn = 5"), &original, false),
        (format!("{MANIFEST}debug = true"), &original, false),
        (format!("{MANIFEST}provision-key = true"), &original, false),
        (format!("{MANIFEST}misc-select = 1"), &original, false),
        (format!("{MANIFEST}xfrm = 7"), &original, false),
        // The registers of AMX need larger frames.
        (format!("{MANIFEST}xfrm = 0x60007"), &original, true),
        (kss.clone(), &original, false),
        (format!("{kss}isv-ext-prod-id = \"{}\"", "01".repeat(16)), &with_kss, false),
        (format!("{kss}isv-family-id = \"{}\"", "01".repeat(16)), &with_kss, false),
    ] {
        let changed = signed(&text);
        assert_eq!(changed.enclave_hash != before.enclave_hash, is_measured, "{text}");
        assert_ne!(changed.signed().concat(), before.signed().concat(), "{text}");
    }
}

#[test]
fn what_is_loaded_at_run_time_is_not_taken() {
    let shell = std::fs::read("/bin/sh").unwrap();
    assert_eq!(Program::read(&shell).err(), Some(ProgramError::Dynamic));
    let interpreter = Header { kind: INTERPRETER, flags: 4, offset: 0x200, address: 0, in_file: 8, in_memory: 8 };
    let mut elf = Elf::default();
    elf.headers.push(interpreter);
    assert_eq!(Program::read(&elf.bytes()).err(), Some(ProgramError::Dynamic));
    // DT_NEEDED alone.
    let mut elf = Elf::default();
    elf.headers.push(Header { kind: DYNAMIC, offset: 0x300, in_file: 16, in_memory: 16, ..interpreter });
    let mut file = elf.bytes();
    file[0x300..0x310].copy_from_slice(&[1_u64, 0].map(u64::to_le_bytes).concat());
    assert_eq!(Program::read(&file).err(), Some(ProgramError::Dynamic));
    // A dynamic section is no harm in itself: static programs that can lie anywhere have one.
    file[0x300] = 30;
    assert!(Program::read(&file).is_ok());
}

#[test]
fn each_rule_of_programs_has_its_error() {
    let with = |change: &dyn Fn(&mut Elf)| {
        let mut elf = Elf::default();
        change(&mut elf);
        Program::read(&elf.bytes()).err()
    };
    assert_eq!(with(&|_| {}), None);
    for (what, change, error) in [
        ("another processor", (|elf| elf.machine = 183) as fn(&mut Elf), ProgramError::OtherMachine),
        ("an object file", |elf| elf.file_type = 1, ProgramError::NotExecutable),
        ("a memory dump", |elf| elf.file_type = 4, ProgramError::NotExecutable),
        ("headers behind the end", |elf| elf.length = 100, ProgramError::Malformed),
        ("too many headers", |elf| elf.headers = vec![elf.headers[3]; 1171], ProgramError::TooManyHeaders(1171)),
        ("no word on the stack", |elf| elf.headers.truncate(3), ProgramError::ExecutableStack),
        ("a stack to run", |elf| elf.headers[3].flags = 7, ProgramError::ExecutableStack),
        (
            "a second word on it",
            |elf| elf.headers.push(Header { flags: 7, ..elf.headers[3] }),
            ProgramError::ExecutableStack,
        ),
        ("another place in the page", |elf| elf.headers[1].address += 8, ProgramError::Misaligned(1)),
        ("more in the file", |elf| elf.headers[1].in_file += 1, ProgramError::LongerInFile(1)),
        ("nothing in memory", |elf| elf.headers[1].in_memory = 0, ProgramError::LongerInFile(1)),
        ("zeros in code", |elf| elf.headers[1].in_memory += 1, ProgramError::ReadOnlyZeros(1)),
        ("the end of the file", |elf| elf.length = 0x13b3, ProgramError::OutsideFile(2)),
        ("an offset out of this world", |elf| elf.headers[2].offset = !0xdcb, ProgramError::OutsideFile(2)),
        ("a giant segment", |elf| elf.headers[2].in_memory = 1 << 40, ProgramError::TooLarge(2)),
        ("the end of memory", |elf| elf.headers[2].in_memory = u64::MAX, ProgramError::TooLarge(2)),
        ("a page in common", |elf| elf.headers[2].address = 0x40_1234, ProgramError::Overlapping(2)),
        ("another order", |elf| elf.headers.swap(1, 2), ProgramError::Overlapping(2)),
        ("the first one last", |elf| elf.headers.swap(0, 2), ProgramError::Overlapping(1)),
        ("no segment", |elf| elf.headers.drain(..3).for_each(drop), ProgramError::HeadersNotLoaded),
        (
            "headers on their own",
            |elf| elf.headers.retain(|header| header.offset > 0 || header.kind != LOAD),
            ProgramError::HeadersNotLoaded,
        ),
        ("half of the headers", |elf| elf.headers[0].in_file = 0x100, ProgramError::ReadOnlyZeros(0)),
        ("an entry before all", |elf| elf.entry = 0x3f_ffff, ProgramError::EntryOutside),
        ("an entry in data", |elf| elf.entry = 0x40_3234, ProgramError::EntryOutside),
        ("an entry behind", |elf| elf.entry = 0x40_2000, ProgramError::EntryOutside),
    ] {
        assert_eq!(with(&change), Some(error), "{what}");
        assert!(!error.help().is_empty());
    }
    // The first segment holds the header of the file, and not all that it points to.
    let few = |elf: &mut Elf| (elf.headers[0].in_file, elf.headers[0].in_memory) = (0x100, 0x100);
    assert_eq!(with(&few), Some(ProgramError::HeadersNotLoaded));
    // Several large segments, each small enough.
    let large = |elf: &mut Elf| {
        elf.headers[2].in_memory = 0x3000_0000;
        let more = Header { address: 0x8000_0000, offset: 0, in_file: 0, in_memory: 0x2000_0000, ..elf.headers[2] };
        elf.headers.push(Header { kind: LOAD, ..more });
    };
    assert_eq!(with(&large), Some(ProgramError::TooLarge(3)));
}

#[test]
fn what_is_no_executable_is_said_to_be_none() {
    let file = Elf::default().bytes();
    let mut narrow = file.clone();
    narrow[4] = 1;
    let mut other_order = file.clone();
    other_order[5] = 2;
    for (file, error) in [
        (b"".as_slice(), ProgramError::NotElf),
        (b"#!/bin/sh", ProgramError::NotElf),
        (&narrow, ProgramError::NotElf),
        (&other_order, ProgramError::OtherMachine),
    ] {
        assert_eq!(Program::read(file).err(), Some(error));
    }
    let long = vec![0; sgx::image::MAX_EXECUTABLE + 1];
    assert_eq!(Program::read(&long).err(), Some(ProgramError::TooLong(long.len())));
}

#[test]
fn programs_are_read_wherever_they_lie_and_wherever_they_end() {
    let file = Elf::default().bytes();
    for end in 0..file.len() {
        let _ = Program::read(&file[..end]);
    }
    let mut shifted = vec![0];
    shifted.extend(&file);
    assert!(Program::read(&shifted[1..]).is_ok());
}

#[test]
fn an_enclave_has_bounds() {
    let file = Elf::default().bytes();
    let read = |text: &str| Image::read(&file, &manifest(text)).err();
    let giant = MANIFEST.replace("0x2000", "0x40000000").replace("threads = 2", "threads = 4");
    assert_eq!(read(&giant), Some(ImageError::Layout(LayoutError::TooMuchMeasured)));
    let giant = MANIFEST.replace("0x2000", "0x40000000").replace("threads = 2", "threads = 1024");
    assert_eq!(read(&giant), Some(ImageError::Layout(LayoutError::TooLarge)));
    let mut elf = Elf::default();
    elf.headers[2].address += 1 << 60;
    assert_eq!(
        Image::read(&elf.bytes(), &manifest(MANIFEST)).err(),
        Some(ImageError::Layout(LayoutError::TooLarge)),
        "a hole"
    );
}

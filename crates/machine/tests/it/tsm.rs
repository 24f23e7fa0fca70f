//! Configfs, with a thread that plays the kernel: its attributes are named pipes, so that it knows when each is read and
//! written, and can change the others meanwhile.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use machine::{MAX_BLOB, TsmEntry, TsmError, TsmProvider, TsmReport};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::tree::{Tree, as_nobody, forbid};

const REPORTS: &str = "/sys/kernel/config/tsm/report";

/// What the kernel does next.
enum Step {
    /// An attribute is read, and has this value.
    Gives(&'static str, Vec<u8>),
    /// An attribute is written.
    Takes(&'static str),
}
use Step::{Gives, Takes};

fn gives(attribute: &'static str, value: impl AsRef<[u8]>) -> Step {
    Gives(attribute, value.as_ref().to_vec())
}

/// Makes the entry's attributes, and does those steps. Before it answers the last, all attributes are gone, as they are of an
/// entry of the real configfs that is removed. Returns what was written.
fn kernel(entry: &TsmEntry, steps: Vec<Step>) -> JoinHandle<Vec<Vec<u8>>> {
    let directory = entry.path().to_owned();
    for step in &steps {
        let (Gives(attribute, _) | Takes(attribute)) = step;
        let mode = Mode::RUSR | Mode::WUSR;
        match mknodat(CWD, directory.join(attribute), FileType::Fifo, mode, 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => panic!("{error}"),
        }
    }
    thread::spawn(move || play(&directory, steps))
}

fn play(directory: &Path, steps: Vec<Step>) -> Vec<Vec<u8>> {
    let mut written = Vec::new();
    let last = steps.len() - 1;
    for (index, step) in steps.into_iter().enumerate() {
        match step {
            Gives(attribute, value) => {
                let mut pipe = File::options().write(true).open(directory.join(attribute)).unwrap();
                if index == last {
                    clear(directory);
                }
                // A reader that has enough goes away.
                let _ = pipe.write_all(&value);
                if index != last {
                    // A reader that opened the pipe again before it ends would read the rest of this.
                    renew(&directory.join(attribute));
                }
            }
            Takes(attribute) => {
                let mut bytes = Vec::new();
                File::open(directory.join(attribute)).unwrap().read_to_end(&mut bytes).unwrap();
                written.push(bytes);
            }
        }
    }
    written
}

fn renew(path: &PathBuf) {
    fs::remove_file(path).unwrap();
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn clear(directory: &Path) {
    for attribute in fs::read_dir(directory).unwrap() {
        fs::remove_file(attribute.unwrap().path()).unwrap();
    }
}

/// A machine with configfs.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.directory(REPORTS);
    tree
}

const INPUT: &[u8] = &[7; 64];

/// What the kernel did with those steps, and what came of it; the entry is gone in any case.
fn ask(steps: Vec<Step>, provider: TsmProvider, privlevel: Option<u8>) -> (Result<TsmReport, TsmError>, Vec<Vec<u8>>) {
    let tree = tree();
    let entry = tree.machine.tsm_entry("veritee-1").unwrap();
    let path = entry.path().to_owned();
    assert!(path.is_dir());
    let kernel = kernel(&entry, steps);
    let report = entry.report(provider, INPUT, privlevel);
    let written = kernel.join().unwrap();
    assert!(!path.exists(), "the entry is left behind");
    (report, written)
}

fn tdx(steps: Vec<Step>) -> Result<TsmReport, TsmError> {
    ask(steps, TsmProvider::TdxGuest, None).0
}

fn quote() -> Vec<u8> {
    (0..5000_u32).map(|index| index as u8).collect()
}

#[test]
fn a_trust_domain_gets_a_quote() {
    let (report, written) = ask(
        vec![
            gives("provider", "tdx_guest\n"),
            gives("generation", "0\n"),
            Takes("inblob"),
            gives("outblob", quote()),
            gives("generation", "1\n"),
        ],
        TsmProvider::TdxGuest,
        None,
    );
    assert_eq!(report.unwrap(), TsmReport { outblob: quote(), auxblob: None, generation: 1 });
    assert_eq!(written, [INPUT]);
}

#[test]
fn a_guest_gets_a_report_with_certificates_at_a_privilege_level() {
    let (report, written) = ask(
        vec![
            gives("provider", "sev_guest\n"),
            gives("privlevel_floor", "1\n"),
            gives("generation", "4\n"),
            Takes("privlevel"),
            Takes("inblob"),
            gives("outblob", [1; 1184]),
            gives("auxblob", [2; 99]),
            gives("generation", "6\n"),
        ],
        TsmProvider::SevGuest,
        Some(2),
    );
    let expected = TsmReport { outblob: vec![1; 1184], auxblob: Some(vec![2; 99]), generation: 6 };
    assert_eq!(report.unwrap(), expected);
    assert_eq!(written, [b"2".as_slice(), INPUT]);
}

/// Everything to the quote, and then the last generation.
fn until(quote: Vec<u8>, generation: &str) -> Vec<Step> {
    vec![
        gives("provider", "tdx_guest\n"),
        gives("generation", "9\n"),
        Takes("inblob"),
        gives("outblob", quote),
        gives("generation", generation),
    ]
}

#[test]
fn refuses_a_quote_where_somebody_else_wrote_too() {
    let error = tdx(until(quote(), "11\n")).unwrap_err();
    assert!(matches!(error, TsmError::Raced { before: 9, after: 11, writes: 1 }), "{error}");
}

#[test]
fn refuses_a_quote_where_the_kernel_did_not_take_the_input() {
    assert!(matches!(tdx(until(quote(), "9\n")), Err(TsmError::Raced { before: 9, after: 9, writes: 1 })));
}

#[test]
fn refuses_quotes_that_are_too_short_or_too_long() {
    assert!(matches!(tdx(until(vec![0; 1019], "10\n")), Err(TsmError::TooShort { length: 1019, shortest: 1020 })));
    assert!(tdx(until(vec![0; 1020], "10\n")).is_ok());
    let mut steps = until(vec![0; MAX_BLOB + 1], "10\n");
    steps.truncate(4);
    assert!(matches!(tdx(steps), Err(TsmError::TooLong { attribute: "outblob" })));
}

#[test]
fn refuses_another_provider_than_expected() {
    let error = tdx(vec![gives("provider", "sev_guest\n")]).unwrap_err();
    assert!(matches!(&error, TsmError::Provider { found, expected: "tdx_guest" } if found == "sev_guest"), "{error}");
    let error = tdx(vec![gives("provider", [b'x'; 65])]).unwrap_err();
    assert!(matches!(error, TsmError::NotAWord { attribute: "provider" }), "{error}");
    let error = tdx(vec![gives("provider", [0xff])]).unwrap_err();
    assert!(matches!(error, TsmError::NotAWord { attribute: "provider" }), "{error}");
}

#[test]
fn refuses_a_generation_that_is_no_number() {
    let steps = vec![gives("provider", "tdx_guest\n"), gives("generation", "one\n")];
    assert!(matches!(tdx(steps), Err(TsmError::NotANumber { attribute: "generation" })));
}

#[test]
fn refuses_privilege_levels_that_cannot_be_had() {
    let sev = |steps, level| ask(steps, TsmProvider::SevGuest, Some(level)).0;
    let begin = || vec![gives("provider", "sev_guest\n")];
    assert!(matches!(sev(begin(), 4), Err(TsmError::Level { level: 4 })));
    assert!(matches!(sev(begin(), 0), Err(TsmError::NoLevels)));
    let floor = |floor| {
        let mut steps = begin();
        steps.push(gives("privlevel_floor", floor));
        steps
    };
    assert!(matches!(sev(floor("2\n"), 1), Err(TsmError::BelowFloor { level: 1, floor: 2 })));
    assert!(matches!(sev(floor("high\n"), 1), Err(TsmError::NotANumber { attribute: "privlevel_floor" })));
}

#[test]
fn refuses_inputs_longer_than_report_data() {
    let tree = tree();
    let entry = tree.machine.tsm_entry("veritee-1").unwrap();
    let path = entry.path().to_owned();
    let error = entry.report(TsmProvider::TdxGuest, &[0; 65], None).unwrap_err();
    assert!(matches!(error, TsmError::InputTooLong { length: 65 }));
    assert!(!path.exists());
}

#[test]
fn a_missing_attribute_is_told_by_its_name() {
    let tree = tree();
    let entry = tree.machine.tsm_entry("veritee-1").unwrap();
    let error = entry.report(TsmProvider::TdxGuest, INPUT, None).unwrap_err();
    assert!(matches!(error, TsmError::Attribute { attribute: "provider", .. }), "{error}");
}

#[test]
fn an_entry_that_is_not_asked_is_removed_too() {
    let tree = tree();
    let entry = tree.machine.tsm_entry("veritee-1").unwrap();
    let path = entry.path().to_owned();
    drop(entry);
    assert!(!path.exists());
}

#[test]
fn refuses_names_that_lead_elsewhere() {
    let tree = tree();
    for name in ["", ".", "..", ".hidden", "a/b", "a b", "\u{e4}", &"a".repeat(65)] {
        assert!(matches!(tree.machine.tsm_entry(name), Err(TsmError::Name)), "{name}");
    }
}

#[test]
fn tells_apart_why_there_is_no_entry() {
    let made_up = Tree::new();
    assert!(matches!(made_up.machine.tsm_entry("a"), Err(TsmError::Absent(_))));
    let tree = tree();
    let entry = tree.machine.tsm_entry("a").unwrap();
    assert!(matches!(tree.machine.tsm_entry("a"), Err(TsmError::InUse(_))));
    drop(entry);
    let reports = tree.path(REPORTS);
    forbid(&reports);
    assert!(matches!(as_nobody(|| tree.machine.tsm_entry("a").map(drop)), Err(TsmError::NoPermission(_))));
}

//! `veritee enclave`: from a program and a manifest to what a machine loads.

mod command;

use std::path::PathBuf;
use std::process::Command;

use command::{Ran, veritee};
use sgx::image::{Image, Manifest};

const MANIFEST: &str =
    "heap-size = 0x10000\nstack-size = 0x2000\nthreads = 3\nisv-prod-id = 7\nisv-svn = 8\ndebug = true\n";

struct Signer(tempfile::TempDir);

impl Signer {
    /// A directory with a program, a manifest and a key.
    fn new() -> Self {
        let signer = Self(tempfile::tempdir().unwrap());
        signer.write("app", &program());
        signer.write("app.toml", MANIFEST.as_bytes());
        signer.openssl("genrsa -3 -out DIR/key.pem 3072");
        signer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn words<'a>(&'a self, command: &'a str) -> impl Iterator<Item = String> + 'a {
        command.split(' ').map(|word| word.replace("DIR", self.0.path().to_str().unwrap()))
    }

    fn openssl(&self, command: &str) {
        let ran = Command::new("openssl").args(self.words(command)).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// `DIR` stands for the directory.
    fn run(&self, command: &str) -> Ran {
        veritee(self.words(command))
    }

    fn sign(&self) -> Ran {
        self.run("enclave sign DIR/app --manifest DIR/app.toml --key DIR/key.pem --json")
    }
}

/// A static executable: its headers, a segment that holds them and is run, and one with zeros behind it.
fn program() -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2_u16, 62, 1, 0].map(u16::to_le_bytes).concat());
    file.extend([0x40_0100_u64, 64, 0].map(u64::to_le_bytes).concat());
    file.extend([0_u16, 0, 64, 56, 3, 0, 0, 0].map(u16::to_le_bytes).concat());
    for (kind, flags, fields) in [
        (1_u32, 5_u32, [0_u64, 0x40_0000, 0, 0x200, 0x200, 0x1000]),
        (1, 6, [0x1f0, 0x40_11f0, 0, 0x10, 0x1000, 0x1000]),
        (0x6474_e551, 6, [0; 6]),
    ] {
        file.extend([kind, flags].map(u32::to_le_bytes).concat());
        file.extend(fields.map(u64::to_le_bytes).concat());
    }
    file.resize(0x200, 0x90);
    file
}

fn measured() -> String {
    let (file, manifest) = (program(), Manifest::from_toml(MANIFEST).unwrap());
    hex::encode(Image::read(&file, &manifest).unwrap().mr_enclave())
}

#[test]
fn an_image_is_signed_and_known_again() {
    let signer = Signer::new();
    let signed = signer.sign().expect(0).json();
    assert_eq!(signed["mrEnclave"], measured());
    assert_eq!((&signed["isvProdId"], &signed["isvSvn"], &signed["debug"]), (&7.into(), &8.into(), &true.into()));
    assert_eq!(signed["output"], signer.path("app.sigstruct").to_str().unwrap());
    assert_eq!(std::fs::metadata(signer.path("app.sigstruct")).unwrap().len(), 1808);
    for command in [
        "enclave inspect DIR/app --json",
        "enclave inspect DIR/app.sigstruct --json",
        "enclave inspect DIR/app --manifest DIR/app.toml --json",
    ] {
        let shown = signer.run(command).expect(0).json();
        assert_eq!((&shown["mrEnclave"], &shown["mrSigner"]), (&signed["mrEnclave"], &signed["mrSigner"]));
        assert_eq!((&shown["date"], &shown["attributes"]["flags"]), (&signed["date"], &"0x0000000000000006".into()));
        assert!(shown["check"].as_str().unwrap().starts_with("signature holds"), "{command}");
    }
    // The day has eight digits and three parts.
    let day: Vec<usize> = signed["date"].as_str().unwrap().split('-').map(str::len).collect();
    assert_eq!(day, [4, 2, 2]);
}

#[test]
fn a_key_may_be_written_in_either_form() {
    let signer = Signer::new();
    let one = signer.sign().expect(0).json();
    signer.openssl("rsa -in DIR/key.pem -traditional -out DIR/old.pem");
    let command = "enclave sign DIR/app --manifest DIR/app.toml --key DIR/old.pem --out DIR/other --json";
    let other = signer.run(command).expect(0).json();
    assert_eq!((&one["mrSigner"], &one["mrEnclave"]), (&other["mrSigner"], &other["mrEnclave"]));
    assert_eq!(std::fs::read(signer.path("app.sigstruct")).unwrap(), std::fs::read(signer.path("other")).unwrap());
    signer.run("enclave inspect DIR/app --sigstruct DIR/other --manifest DIR/app.toml").expect(0);
}

#[test]
fn what_is_there_is_not_replaced_unasked() {
    let signer = Signer::new();
    signer.sign().expect(0);
    let again = signer.sign().expect(2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    signer.run("enclave sign DIR/app --manifest DIR/app.toml --key DIR/key.pem --force").expect(0);
}

#[test]
fn a_layout_is_shown() {
    let signer = Signer::new();
    let shown = signer.run("enclave measure DIR/app --manifest DIR/app.toml --json").expect(0).json();
    assert_eq!(shown["mrEnclave"], measured());
    // Segments 1 + 2, heap 16, three threads of 2 + 1 + 2, SECS.
    assert_eq!((&shown["epcPages"], &shown["size"]), (&35.into(), &0x4_0000.into()));
    assert_eq!(shown["layout"].as_array().unwrap().len(), 2 + 1 + 3 * 3);
    assert_eq!(shown["layout"][0]["permissions"], "r-x");
    assert_eq!((&shown["layout"][2]["part"], &shown["layout"][2]["measured"]), (&"heap".into(), &false.into()));
    let text = signer.run("enclave measure DIR/app --manifest DIR/app.toml").expect(0).stdout;
    assert!(text.contains("r-x  segment 0\n") && text.contains("heap, contents not measured\n"), "{text}");
    assert!(text.ends_with("and the same for each thread up to 2\n"), "{text}");
}

#[test]
fn what_was_changed_since_it_was_signed_is_found_out() {
    let signer = Signer::new();
    signer.sign().expect(0);
    let inspect = "enclave inspect DIR/app --manifest DIR/app.toml";
    for (change, said) in [
        (MANIFEST.replace("threads = 3", "threads = 2"), "enclave is not the one that was signed"),
        (MANIFEST.replace("isv-svn = 8", "isv-svn = 9"), "different values of `isv-svn`"),
        (MANIFEST.replace("debug = true", ""), "enclave has not the attributes that its signer says"),
    ] {
        signer.write("app.toml", change.as_bytes());
        let ran = signer.run(inspect).expect(1);
        assert!(ran.stderr.contains(said) && ran.stdout.contains(said), "{}", ran.stderr);
    }
    signer.write("app.toml", MANIFEST.as_bytes());
    signer.run(inspect).expect(0);
    let mut changed = program();
    changed[0x1ff] ^= 1;
    signer.write("app", &changed);
    assert!(signer.run(inspect).expect(1).stderr.contains("enclave is not the one that was signed"));
    let mut signed = std::fs::read(signer.path("app.sigstruct")).unwrap();
    signed[600] ^= 1;
    signer.write("app.sigstruct", &signed);
    for command in ["enclave inspect DIR/app.sigstruct", "enclave inspect DIR/app"] {
        assert!(signer.run(command).expect(1).stderr.contains("signature of SIGSTRUCT is wrong"));
    }
}

#[test]
fn what_cannot_be_signed_is_refused_with_what_to_do() {
    let signer = Signer::new();
    signer.openssl("genrsa -3 -out DIR/small.pem 2048");
    signer.openssl("genrsa -out DIR/f4.pem 3072");
    signer.openssl("pkey -in DIR/key.pem -aes256 -passout pass:x -out DIR/encrypted.pem");
    signer.openssl("rsa -in DIR/key.pem -pubout -out DIR/public.pem");
    signer.openssl("ecparam -name prime256v1 -genkey -noout -out DIR/curve.pem");
    signer.openssl("genpkey -algorithm ed25519 -out DIR/ed.pem");
    signer.write("two.pem", &std::fs::read(signer.path("key.pem")).unwrap().repeat(2));
    signer.write("binary.toml", &[0xff]);
    signer.write("wrong.toml", b"heap = 1\n");
    signer.write("odd.toml", MANIFEST.replace("0x2000", "0x2001").as_bytes());
    for (arguments, exit, said, help) in [
        ("DIR/app --manifest DIR/app.toml --key DIR/small.pem", 2, "key has 2048 bits instead of 3072", "genrsa -3"),
        ("DIR/app --manifest DIR/app.toml --key DIR/f4.pem", 2, "another public exponent than 3", "genrsa -3"),
        ("DIR/app --manifest DIR/app.toml --key DIR/encrypted.pem", 2, "key is encrypted", "openssl pkey"),
        ("DIR/app --manifest DIR/app.toml --key DIR/public.pem", 2, "does not hold one RSA key in PEM", "genrsa -3"),
        ("DIR/app --manifest DIR/app.toml --key DIR/curve.pem", 2, "does not hold one RSA key in PEM", "genrsa -3"),
        ("DIR/app --manifest DIR/app.toml --key DIR/ed.pem", 2, "key is no RSA key", "genrsa -3"),
        ("DIR/app --manifest DIR/app.toml --key DIR/two.pem", 2, "does not hold one RSA key in PEM", "one key"),
        ("DIR/app --manifest DIR/app.toml --key DIR/absent", 3, "cannot read", "check the path"),
        ("DIR/app --manifest DIR/absent --key DIR/key.pem", 3, "cannot read", "check the path"),
        ("DIR/absent --manifest DIR/app.toml --key DIR/key.pem", 3, "cannot read", "check the path"),
        ("DIR/app --manifest DIR/binary.toml --key DIR/key.pem", 2, "manifest is not valid UTF-8", "--manifest"),
        ("DIR/app --manifest DIR/wrong.toml --key DIR/key.pem", 2, "unknown field `heap`", "docs/enclave-image.md"),
        ("DIR/app --manifest DIR/odd.toml --key DIR/key.pem", 2, "`stack-size` is 8193", "multiple of 4096"),
        ("DIR/app.toml --manifest DIR/app.toml --key DIR/key.pem", 2, "no ELF file", "name a program"),
        ("/bin/sh --manifest DIR/app.toml --key DIR/key.pem --out DIR/x", 2, "linked dynamically", "crt-static"),
        ("DIR/app --manifest DIR/app.toml --key DIR/key.pem --out DIR/none/x", 3, "cannot write", "directory"),
    ] {
        let ran = signer.run(&format!("enclave sign {arguments}")).expect(exit);
        assert!(ran.stderr.contains(said) && ran.stderr.contains(help) && ran.stdout.is_empty(), "{}", ran.stderr);
    }
    assert!(!signer.path("app.sigstruct").exists());
}

#[test]
fn what_cannot_be_looked_at_is_refused_with_what_to_do() {
    let signer = Signer::new();
    for (arguments, said, help) in [
        ("DIR/app", "has no SIGSTRUCT", "veritee enclave sign"),
        ("DIR/key.pem", "is no SIGSTRUCT and no executable", "1808 bytes"),
        ("DIR/key.pem --manifest DIR/app.toml", "is no image", "name the executable first"),
        ("DIR/app --sigstruct DIR/key.pem", "longer than 1808 bytes", "right file"),
        ("DIR/app --sigstruct DIR/app.toml", "is no SIGSTRUCT", "1808 bytes"),
    ] {
        let ran = signer.run(&format!("enclave inspect {arguments}")).expect(2);
        assert!(ran.stderr.contains(said) && ran.stderr.contains(help) && ran.stdout.is_empty(), "{}", ran.stderr);
    }
}

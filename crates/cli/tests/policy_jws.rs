//! `veritee policy sign`, `decode` and `hash`.

mod command;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use command::{Ran, veritee};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::Value;
use tempfile::TempDir;

const TEXT: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
const HASH: &str = "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU";
const TOKEN_HASH: &str = "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ";

/// A directory with a policy, and keys with their certificates in PEM.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { directory: tempfile::tempdir().unwrap() };
        desk.write("policy.txt", TEXT);
        desk.signer("rsa", KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap(), "signer");
        desk.signer("p256", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(), "signer\u{1b}[31m");
        desk
    }

    fn signer(&self, file: &str, key: KeyPair, name: &str) {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::OrganizationName, name);
        self.write(&format!("{file}.key"), key.serialize_pem());
        self.write(&format!("{file}.pem"), parameters.self_signed(&key).unwrap().pem());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// `veritee policy`, with `@name` for a file on the desk.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_veritee"));
        command.arg("policy").env_remove("VERITEE_PKCS12_PASSWORD").stdin(Stdio::null());
        command.args(arguments.iter().map(|argument| match argument.strip_prefix('@') {
            Some(name) => self.path(name).into_os_string(),
            None => OsString::from(argument),
        }));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).output().unwrap())
    }

    fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads nothing closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        Ran::of(&child.wait_with_output().unwrap())
    }

    fn signed(&self, signer: &str) -> String {
        let (key, certificate) = (format!("@{signer}.key"), format!("@{signer}.pem"));
        let ran = self.run(&["sign", "@policy.txt", "--key", &key, "--cert", &certificate]).expect(0);
        assert_eq!(ran.stdout.lines().count(), 1);
        ran.stdout.trim_end().to_owned()
    }

    /// The PKCS#12 file `name` of the RSA signer; false where OpenSSL is not on this machine.
    fn pkcs12(&self, name: &str, password: &str) -> bool {
        test_support::runs("openssl", &["version"]) && {
            let mut command = Command::new("openssl");
            command.args(["pkcs12", "-export", "-passout", &format!("pass:{password}")]);
            command.arg("-inkey").arg(self.path("rsa.key")).arg("-in").arg(self.path("rsa.pem"));
            command.arg("-out").arg(self.path(name)).status().unwrap().success()
        }
    }
}

#[test]
fn signed_policies_decode_to_their_text_with_the_signer_beside_it() {
    let desk = Desk::new();
    for (signer, algorithm) in [("rsa", "RS256"), ("p256", "ES256")] {
        let jws = desk.signed(signer);
        desk.write("policy.jws", format!("{jws}\n"));
        desk.write("quoted.json", format!("\"{jws}\"\n"));
        for given in ["@policy.jws", "@quoted.json", &jws, &format!("\"{jws}\"")] {
            let ran = desk.run(&["decode", given]).expect(0);
            assert_eq!(ran.stdout, TEXT);
            let first = format!("policy signed with {algorithm}; the signature is valid\n");
            assert!(ran.stderr.starts_with(&first) && ran.stderr.contains("signer   O=signer"), "{}", ran.stderr);
            assert!(ran.stderr.contains("chain    1 certificate\n"), "{}", ran.stderr);
            assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
        }
        assert_eq!(desk.run_with_input(&["decode", "-"], jws.as_bytes()).expect(0).stdout, TEXT);
        let json = desk.run(&["decode", "@policy.jws", "--json"]).expect(0);
        assert!(!json.stdout.contains('\u{1b}'));
        let json = json.json();
        assert_eq!((&json["policy"], &json["algorithm"]), (&TEXT.into(), &algorithm.into()));
        assert_eq!(
            (&json["signature"], &json["signed"], &json["reset"]),
            (&"valid".into(), &true.into(), &false.into())
        );
        assert_eq!(json["x-ms-policy-hash"], HASH);
        assert_eq!(json["certificates"][0]["sha1"].as_str().unwrap().len(), 40);
    }
}

#[test]
fn unsecured_policies_are_azures_to_the_byte() {
    let desk = Desk::new();
    let ran = desk.run(&["sign", "@policy.txt", "--unsecured", "--out", "@policy.jws"]).expect(0);
    assert_eq!(ran.stdout, "");
    let jws = fs::read_to_string(desk.path("policy.jws")).unwrap();
    assert!(jws.starts_with("eyJhbGciOiJub25lIn0.") && jws.ends_with('.'), "no line's end: {jws}");
    let decoded = desk.run(&["decode", "@policy.jws"]).expect(0);
    assert_eq!((decoded.stdout.as_str(), decoded.stderr.as_str()), (TEXT, "unsecured policy: nobody signed it\n"));
    let hashes = desk.run(&["hash", "@policy.jws"]).expect(0).stdout;
    assert_eq!(hashes, desk.run(&["hash", "@policy.txt"]).expect(0).stdout);
    assert!(hashes.contains(&format!("x-ms-policy-hash        {HASH}\n")), "{hashes}");
    assert!(hashes.contains(&format!("x-ms-policy-token-hash  {TOKEN_HASH}\n")), "{hashes}");
    assert_eq!(desk.run_with_input(&["sign", "-", "--unsecured"], TEXT.as_bytes()).expect(0).stdout.trim_end(), jws);
}

#[test]
fn resets_are_signed_without_a_policy() {
    let desk = Desk::new();
    let ran = desk.run(&["sign", "--reset", "--unsecured"]).expect(0);
    assert_eq!(ran.stdout, "eyJhbGciOiJub25lIn0..\n");
    let decoded = desk.run(&["decode", "eyJhbGciOiJub25lIn0.."]).expect(0);
    assert_eq!(
        (decoded.stdout.as_str(), decoded.stderr.as_str()),
        ("", "unsecured reset of a policy: nobody signed it\n")
    );
    let signed = desk.run(&["sign", "--reset", "--key", "@rsa.key", "--cert", "@rsa.pem"]).expect(0).stdout;
    let json = desk.run(&["decode", signed.trim(), "--json"]).expect(0).json();
    assert_eq!((&json["reset"], &json["policy"], &json["signed"]), (&true.into(), &Value::Null, &true.into()));
    let hashes = desk.run_with_input(&["hash", "-", "--json"], signed.as_bytes()).expect(0).json();
    assert_eq!(hashes["x-ms-policy-hash"], Value::Null);
    assert_eq!(hashes["x-ms-policy-token-hash"], json["x-ms-policy-token-hash"]);
    let both = desk.run(&["sign", "@policy.txt", "--reset", "--unsecured"]).expect(2).stderr;
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn hashes_have_names_and_json() {
    let desk = Desk::new();
    let hashes = desk.run(&["hash", "@policy.txt"]).expect(0).stdout;
    let names: Vec<&str> = hashes.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["x-ms-policy-hash", "maa-policyHash", "x-ms-policy-token-hash"]);
    let json = desk.run(&["hash", "@policy.txt", "--json"]).expect(0).json();
    assert_eq!((&json["x-ms-policy-hash"], &json["x-ms-policy-token-hash"]), (&HASH.into(), &TOKEN_HASH.into()));
    assert!(hashes.contains(json["maa-policyHash"].as_str().unwrap()));
    desk.write("policy.jws", desk.signed("rsa"));
    let signed = desk.run(&["hash", "@policy.jws", "--json"]).expect(0).json();
    assert_eq!(signed["x-ms-policy-hash"], HASH);
    assert_ne!(signed["x-ms-policy-token-hash"], TOKEN_HASH);
    desk.write("notes.txt", "buy milk");
    let noted = desk.run(&["hash", "@notes.txt"]).expect(0).stderr;
    assert!(noted.starts_with("warning: ") && noted.contains("does not parse as a policy"), "{noted}");
}

#[test]
fn one_way_of_signing_is_demanded() {
    let desk = Desk::new();
    let ran = desk.run(&["sign", "@policy.txt"]).expect(2);
    for way in ["--key", "--pkcs12", "--unsecured"] {
        assert!(ran.stderr.contains(way), "{}", ran.stderr);
    }
    for (arguments, named) in [
        (["sign", "@policy.txt", "--key", "@rsa.key"].as_slice(), "--cert"),
        (&["sign", "@policy.txt", "--cert", "@rsa.pem"], "--key"),
        (&["sign", "@policy.txt", "--cert", "@rsa.pem", "--unsecured"], "cannot be used with"),
        (&["sign", "@policy.txt", "--cert", "@rsa.pem", "--pkcs12", "@rsa.pem"], "cannot be used with"),
        (&["sign", "@policy.txt", "--unsecured", "--key", "@rsa.key", "--cert", "@rsa.pem"], "cannot be used with"),
        (&["sign", "@policy.txt", "--unsecured", "--alg", "RS256"], "cannot be used with"),
        (&["sign", "@policy.txt", "--unsecured", "--password-file", "-"], "cannot be used with"),
        (&["sign", "@policy.txt", "--password-file", "-"], "--pkcs12"),
        (&["sign", "--unsecured"], "<POLICY>"),
        (&["sign", "@policy.txt", "--key", "@rsa.key", "--cert", "@rsa.pem", "--alg", "none"], "choose RS256 or ES256"),
        (&["sign", "-", "--pkcs12", "-"], "two of the files"),
    ] {
        let ran = desk.run(arguments).expect(2);
        assert!(ran.stderr.contains(named), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn wrong_files_are_refused_for_what_they_are() {
    let desk = Desk::new();
    desk.write("garbage", [0, 0xff, 0xfe, 0x80, 0x1b]);
    desk.write("policy.jws", desk.signed("rsa"));
    desk.write("broken.txt", "version=1.0; authorizationrules{=> permit()};");
    let sign = |policy, key, certificate| desk.run(&["sign", policy, "--key", key, "--cert", certificate]);
    for (ran, exit, words) in [
        (sign("@policy.txt", "@rsa.pem", "@rsa.key"), 2, "has a certificate and no private key"),
        (sign("@policy.txt", "@rsa.key", "@p256.pem"), 2, "belongs to none of the certificates"),
        (sign("@policy.txt", "@garbage", "@rsa.pem"), 2, "no private key"),
        (sign("@policy.txt", "@none.key", "@rsa.pem"), 3, "cannot read"),
        (sign("@none.txt", "@rsa.key", "@rsa.pem"), 3, "cannot read"),
        (sign("@garbage", "@rsa.key", "@rsa.pem"), 1, "is not UTF-8 text"),
        (sign("@policy.jws", "@rsa.key", "@rsa.pem"), 1, "this is a policy in its JWS and not its text"),
        (sign("@broken.txt", "@rsa.key", "@rsa.pem"), 1, "line 1, column "),
        (desk.run(&["sign", "@policy.txt", "--pkcs12", "@rsa.pem"]), 2, "no PKCS#12 file"),
        (desk.run(&["decode", "@garbage"]), 1, "is not UTF-8 text"),
        (desk.run(&["decode", "@policy.txt"]), 1, "policy JWS"),
        (desk.run(&["decode", "@none.jws"]), 3, "cannot read"),
        (desk.run(&["decode", "@."]), 3, "cannot read"),
        (desk.run(&["hash", "@garbage"]), 1, "is not UTF-8 text"),
        (desk.run(&["hash", "@none.txt"]), 3, "cannot read"),
    ] {
        let ran = ran.expect(exit);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert!(ran.stderr.contains(" help: ") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let unchecked = ["sign", "@broken.txt", "--unsecured", "--unchecked"];
    let jws = desk.run(&unchecked).expect(0).stdout;
    assert_eq!(desk.run(&["decode", jws.trim()]).expect(0).stdout, "version=1.0; authorizationrules{=> permit()};");
    let wrong = ["sign", "@policy.txt", "--key", "@rsa.key", "--cert", "@rsa.pem", "--alg", "ES256"];
    assert!(desk.run(&wrong).expect(2).stderr.contains("RSA keys cannot sign with ES256"));
}

#[test]
fn invalid_signatures_are_refused() {
    let desk = Desk::new();
    let jws = desk.signed("rsa");
    let (input, _) = jws.rsplit_once('.').unwrap();
    let other = jws.replacen(".ey", ".ew", 1);
    for (changed, words) in [
        (other, "signature of the policy JWS does not verify with its certificate's key"),
        (format!("{input}."), "has no signature"),
        (format!("eyJhbGciOiJub25lIn0.{}", jws.split_once('.').unwrap().1), "and a signature"),
    ] {
        desk.write("changed.jws", &changed);
        for arguments in [["decode", "@changed.jws"], ["hash", "@changed.jws"], ["decode", &changed]] {
            let ran = desk.run(&arguments).expect(1);
            assert!(ran.stderr.contains(words), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
    let desk = Desk::new();
    let sign = ["sign", "@policy.txt", "--unsecured", "--out", "@rsa.key"];
    let before = fs::read(desk.path("rsa.key")).unwrap();
    assert!(desk.run(&sign).expect(2).stderr.contains("exists already"));
    assert_eq!(fs::read(desk.path("rsa.key")).unwrap(), before);
    desk.run(&[&sign[..], &["--force"]].concat()).expect(0);
    assert_ne!(fs::read(desk.path("rsa.key")).unwrap(), before);
    let nowhere = ["sign", "@policy.txt", "--unsecured", "--out", "@none/policy.jws"];
    assert!(desk.run(&nowhere).expect(3).stderr.contains("cannot write"));
}

#[test]
fn files_without_permission_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    fs::set_permissions(desk.path("rsa.key"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(desk.path("rsa.key")).is_ok() {
        println!("skipped: permissions do not bind this user");
        return;
    }
    let ran = desk.run(&["sign", "@policy.txt", "--key", "@rsa.key", "--cert", "@rsa.pem"]).expect(3);
    assert!(ran.stderr.contains("cannot read"), "{}", ran.stderr);
}

#[test]
fn pkcs12_files_open_with_the_password_from_a_file_standard_input_or_the_environment() {
    let desk = Desk::new();
    if !desk.pkcs12("signer.p12", "correct horse") || !desk.pkcs12("open.p12", "") {
        return;
    }
    desk.write("password", "correct horse\n");
    desk.write("wrong", "battery staple");
    let sign = ["sign", "@policy.txt", "--pkcs12", "@signer.p12"];
    let with = |more: &[&str]| desk.run(&[&sign, more].concat());
    // The header has the certificate; the payload has an id of its own each time.
    let signed = |ran: Ran| {
        let jws = ran.expect(0).stdout;
        assert_eq!(desk.run(&["decode", jws.trim()]).expect(0).stdout, TEXT);
        jws.split('.').next().unwrap().to_owned()
    };
    let header = signed(with(&["--password-file", "@password"]));
    let from_input = [&sign[..], &["--password-file", "-"]].concat();
    assert_eq!(signed(desk.run_with_input(&from_input, b"correct horse\r\n")), header);
    let from_environment =
        |password| Ran::of(&desk.command(&sign).env("VERITEE_PKCS12_PASSWORD", password).output().unwrap());
    assert_eq!(signed(from_environment("correct horse")), header);
    assert_eq!(signed(desk.run(&["sign", "@policy.txt", "--pkcs12", "@open.p12"])), header);
    let none = with(&[]).expect(2).stderr;
    assert!(none.contains("none was given") && none.contains("VERITEE_PKCS12_PASSWORD"), "{none}");
    for wrong in [with(&["--password-file", "@wrong"]), from_environment("battery staple")] {
        let told = wrong.expect(2).stderr;
        assert!(told.contains("the password is not that of the PKCS#12 file"), "{told}");
        assert!(!told.contains("battery"), "{told}");
    }
    assert!(with(&["--password-file", "@none"]).expect(3).stderr.contains("cannot read"));
}

#[test]
fn neither_a_terminal_nor_a_file_is_told_what_a_terminal_would_obey_and_json_has_the_text_as_it_is() {
    let desk = Desk::new();
    let text = "version=1.0; // \u{1b}[31mred\u{9b}0m\u{202e}\n";
    desk.write("red.txt", text);
    desk.run(&["sign", "@red.txt", "--unsecured", "--unchecked", "--out", "@red.jws"]).expect(0);
    let escaped = "version=1.0; // \\u{1b}[31mred\\u{9b}0m\\u{202e}\n";
    let decoded = desk.run(&["decode", "@red.jws"]).expect(0);
    assert_eq!(decoded.stdout, escaped);
    assert!(decoded.stderr.contains("--json prints them exactly"), "{}", decoded.stderr);
    let json = desk.run(&["decode", "@red.jws", "--json"]).expect(0);
    assert!(!json.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']));
    assert_eq!(json.json()["policy"], text);
    if !test_support::runs("script", &["--version"]) {
        return;
    }
    let command = format!("{} policy decode {}", env!("CARGO_BIN_EXE_veritee"), desk.path("red.jws").display());
    let shown = Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(escaped.trim()), "{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown:?}");
}

/// The check in Python, which shares nothing with ours.
fn python(file: &Path) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/policy-jws/check.py");
    let output = Command::new("python3").arg(script).arg(file).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn python_verifies_what_is_signed_and_refuses_what_was_changed() {
    if !test_support::runs("python3", &["-c", "import cryptography"]) {
        return;
    }
    let desk = Desk::new();
    for signer in ["rsa", "p256"] {
        let jws = desk.signed(signer);
        desk.write("policy.jws", &jws);
        assert_eq!(python(&desk.path("policy.jws")), (Some(0), TEXT.to_owned()));
        desk.write("policy.jws", jws.replacen(".ey", ".ew", 1));
        assert_eq!(python(&desk.path("policy.jws")), (Some(1), String::new()));
    }
}

#[test]
fn help_reads_well() {
    for (command, words) in
        [("sign", "VERITEE_PKCS12_PASSWORD"), ("decode", "standard output"), ("hash", "maa-policyHash")]
    {
        let help = veritee(["policy", command, "--help"]).expect(0).stdout;
        assert!(help.contains(words), "{help}");
    }
}

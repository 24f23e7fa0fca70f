//! Certificates of operators and of the development CA.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use problem::{Problem, chain};
use state_dir::{PrivateDir, Trust};
use tempfile::TempDir;
use unix_time::UnixTime;
use web::tls::{DevelopmentCa, DevelopmentCaError, server_config};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn open(data: &TempDir) -> Result<DevelopmentCa, DevelopmentCaError> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    DevelopmentCa::open(&PrivateDir::open_or_create(&data.path().join("data"), Trust::OWNER).unwrap(), NOW)
}

#[test]
fn a_development_ca_is_made_once_and_its_files_are_private() {
    let data = TempDir::new().unwrap();
    let first = open(&data).unwrap();
    let certificate = fs::read(first.certificate()).unwrap();
    for file in [first.certificate().to_owned(), first.certificate().with_file_name("ca-key.pem")] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = open(&data).unwrap();
    assert_eq!(fs::read(again.certificate()).unwrap(), certificate);
    assert_eq!(again.server_config(NOW).unwrap().alpn_protocols, [&b"h2"[..], b"http/1.1"]);
}

#[test]
fn a_broken_development_ca_says_what_is_wrong_with_it() {
    for (file, contents, expected) in [
        ("ca.pem", None, "there is a key without its certificate, from a start that broke off"),
        ("ca-key.pem", None, "the key is missing"),
        ("ca-key.pem", Some(&b"\xff"[..]), "invalid utf-8 sequence of 1 bytes from index 0"),
        ("ca-key.pem", Some(b"no key"), ""),
    ] {
        let data = TempDir::new().unwrap();
        let path = open(&data).unwrap().certificate().with_file_name(file);
        match contents {
            Some(contents) => fs::write(&path, contents).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let error = open(&data).err().unwrap();
        assert_eq!(error.code(), "development_ca_unusable");
        assert!(!error.help().is_empty());
        let message = chain(&error);
        assert!(message.starts_with("development CA in `") && message.ends_with(expected), "{message}");
        assert_eq!(message.matches("cannot be used").count(), 1, "{message}");
    }
    let data = TempDir::new().unwrap();
    let key = open(&data).unwrap().certificate().with_file_name("ca-key.pem");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = open(&data).err().unwrap();
    assert!(matches!(&error, DevelopmentCaError::State(cause) if cause.code() == error.code()), "{error}");
}

#[test]
fn a_development_ca_covers_this_machine_only() {
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
        assert!(DevelopmentCa::covers(host), "{host}");
    }
    for host in ["", "example.com", "localhost.example.com", "10.0.0.1", "[::2]"] {
        assert!(!DevelopmentCa::covers(host), "{host}");
    }
}

#[test]
fn a_certificate_needs_one_key_that_belongs_to_it() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (one, other) = (made(), made());
    let (chain_pem, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    server_config(chain_pem.as_bytes(), key.as_bytes()).unwrap();
    let malformed = "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
    for (chain_pem, key, expected) in [
        (malformed, key.as_str(), "certificate is malformed: "),
        (&chain_pem, "", "the file has no private key"),
        (&chain_pem, &format!("{key}{key}"), "the file has several private keys"),
        (&chain_pem, "-----BEGIN PRIVATE KEY-----\n?\n-----END PRIVATE KEY-----\n", "private key is malformed: "),
        (&chain_pem, &other.signing_key.serialize_pem(), ""),
    ] {
        let error = server_config(chain_pem.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "tls_unreadable");
        assert!(chain(&error).starts_with(expected), "{error}");
    }
}

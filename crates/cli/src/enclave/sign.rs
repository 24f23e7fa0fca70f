//! `veritee enclave sign`: from an image to its SIGSTRUCT.

use std::path::{Path, PathBuf};

use problem::Problem;
use serde_json::json;
use sgx::description::day;
use sgx::sigstruct::{EnclaveKey, sign};
use time::OffsetDateTime;
use zerocopy::IntoBytes;
use zeroize::Zeroizing;

use super::{Files, sigstruct_of};
use crate::failure::{self, Failure};
use crate::{output, show};

const MAX_KEY_FILE: u64 = 64 << 10;

/// Labels of private keys in PEM: PKCS#8, and PKCS#1 as older programs write it.
const LABELS: [&str; 2] = ["PRIVATE KEY", "RSA PRIVATE KEY"];

/// Measure an image and sign it: write its SIGSTRUCT, 1808 bytes, beside it.
///
/// The key is made with `openssl genrsa -3 -out key.pem 3072`. Whoever has it can sign what unseals the data of your enclaves.
#[derive(clap::Args)]
pub struct Arguments {
    /// The program: a static executable.
    image: PathBuf,
    /// What is decided about the enclave beside its program, in TOML.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The signer's private key in PEM, unencrypted: RSA of 3072 bits with the exponent 3.
    #[arg(long, value_name = "PEM")]
    key: PathBuf,
    /// Write SIGSTRUCT to this file instead of IMAGE.sigstruct.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if there is one.
    #[arg(long)]
    force: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = Files::read(&arguments.image, &arguments.manifest)?;
    let key = read_key(&arguments.key)?;
    let mr_enclave = files.image()?.mr_enclave();
    let properties = files.manifest.properties(today());
    let signed = sign(&key, mr_enclave, &properties)
        .map_err(|error| Failure::environment("not_signed", failure::chain(&error), error.help()))?;
    let out = arguments.out.clone().unwrap_or_else(|| sigstruct_of(&arguments.image));
    output::write(&out, signed.as_bytes(), arguments.force)?;
    let description = json!({
        "output": out.to_string_lossy(),
        "mrEnclave": hex::encode(mr_enclave),
        "mrSigner": hex::encode(key.mr_signer()),
        "isvProdId": properties.isv_prod_id,
        "isvSvn": properties.isv_svn,
        "debug": files.manifest.attributes().is_debug(),
        "date": day(&signed),
    });
    if arguments.json { show::json(&description) } else { show::fields(&description, 0) }
}

fn read_key(path: &Path) -> Result<EnclaveKey, Failure> {
    let pem = failure::read_file(path, MAX_KEY_FILE).map_err(Failure::or_usage).map(Zeroizing::new)?;
    let refused =
        |code: &str, message: &str, help: &str| Failure::usage(code, format!("`{}`: {message}", path.display()), help);
    // Both ways of writing it have the word: in the label, or in a header.
    let word = b"ENCRYPTED";
    if pem.windows(word.len()).any(|words| words == word) {
        let help = "decrypt it with `openssl pkey -in FILE -out key.pem`, and keep that where nobody else can read it";
        return Err(refused("key_encrypted", "key is encrypted", help));
    }
    let der = LABELS.iter().find_map(|label| dcap::pem::blocks(&pem, label).ok());
    let der: Vec<Zeroizing<Vec<u8>>> = der.unwrap_or_default().into_iter().map(Zeroizing::new).collect();
    let [der] = der.as_slice() else {
        let help = "name a file that `openssl genrsa -3 -out key.pem 3072` wrote, with one key";
        return Err(refused("key_malformed", "file does not hold one RSA key in PEM", help));
    };
    EnclaveKey::from_der(der).map_err(|error| refused("key_unfit", &error.to_string(), &error.help()))
}

/// As SIGSTRUCT has it: 0xYYYYMMDD.
fn today() -> u32 {
    let (year, month, day) = OffsetDateTime::now_utc().to_calendar_date();
    let digits = format!("{year:04}{:02}{day:02}", u8::from(month));
    u32::from_str_radix(&digits, 16).unwrap_or_default()
}

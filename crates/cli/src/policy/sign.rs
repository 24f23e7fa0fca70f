//! `veritee policy sign`: from a policy's text to the JWS that a service takes.

use std::path::{Path, PathBuf};

use attestation::policy_jws::{self, MAX_KEY_FILE, PolicyKeyError, PolicySigningKey};
use clap::ArgGroup;
use jose::Algorithm;
use policy::Policy;
use policy::limits::MAX_TEXT;
use problem::Problem;
use zeroize::Zeroizing;

use super::input::read_text;
use super::pkcs12::{self, Pkcs12Error};
use crate::failure::{self, Failure};
use crate::{output, show};

/// Where the password of a PKCS#12 file may stand, apart from a file.
const PASSWORD_VARIABLE: &str = "VERITEE_PKCS12_PASSWORD";

const MAX_PASSWORD_FILE: u64 = 4096;

/// Sign a policy: write the JWS that `PUT /policies/{type}` takes, on one line of standard output.
///
/// Say how: --key with --cert, --pkcs12, or --unsecured. A text that does not parse as a policy is not signed.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("signer").required(true).args(["key", "pkcs12", "unsecured"])))]
pub struct Arguments {
    /// The policy's text; `-` reads standard input. Left out with --reset.
    #[arg(required_unless_present = "reset", conflicts_with = "reset")]
    policy: Option<PathBuf>,
    /// The signer's private key in PEM (PKCS#8, PKCS#1 or SEC 1), unencrypted: RSA of 2048 to 4096 bits, or P-256.
    #[arg(long, value_name = "PEM", requires = "cert")]
    key: Option<PathBuf>,
    /// The key's certificate in PEM, and those of its issuers, in any order.
    // Said twice: clap does not demand what something else that was given forbids.
    #[arg(long, value_name = "PEM", requires = "key", conflicts_with_all = ["pkcs12", "unsecured"])]
    cert: Option<PathBuf>,
    /// The signer's key and certificates in one PKCS#12 file (.p12, .pfx).
    #[arg(long, value_name = "FILE")]
    pkcs12: Option<PathBuf>,
    /// The password of the PKCS#12 file is the first line of this file, or of standard input with `-`.
    ///
    /// Without it the password is that in the environment variable VERITEE_PKCS12_PASSWORD, or the empty one.
    #[arg(long, value_name = "FILE", requires = "pkcs12", conflicts_with_all = ["key", "unsecured"])]
    password_file: Option<PathBuf>,
    /// Sign nothing: write the unsecured JWS, which providers without policy signers take.
    #[arg(long)]
    unsecured: bool,
    /// The algorithm; it has to fit the key: RS256 for RSA, ES256 for P-256.
    #[arg(long, value_name = "RS256|ES256", value_parser = parse_algorithm, conflicts_with = "unsecured")]
    alg: Option<Algorithm>,
    /// Whom the policy is meant for: the URL of a provider, or of one of its policies. Isolated providers refuse what is meant
    /// for somebody else.
    #[arg(long, value_name = "URL", conflicts_with_all = ["unsecured", "reset"])]
    audience: Option<String>,
    /// Write the JWS to this file, without a line's end, so that it can be submitted as it is.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if there is one.
    #[arg(long, requires = "out")]
    force: bool,
    /// Sign the JWS that resets a policy, which holds none.
    #[arg(long)]
    reset: bool,
    /// Sign the text even if it does not parse as a policy.
    #[arg(long, conflicts_with = "reset")]
    unchecked: bool,
}

fn parse_algorithm(text: &str) -> Result<Algorithm, String> {
    policy_jws::SIGNED_WITH.find(text).map_err(|_| format!("choose {}", policy_jws::SIGNED_WITH))
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    check_standard_input(arguments)?;
    let text = arguments.policy.as_deref().map(|path| policy_text(path, arguments.unchecked)).transpose()?;
    let jws = match (signing_key(arguments)?, &text) {
        (Some(key), text) => {
            key.sign(text.as_deref(), arguments.alg, arguments.audience.as_deref()).map_err(|error| refused(&error))?
        }
        (None, Some(text)) => policy_jws::unsecured(text),
        (None, None) => policy_jws::unsecured_reset(),
    };
    match &arguments.out {
        Some(path) => output::write(path, jws.as_bytes(), arguments.force),
        None => show::line(&jws),
    }
}

/// Standard input is read to its end, and once.
fn check_standard_input(arguments: &Arguments) -> Result<(), Failure> {
    let files = [&arguments.policy, &arguments.key, &arguments.cert, &arguments.pkcs12, &arguments.password_file];
    if files.into_iter().flatten().filter(|path| path.as_os_str() == "-").count() > 1 {
        let message = "two of the files are to be read from standard input";
        return Err(Failure::usage("standard_input_twice", message, "pass `-` once, and paths for the other files"));
    }
    Ok(())
}

fn policy_text(path: &Path, unchecked: bool) -> Result<String, Failure> {
    let text = read_text(path, MAX_TEXT)?;
    if !unchecked && let Err(mistakes) = Policy::parse(&text) {
        let message = format!("`{}` is no policy:\n{mistakes}", path.display());
        return Err(Failure::verdict(
            "policy_malformed",
            message,
            "mend it, or pass --unchecked to sign it all the same",
        ));
    }
    Ok(text)
}

/// The key, or nothing where the JWS is to be unsecured.
fn signing_key(arguments: &Arguments) -> Result<Option<PolicySigningKey>, Failure> {
    if let (Some(key), Some(certificates)) = (&arguments.key, &arguments.cert) {
        let (key, certificates) = (read_secret(key)?, read_secret(certificates)?);
        return PolicySigningKey::from_pem(&key, &certificates).map(Some).map_err(|error| refused(&error));
    }
    let Some(file) = &arguments.pkcs12 else { return Ok(None) };
    let file = read_secret(file)?;
    let password = password(arguments.password_file.as_deref())?;
    let opened = pkcs12::signing_key(&file, password.as_deref().map_or("", String::as_str));
    opened.map(Some).map_err(|error| match error {
        Pkcs12Error::WrongPassword if password.is_none() => Failure::usage(
            &error.code(),
            "the PKCS#12 file has a password, and none was given",
            format!("pass --password-file FILE, or set {PASSWORD_VARIABLE}"),
        ),
        _ => Failure::of_usage(&error),
    })
}

fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    failure::read_file(path, MAX_KEY_FILE as u64).map(Zeroizing::new).map_err(Failure::or_usage)
}

/// The password that was given: in a file, else in the environment.
fn password(file: Option<&Path>) -> Result<Option<Zeroizing<String>>, Failure> {
    let not_text = || {
        let help = "pass the password in UTF-8";
        Failure::usage("password_not_text", "the password of the PKCS#12 file is not valid UTF-8", help)
    };
    let Some(file) = file else {
        let Some(set) = std::env::var_os(PASSWORD_VARIABLE) else { return Ok(None) };
        return set.into_string().map(|password| Some(Zeroizing::new(password))).map_err(|_| not_text());
    };
    let bytes = failure::read_file(file, MAX_PASSWORD_FILE).map(Zeroizing::new).map_err(Failure::or_usage)?;
    let text = str::from_utf8(&bytes).map_err(|_| not_text())?;
    Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
}

/// A signer's files that are not what they were named as are wrong usage.
fn refused(error: &PolicyKeyError) -> Failure {
    Failure::of_usage(error)
}

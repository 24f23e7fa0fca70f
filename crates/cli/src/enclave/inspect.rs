//! `veritee enclave inspect`: what a SIGSTRUCT says, whether its signature holds, and whether an image is the one that was signed.

use std::path::{Path, PathBuf};

use abi::sgx::SigStruct;
use problem::Problem;
use serde::Serialize;
use sgx::check_signed;
use sgx::description::SigStructDescription;
use sgx::sigstruct::{EinitError, einit};
use zerocopy::FromBytes;

use super::{Files, read_executable, sigstruct_of};
use crate::failure::{self, Failure};
use crate::show;

const ELF: &[u8] = b"\x7fELF";

/// Show a SIGSTRUCT and check its signature; with an image, check that it is the one that was signed.
///
/// Exit code 1 where the signature is wrong or the image is another one.
#[derive(clap::Args)]
pub struct Arguments {
    /// A SIGSTRUCT, or a signed image: its SIGSTRUCT is IMAGE.sigstruct unless --sigstruct says otherwise.
    file: PathBuf,
    /// The manifest of the image. Without it nobody can say whether the image is the one that was signed.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The SIGSTRUCT of the image.
    #[arg(long, value_name = "FILE")]
    sigstruct: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let contents = read_executable(&arguments.file)?;
    let is_image = contents.starts_with(ELF);
    let signed = if is_image {
        let path = arguments.sigstruct.clone().unwrap_or_else(|| sigstruct_of(&arguments.file));
        read_sigstruct(&path, &arguments.file)?
    } else {
        if arguments.manifest.is_some() || arguments.sigstruct.is_some() {
            let message = format!("`{}` is no image", arguments.file.display());
            let help = "--manifest and --sigstruct belong to an image: name the executable first";
            return Err(Failure::usage("image_unknown", message, help));
        }
        parse(&contents, &arguments.file)?
    };
    let checked = check(arguments, is_image, &signed)?;
    let check = match &checked {
        Ok(what) => (*what).to_owned(),
        Err(failure) => failure.message().to_owned(),
    };
    let inspected = Inspected { sigstruct: (&signed).into(), check };
    if arguments.json {
        show::json(&inspected)?;
    } else {
        show::fields_except(&inspected, &[])?;
    }
    checked.map(drop)
}

/// A SIGSTRUCT, and what came of checking it.
#[derive(Serialize)]
struct Inspected {
    #[serde(flatten)]
    sigstruct: SigStructDescription,
    check: String,
}

/// What holds, or the verdict against it.
fn check(arguments: &Arguments, is_image: bool, signed: &SigStruct) -> Result<Result<&'static str, Failure>, Failure> {
    let (Some(manifest), true) = (&arguments.manifest, is_image) else {
        let holds = einit(signed, &signed.enclave_hash, &signed.attributes, signed.misc_select.get());
        let wrong = |error: EinitError| {
            Failure::verdict("signature_wrong", error.to_string(), "SIGSTRUCT is damaged: sign the image again")
        };
        let what = if is_image { "signature holds; pass --manifest to compare the image" } else { "signature holds" };
        return Ok(holds.map(|_| what).map_err(wrong));
    };
    let files = Files::read(&arguments.file, manifest)?;
    let checked = check_signed(&files.image()?, &files.manifest, signed);
    Ok(checked
        .map(|_| "signature holds, and the image is the one that was signed")
        .map_err(|error| Failure::verdict("image_not_signed", error.to_string(), error.help())))
}

fn read_sigstruct(path: &Path, image: &Path) -> Result<SigStruct, Failure> {
    if !path.exists() {
        let message = format!("`{}` has no SIGSTRUCT: `{}` is not there", image.display(), path.display());
        let help = "sign the image with `veritee enclave sign`, or name the file with --sigstruct";
        return Err(Failure::usage("sigstruct_absent", message, help));
    }
    parse(&failure::read_file(path, SigStruct::SIZE as u64).map_err(Failure::or_usage)?, path)
}

fn parse(contents: &[u8], path: &Path) -> Result<SigStruct, Failure> {
    let signed = SigStruct::read_from_bytes(contents).ok().filter(|signed| signed.header == SigStruct::HEADER);
    signed.ok_or_else(|| {
        let message = format!("`{}` is no SIGSTRUCT and no executable", path.display());
        Failure::usage(
            "file_unknown",
            message,
            "a SIGSTRUCT is the file of 1808 bytes that `veritee enclave sign` writes",
        )
    })
}

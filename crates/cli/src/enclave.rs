//! `veritee enclave`: images of simulated enclaves, and what their signers say of them.

mod inspect;
mod measure;
mod sign;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use problem::Problem;
use sgx::image::{Image, MAX_EXECUTABLE, MAX_MANIFEST, Manifest};

use crate::failure::{self, Failure};

/// Measure, sign and look at images of enclaves for the simulated machine.
///
/// An image is a static executable for Linux on x86-64 and a manifest (docs/enclave-image.md).
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Sign(sign::Arguments),
    Measure(measure::Arguments),
    Inspect(inspect::Arguments),
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Sign(arguments) => sign::run(arguments),
        Command::Measure(arguments) => measure::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
    }
}

/// An executable and a manifest, read.
struct Files {
    path: PathBuf,
    executable: Vec<u8>,
    manifest: Manifest,
}

impl Files {
    fn read(executable: &Path, manifest: &Path) -> Result<Self, Failure> {
        let text = failure::read_file(manifest, MAX_MANIFEST as u64).map_err(Failure::or_usage)?;
        let refused = |message: String, help: &str| {
            Failure::usage("manifest_malformed", format!("`{}`: {message}", manifest.display()), help)
        };
        let text = str::from_utf8(&text).map_err(|_| {
            refused(
                "manifest is not valid UTF-8".to_owned(),
                "name the manifest after --manifest, and the executable first",
            )
        })?;
        let manifest = Manifest::from_toml(text).map_err(|error| {
            // The cause ends with the end of a line.
            refused(failure::chain(&error).trim_end().to_owned(), &error.help())
        })?;
        Ok(Self { path: executable.to_owned(), executable: read_executable(executable)?, manifest })
    }

    fn image(&self) -> Result<Image<'_>, Failure> {
        Image::read(&self.executable, &self.manifest).map_err(|error| {
            let message = format!("`{}`: {}", self.path.display(), failure::chain(&error));
            Failure::usage("image_unfit", message, error.help())
        })
    }
}

fn read_executable(path: &Path) -> Result<Vec<u8>, Failure> {
    failure::read_file(path, MAX_EXECUTABLE as u64).map_err(Failure::or_usage)
}

/// Where the SIGSTRUCT of an image lies unless somebody says otherwise.
fn sigstruct_of(image: &Path) -> PathBuf {
    let mut path = OsString::from(image);
    path.push(".sigstruct");
    path.into()
}

//! `veritee inspect`: says what a file is and shows its fields, without judging.

mod description;
mod json_files;

use std::path::PathBuf;

use ::collateral::{Contents, Unrecognised};
use dcap::{EpidDescription, HeaderDescription, Quote, QuoteError};
use evidence::{EvidenceFile, FileKind, Format};
use problem::Problem;
use serde::Serialize;

use crate::failure::{self, Failure};
use crate::show;
use description::{Description, Fields};

/// Say what a file is and show its fields, without judging it.
///
/// Knows quotes and Open Enclave reports, TCB Info, QE identity, CRLs, certificates with Intel's SGX extension, tokens,
/// key sets, and EPID quotes. SEV-SNP, TPM, VBS and HCL reports are recognised, and not read.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file; `-` reads standard input.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const MAX_FILE: u64 = 4 << 20;
const NOTE: &str = "nothing here is verified";

/// A file, as it is printed.
#[derive(Serialize)]
struct FileDescription {
    #[serde(flatten)]
    file: Description,
    note: &'static str,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let contents = failure::read_file(&arguments.file, MAX_FILE)?;
    let description = FileDescription { file: describe(&contents)?, note: NOTE };
    if arguments.json {
        return show::json(&description);
    }
    show::line(&format!("this is: {}", description.file.is))?;
    show::line("")?;
    show::fields_except(&description, &["is"])
}

/// What the bytes are.
fn describe(contents: &[u8]) -> Result<Description, Failure> {
    if contents.is_empty() {
        return Err(unknown("the file is empty"));
    }
    match evidence::recognise(contents) {
        Some(FileKind::Token) => json_files::token(contents).ok_or_else(|| unknown("its token cannot be read")),
        Some(FileKind::KeySet) => json_files::key_set(contents).ok_or_else(|| unknown("its keys cannot be read")),
        Some(FileKind::Evidence(_)) => describe_evidence(contents),
        _ => describe_collateral_file(contents),
    }
}

fn describe_collateral_file(contents: &[u8]) -> Result<Description, Failure> {
    match ::collateral::sniff(contents) {
        Ok(Contents::Piece(form)) => Ok(Description::of_piece(&form)),
        Ok(Contents::Several(container, pieces)) => Ok(Description::of_several(container, &pieces)),
        Err(Unrecognised::Unknown | Unrecognised::TooLong | Unrecognised::Certificate(_)) => {
            Err(unknown("it is nothing that veritee knows"))
        }
        // Something that it resembles, and damaged: the reason helps more than "unknown".
        Err(damaged) => Err(unknown(&failure::chain(&damaged))),
    }
}

fn unknown(reason: &str) -> Failure {
    Failure::verdict(
        "file_unknown",
        format!("file is not recognised: {reason}"),
        "known are quotes, Open Enclave reports, collateral, certificates, tokens and key sets",
    )
}

fn describe_evidence(contents: &[u8]) -> Result<Description, Failure> {
    let file = EvidenceFile::read(contents).map_err(|error| Failure::of_verdict(&error))?;
    let framing = match file.format() {
        Format::OpenEnclaveReport => "Open Enclave report with ",
        Format::Quote(_) | Format::EpidQuote => "",
        other => return Ok(Description::new(other.to_string(), Fields::Unread { bytes: file.bytes().len() })),
    };
    let bytes = file.quote().map_err(|error| Failure::of_verdict(&error))?;
    match Quote::parse(bytes) {
        Ok(quote) => {
            let is = format!("{framing}{} quote, version {}", quote.tee(), quote.version());
            Ok(Description::new(is, Fields::Quote(Box::new((&quote).into()))))
        }
        Err(QuoteError::Epid) => Ok(Description::new("EPID quote", Fields::Epid(Box::new(EpidDescription::of(bytes))))),
        Err(error) => match HeaderDescription::of_intel_quote(bytes) {
            // Recognisably a quote that this version does not read whole.
            Some(header) => {
                let is = format!("{framing}quote that cannot be read: {error}");
                Ok(Description::new(is, Fields::UnreadableQuote { header, help: error.help().into_owned() }))
            }
            None => Err(unknown(&error.to_string())),
        },
    }
}

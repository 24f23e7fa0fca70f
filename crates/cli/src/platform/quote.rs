//! Quotes on a simulated machine.

use std::path::PathBuf;

use abi::sgx::Report;
use abi::tdx::TdReport;
use simulator::{EnclaveReport, Platform, TrustDomainReport};
use zerocopy::FromBytes;

use super::{Data, no_quote};
use crate::arguments::hex_bytes;
use crate::failure::{self, Failure};
use crate::output;
use crate::serve::simulation::unusable;

/// Quote an enclave or a trust domain: one that is made up here, or the report of one that ran on the machine.
#[derive(clap::Args)]
pub struct Arguments {
    /// Name of the machine.
    name: String,
    #[command(flatten)]
    data: Data,
    /// Write the quote to this file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file where it exists.
    #[arg(long)]
    force: bool,
    /// The report to quote: a REPORT of 432 bytes for the machine's quoting enclave, or a TDREPORT of 1024.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mrenclave", "mrsigner", "isv_prod_id", "isv_svn", "debug", "report_data", "trust_domain"])]
    report: Option<PathBuf>,
    /// Quote a trust domain instead of an enclave.
    #[arg(long, conflicts_with_all = ["mrenclave", "mrsigner", "isv_prod_id", "isv_svn"])]
    trust_domain: bool,
    /// MRTD of the trust domain: 48 bytes in hexadecimal [default: zeros].
    #[arg(long, value_name = "HEX", value_parser = hex_bytes::<48>, requires = "trust_domain")]
    mrtd: Option<[u8; 48]>,
    /// MRENCLAVE: 32 bytes in hexadecimal [default: zeros].
    #[arg(long, value_name = "HEX", value_parser = hex_bytes::<32>)]
    mrenclave: Option<[u8; 32]>,
    /// MRSIGNER: 32 bytes in hexadecimal [default: zeros].
    #[arg(long, value_name = "HEX", value_parser = hex_bytes::<32>)]
    mrsigner: Option<[u8; 32]>,
    /// ISVPRODID.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    isv_prod_id: u16,
    /// ISVSVN.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    isv_svn: u16,
    /// A debugger may read the enclave or trust domain.
    #[arg(long)]
    debug: bool,
    /// Report data: at most 64 bytes in hexadecimal, the rest zeros.
    #[arg(long, value_name = "HEX", value_parser = parse_report_data)]
    report_data: Option<[u8; 64]>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = arguments.data.open()?.platform(&arguments.name).map_err(unusable)?;
    let quote = match &arguments.report {
        Some(path) => quote_report(&platform, &failure::read_file(path, TdReport::SIZE as u64)?)?,
        None => quote_made_up(&platform, arguments)?,
    };
    output::write(&arguments.out, &quote, arguments.force)
}

fn quote_report(platform: &Platform, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let quoted = match (Report::read_from_bytes(bytes), TdReport::read_from_bytes(bytes)) {
        (Ok(report), _) => platform.quote(&report),
        (_, Ok(report)) => platform.quote_trust_domain(&report),
        _ => {
            let message =
                format!("the report has {} bytes, neither {} nor {}", bytes.len(), Report::SIZE, TdReport::SIZE);
            let help = "give a whole REPORT or TDREPORT; a report body has no MAC, and nothing to check it by";
            return Err(Failure::verdict("report_malformed", message, help));
        }
    };
    quoted.map_err(|error| no_quote(&error))
}

fn quote_made_up(platform: &Platform, arguments: &Arguments) -> Result<Vec<u8>, Failure> {
    let Arguments { debug, .. } = *arguments;
    let report_data = arguments.report_data.unwrap_or([0; 64]);
    let quoted = if arguments.trust_domain {
        let mr_td = arguments.mrtd.unwrap_or([0; 48]);
        let trust_domain = TrustDomainReport { mr_td, rtmr: [[0; 48]; 4], debug, report_data };
        platform.quote_trust_domain(&platform.trust_domain_report(&trust_domain))
    } else {
        platform.quote_enclave(&EnclaveReport {
            mr_enclave: arguments.mrenclave.unwrap_or([0; 32]),
            mr_signer: arguments.mrsigner.unwrap_or([0; 32]),
            isv_prod_id: arguments.isv_prod_id,
            isv_svn: arguments.isv_svn,
            debug,
            report_data,
        })
    };
    quoted.map_err(|error| no_quote(&error))
}

fn parse_report_data(text: &str) -> Result<[u8; 64], String> {
    let bytes = hex::decode(text).map_err(|_| "give an even number of hexadecimal digits".to_owned())?;
    let mut data = [0; 64];
    data.get_mut(..bytes.len()).ok_or("give at most 64 bytes")?.copy_from_slice(&bytes);
    Ok(data)
}

//! What a machine tells a collateral cache about itself.

use std::path::PathBuf;

use serde_json::json;
use simulator::CaType;

use super::{Named, no_quote};
use crate::failure::{self, Failure};
use crate::serve::simulation::unusable;
use crate::{output, show};

/// Print what a PCCS is told about a machine: the body of `POST /sgx/certification/v4/platforms`, or a line of Intel's
/// PCKIDRetrievalTool. The PPID in it is encrypted for the simulated Intel, so that it is another text each time.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Print the line of PCKIDRetrievalTool: encrypted PPID, PCEID, CPUSVN, PCESVN, QE ID.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write the platform manifest to this file, for `POST /sgx/registration/v1/platform`.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Replace the file where it exists.
    #[arg(long, requires = "manifest")]
    force: bool,
}

pub fn run(Arguments { named, csv, manifest, force }: &Arguments) -> Result<(), Failure> {
    let mut simulation = named.data.open()?;
    let platform = simulation.platform(&named.name).map_err(unusable)?;
    let key = simulation.ppid_key().map_err(unusable)?;
    let encrypted = platform.encrypted_ppid(&key);
    let encrypted =
        encrypted.map_err(|error| Failure::environment("simulation_unusable", failure::chain(&error), error.help()))?;
    let written = simulator::pcs::manifest(&encrypted);
    if let Some(path) = manifest {
        output::write(path, &written, *force)?;
    }
    let tcb = platform.tcb();
    let enclave = platform.quoting_enclave().map_err(|error| no_quote(&error))?;
    let (enc_ppid, pce_id, cpu_svn) =
        (hex::encode(encrypted), hex::encode(simulator::PCE_ID), hex::encode(tcb.cpu_svn));
    let (pce_svn, qe_id) = (hex::encode(tcb.pce_svn.to_le_bytes()), hex::encode(enclave.certification().qe_id()));
    if *csv {
        return show::line(&[enc_ppid, pce_id, cpu_svn, pce_svn, qe_id].join(","));
    }
    show::json(&json!({
        "qe_id": qe_id,
        "pce_id": pce_id,
        "cpu_svn": cpu_svn,
        "pce_svn": pce_svn,
        "enc_ppid": enc_ppid,
        // A machine with one package has none.
        "platform_manifest": if platform.ca() == CaType::Platform { hex::encode(written) } else { String::new() },
    }))
}

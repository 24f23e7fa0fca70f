//! What a machine tells a collateral cache about itself.

use std::path::PathBuf;

use serde_json::json;
use simulator::CaType;

use super::{Named, no_quote};
use crate::failure::Failure;
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
    let encrypted = platform.encrypted_ppid(&key).map_err(|error| unusable(error.into()))?;
    let enclave = platform.quoting_enclave().map_err(|error| no_quote(&error))?;
    // A machine with one package has none.
    let written = (platform.ca() == CaType::Platform).then(|| simulator::pcs::manifest(&encrypted));
    match (manifest, &written) {
        (Some(path), Some(written)) => output::write(path, written, *force)?,
        (Some(_), None) => return Err(without_manifest(&named.name)),
        (None, _) => {}
    }
    let tcb = platform.tcb();
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
        "platform_manifest": written.map(hex::encode).unwrap_or_default(),
    }))
}

fn without_manifest(name: &str) -> Failure {
    Failure::usage(
        "platform_without_manifest",
        format!("`{name}` has one package, and so no platform manifest"),
        "leave out --manifest: such a machine is known by its encrypted PPID",
    )
}

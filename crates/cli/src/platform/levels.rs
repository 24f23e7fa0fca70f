//! Levels of a machine, and revocation.

use simulator::cpu::CpuSvn;
use simulator::{PCE_SVN, Tcb};

use super::{Named, now};
use crate::failure::Failure;
use crate::serve::simulation::unusable;

/// Raise or lower the levels of a machine, as microcode and enclaves do.
///
/// Keys for sealing follow: what was sealed at a lower level can be unsealed, and not the other way round. Programs that have the
/// machine open see it after they are started again.
#[derive(clap::Args)]
pub struct SetTcb {
    #[command(flatten)]
    named: Named,
    /// A level that Intel knows: `newest`, or `older`, which is out of date. With --sdk-compat machines also `upgraded`.
    #[arg(long, value_name = "LEVEL", required_unless_present_any = ["cpu_svn", "pce_svn"], conflicts_with_all = ["cpu_svn", "pce_svn"])]
    level: Option<Level>,
    /// CPUSVN: 16 bytes in hexadecimal, a component each.
    #[arg(long, value_name = "HEX", value_parser = crate::arguments::hex_bytes::<16>)]
    cpu_svn: Option<[u8; 16]>,
    /// PCESVN.
    #[arg(long, value_name = "NUMBER")]
    pce_svn: Option<u16>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Level {
    Newest,
    Older,
    Upgraded,
}

/// Have Intel revoke a machine, or take that back; the collateral of the data directory says so at once.
#[derive(clap::Args)]
pub struct Revoke {
    #[command(flatten)]
    named: Named,
    /// Take it back.
    #[arg(long)]
    undo: bool,
}

pub fn set(arguments: &SetTcb) -> Result<(), Failure> {
    let SetTcb { named, level, cpu_svn, pce_svn } = arguments;
    let simulation = named.data.open()?;
    let platform = simulation.platform(&named.name).map_err(unusable)?;
    let is_sdk = platform.is_sdk_compat();
    let no_such_level = || {
        let (message, help) = if is_sdk {
            (
                "a machine with the keys of Intel's SDK has the SDK's levels alone",
                "pass --level older, newest or upgraded",
            )
        } else {
            ("only a machine with the keys of Intel's SDK can be upgraded", "pass --level newest, or --cpu-svn")
        };
        Failure::usage("platform_level_unknown", message, help)
    };
    let present = platform.tcb();
    let (cpu_svn, known_pce_svn) = match (level, is_sdk) {
        (None, false) => (CpuSvn::Components(cpu_svn.unwrap_or(present.cpu_svn)), present.pce_svn),
        (None, true) => {
            (CpuSvn::of_sdk(&cpu_svn.unwrap_or(present.cpu_svn)).ok_or_else(no_such_level)?, present.pce_svn)
        }
        (Some(Level::Newest), false) => (CpuSvn::Components(Tcb::NEWEST.cpu_svn), Tcb::NEWEST.pce_svn),
        (Some(Level::Older), false) => (CpuSvn::Components(Tcb::OLDER.cpu_svn), Tcb::OLDER.pce_svn),
        (Some(Level::Upgraded), false) => return Err(no_such_level()),
        (Some(Level::Newest), true) => (CpuSvn::SdkDefault, PCE_SVN),
        (Some(Level::Older), true) => (CpuSvn::SdkDowngraded, PCE_SVN),
        (Some(Level::Upgraded), true) => (CpuSvn::SdkUpgraded, PCE_SVN),
    };
    let pce_svn = pce_svn.unwrap_or(known_pce_svn);
    let platform = simulation.set_tcb(&named.name, cpu_svn, pce_svn).map_err(unusable)?;
    named.show(&simulation, &platform)
}

pub fn revoke(Revoke { named, undo }: &Revoke) -> Result<(), Failure> {
    let mut simulation = named.data.open()?;
    let platform = simulation.set_revoked(&named.name, !undo).map_err(unusable)?;
    simulation.publish(now()).map_err(unusable)?;
    named.show(&simulation, &platform)
}

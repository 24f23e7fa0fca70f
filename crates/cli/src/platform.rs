//! `veritee platform`: simulated machines, and what their simulated Intel says of them.

mod levels;
mod pcs;
mod quote;
mod registration;

use std::path::PathBuf;

use clap::Subcommand;
use problem::Problem;
use serde_json::{Value, json};
use simulator::{CaType, Intel, Platform, PlatformSpec, Simulation, Tcb};
use unix_time::UnixTime;

use crate::failure::{self, Failure};
use crate::serve::simulation::{DIRECTORY, unusable};
use crate::show;

/// Make simulated machines with SGX and TDX, change their levels, revoke them, and quote on them.
///
/// They lie in the data directory of `veritee serve --simulated`, which runs on the machine `default`. All of a data directory are
/// certified by one simulated Intel, whose root is no other's: nothing they make can pass for genuine hardware. Its collateral is
/// kept in DATA/simulation/collateral and its root in DATA/simulation/root.pem.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(Create),
    List(List),
    /// Show a machine: its names, its levels, and what Intel says of them.
    Show(Named),
    SetTcb(levels::SetTcb),
    Revoke(levels::Revoke),
    Quote(Box<quote::Arguments>),
    Registration(registration::Arguments),
    Pcs(pcs::Arguments),
}

/// Which simulation.
#[derive(clap::Args)]
struct Data {
    /// Data directory, as of `veritee serve`.
    #[arg(long, value_name = "DIR", default_value = "veritee-data")]
    data: PathBuf,
}

impl Data {
    fn directory(&self) -> PathBuf {
        self.data.join(DIRECTORY)
    }

    fn open(&self) -> Result<Simulation, Failure> {
        Simulation::open(&self.directory()).map_err(unusable)
    }
}

/// One machine.
#[derive(clap::Args)]
struct Named {
    /// Name of the machine.
    name: String,
    #[command(flatten)]
    data: Data,
    /// Write one JSON document to standard output.
    #[arg(long)]
    json: bool,
}

impl Named {
    /// Shows the machine, with what Intel says of it by now.
    fn show(&self, simulation: &Simulation, platform: &Platform) -> Result<(), Failure> {
        let shown = describe(&self.name, simulation, platform)?;
        if self.json { show::json(&shown) } else { show::fields(&shown, 0) }
    }
}

/// Make a machine at the newest level, certified by the simulated Intel of the data directory, which is made where it is absent.
#[derive(clap::Args)]
struct Create {
    #[command(flatten)]
    named: Named,
    /// Who certifies it: `platform` for machines that may have several packages, `processor` for those with one.
    #[arg(long, value_name = "CA", default_value = "platform", value_parser = parse_ca)]
    ca: CaType,
    /// Derive keys as the simulation mode of Intel's SGX SDK does, from what everybody knows: for comparing with it.
    #[arg(long)]
    sdk_compat: bool,
}

/// List the machines.
#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// Write one JSON document to standard output.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Create(create) => make(create),
        Command::List(list) => show_all(list),
        Command::Show(named) => {
            let simulation = named.data.open()?;
            let platform = simulation.platform(&named.name).map_err(unusable)?;
            named.show(&simulation, &platform)
        }
        Command::SetTcb(set) => levels::set(set),
        Command::Revoke(revoke) => levels::revoke(revoke),
        Command::Quote(quote) => quote::run(quote),
        Command::Registration(registration) => registration::run(registration),
        Command::Pcs(pcs) => pcs::run(pcs),
    }
}

fn make(Create { named, ca, sdk_compat }: &Create) -> Result<(), Failure> {
    let now = now();
    let simulation = Simulation::open_or_create(&named.data.directory(), now).map_err(unusable)?;
    let spec = PlatformSpec { ca: *ca, sdk_compat: *sdk_compat };
    let platform = simulation.create_platform(&named.name, spec, now).map_err(unusable)?;
    simulation.publish(now).map_err(unusable)?;
    named.show(&simulation, &platform)
}

fn show_all(List { data, json }: &List) -> Result<(), Failure> {
    let simulation = data.open()?;
    let names = simulation.platforms().map_err(unusable)?;
    let describe_one = |name: &String| describe(name, &simulation, &simulation.platform(name).map_err(unusable)?);
    let all = names.iter().map(describe_one).collect::<Result<Vec<Value>, Failure>>()?;
    if *json {
        return show::json(&json!({"platforms": all}));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    for one in &all {
        show::line(&format!(
            "{:width$}  {:13}  {}",
            text(&one["name"]),
            text(&one["tcbStatus"]),
            text(&one["directory"])
        ))?;
    }
    Ok(())
}

/// A machine, and what Intel says of it by now.
fn describe(name: &str, simulation: &Simulation, platform: &Platform) -> Result<Value, Failure> {
    let certification = platform.quoting_enclave().ok().map(|enclave| enclave.certification().clone());
    let tcb = platform.tcb();
    Ok(json!({
        "name": name,
        "directory": simulation.platform_directory(name).map_err(unusable)?,
        "created": platform.created(),
        "ca": platform.ca().word(),
        "sdkCompat": platform.is_sdk_compat(),
        "fmspc": hex::encode(platform.fmspc()),
        "ppid": hex::encode(platform.ppid()),
        "cpuSvn": hex::encode(tcb.cpu_svn),
        "pceSvn": tcb.pce_svn,
        "tcbStatus": status(simulation.intel(), platform),
        "certifiedCpuSvn": platform.level().map(|level| hex::encode(level.cpu_svn)),
        "certifiedPceSvn": platform.level().map(|level| level.pce_svn),
        "qeId": certification.as_ref().map(|certification| hex::encode(certification.qe_id())),
        "ecdsaId": certification.map(|certification| hex::encode(certification.ecdsa_id())),
        "collateral": simulation.collateral_directory(),
        "root": simulation.root_file(),
    }))
}

/// What a verifier finds, in Intel's words.
fn status(intel: &Intel, platform: &Platform) -> &'static str {
    match platform.level() {
        None => "NotCertified",
        Some(level) if intel.is_revoked(platform.ca(), &platform.pck_serial(level)) => "Revoked",
        Some(Tcb::NEWEST) => "UpToDate",
        Some(_) => "OutOfDate",
    }
}

fn parse_ca(word: &str) -> Result<CaType, String> {
    CaType::from_word(word).ok_or_else(|| "choose from platform, processor".to_owned())
}

fn now() -> UnixTime {
    UnixTime::of_system_clock()
}

/// Why a machine does not quote.
fn no_quote(error: &simulator::PlatformQuoteError) -> Failure {
    Failure::verdict("platform_does_not_quote", failure::chain(error), error.help())
}

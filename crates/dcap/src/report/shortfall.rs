//! Why a platform is below the best level, and what raises it. For people and reports; no verdict rests on it.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::isv_level::IsvLevel;
use crate::documents::tcb_info::TcbInfo;
use crate::documents::tcb_info::level::{ComponentName, TcbLevel};
use crate::documents::tcb_status::TcbStatus;
use crate::documents::verified::VerifiedCollateral;
use crate::pki::pck::ProvenPck;
use crate::quote::parse::Quote;
use crate::quote::report::Report;
use crate::verify::verified::VerifiedQuote;
use unix_time::UnixTime;

/// Something that is below what the best level needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What is short.
    pub part: Part,
    /// The SVN it has.
    pub has: u16,
    /// The SVN it needs, always more.
    pub needs: u16,
    /// Status of the level that needs it.
    pub level_status: TcbStatus,
    /// Date of that level.
    pub level_date: UnixTime,
    /// What raises it.
    pub remedy: Remedy,
}

/// A part of the TCB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An SGX component: its number from 1, and what Intel calls it.
    SgxComponent(u8, Option<ComponentName>),
    /// A TDX component: its number from 1, and what Intel calls it.
    TdxComponent(u8, Option<ComponentName>),
    /// PCESVN: the provisioning certification enclave.
    Pce,
    /// ISVSVN of the quoting enclave.
    QuotingEnclave,
    /// The TDX module of a major version.
    TdxModule(u8),
}

/// What raises a part of the TCB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Firmware of the board, which brings early microcode with it.
    Bios,
    /// Microcode that the operating system loads.
    Microcode,
    /// A setting of the firmware, such as hyper-threading off: nothing has to be installed.
    BiosSetting,
    /// The platform software (PSW) with its PCE and quoting enclave.
    PlatformSoftware,
    /// The TDX module, with its loader.
    TdxModule,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |f: &mut fmt::Formatter<'_>, name: &Option<ComponentName>| match name {
            Some(ComponentName { category, kind: Some(kind) }) => write!(f, " ({category}, {kind})"),
            Some(ComponentName { category, kind: None }) => write!(f, " ({category})"),
            None => Ok(()),
        };
        match self {
            Self::SgxComponent(number, of) => write!(f, "SGX component {number}").and_then(|()| name(f, of)),
            Self::TdxComponent(number, of) => write!(f, "TDX component {number}").and_then(|()| name(f, of)),
            Self::Pce => f.write_str("provisioning certification enclave"),
            Self::QuotingEnclave => f.write_str("quoting enclave"),
            Self::TdxModule(major) => write!(f, "TDX module {major}.x"),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bios => "update the BIOS",
            Self::Microcode => "update the microcode that the operating system loads",
            Self::BiosSetting => "change the BIOS setting that the advisories name, such as hyper-threading",
            Self::PlatformSoftware => "update the SGX platform software",
            Self::TdxModule => "update the TDX module",
        })
    }
}

impl fmt::Display for Shortfall {
    /// One sentence: what is short, by how much, against which level, and what raises it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, has, needs, level_status, level_date, remedy } = self;
        let date = level_date.to_string();
        let day = date.split('T').next().unwrap_or_default();
        write!(f, "{part} has SVN {has}, the level {level_status} of {day} needs {needs}: {remedy}")
    }
}

impl Serialize for Shortfall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { part, has, needs, level_status, level_date, remedy } = self;
        let mut members = serializer.serialize_struct("Shortfall", 7)?;
        members.serialize_field("part", &part.to_string())?;
        members.serialize_field("has", has)?;
        members.serialize_field("needs", needs)?;
        members.serialize_field("levelStatus", level_status)?;
        members.serialize_field("levelDate", level_date)?;
        members.serialize_field("remedy", &remedy.to_string())?;
        members.serialize_field("sentence", &self.to_string())?;
        members.end()
    }
}

/// What a platform lacks to the best level of some collateral, also when no verdict can be given because it reaches no level at
/// all. See [`VerifiedQuote::shortfalls`].
pub fn shortfalls(quote: &Quote<'_>, pck: &ProvenPck, collateral: &VerifiedCollateral) -> Vec<Shortfall> {
    let qe_isv_svn = quote.qe_report().isv_svn.get();
    of_documents(quote.report(), qe_isv_svn, pck, collateral.tcb_info(), collateral.qe_identity())
}

impl VerifiedQuote {
    /// What the platform lacks to the best level of its collateral: the one of the best status, the newest of those. A trust
    /// domain is judged as it was launched. Empty where nothing is short.
    pub fn shortfalls(&self) -> Vec<Shortfall> {
        let collateral = self.collateral();
        of_documents(self.report(), self.qe_isv_svn(), self.pck(), collateral.tcb_info(), collateral.qe_identity())
    }
}

pub(crate) fn of_documents(
    report: &Report,
    qe_isv_svn: u16,
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
    identity: &EnclaveIdentity,
) -> Vec<Shortfall> {
    let tee_tcb_svn = report.td_report().map(|report| &report.tee_tcb_svn);
    let mut found = Vec::new();
    if let Some(best) = best(tcb_info.levels.iter(), |level| level.status) {
        platform(&mut found, best, pck, tee_tcb_svn);
    }
    by_isv_svn(&mut found, identity.levels.iter(), qe_isv_svn, Part::QuotingEnclave, Remedy::PlatformSoftware);
    if let (Some(&[minor, major, ..]), Some(modules)) = (tee_tcb_svn, &tcb_info.tdx_modules)
        && let Some(identity) = modules.identity(major)
    {
        by_isv_svn(&mut found, identity.known_levels(), minor.into(), Part::TdxModule(major), Remedy::TdxModule);
    }
    found
}

/// Levels are sorted, highest first, and statuses in order, best first.
fn best<'l, L>(levels: impl Iterator<Item = &'l L>, status: impl Fn(&L) -> TcbStatus) -> Option<&'l L> {
    levels.min_by_key(|level| status(level))
}

fn platform(found: &mut Vec<Shortfall>, level: &TcbLevel, pck: &ProvenPck, tee_tcb_svn: Option<&[u8; 16]>) {
    let mut compare = |part, has: u16, needs: u16, remedy| {
        if has < needs {
            let (level_status, level_date) = (level.status, level.date);
            found.push(Shortfall { part, has, needs, level_status, level_date, remedy });
        }
    };
    let platform = pck.platform();
    let is_named = level.sgx_component_names.iter().any(Option::is_some);
    let sgx = platform.component_svns().iter().zip(&level.sgx_components).zip(level.sgx_component_names.iter());
    for (number, ((&has, &needs), name)) in (1..).zip(sgx) {
        let remedy = remedy_for(number, name.as_ref(), is_named);
        compare(Part::SgxComponent(number, name.clone()), has.into(), needs.into(), remedy);
    }
    compare(Part::Pce, platform.pce_svn(), level.pce_svn, Remedy::PlatformSoftware);
    if let (Some(has), Some(needs), Some(names)) = (tee_tcb_svn, &level.tdx_components, &level.tdx_component_names) {
        let is_rated_by_identity = has.get(1).is_some_and(|&major| major > 0);
        let tdx = has.iter().zip(needs).zip(names.iter());
        let counted = (1..).zip(tdx).filter(|(number, _)| *number > 2 || !is_rated_by_identity);
        for (number, ((&has, &needs), name)) in counted {
            let remedy = remedy_for(number, name.as_ref(), true);
            compare(Part::TdxComponent(number, name.clone()), has.into(), needs.into(), remedy);
        }
    }
}

fn by_isv_svn<'l>(
    found: &mut Vec<Shortfall>,
    levels: impl Iterator<Item = &'l IsvLevel>,
    has: u16,
    part: Part,
    remedy: Remedy,
) {
    if let Some(level) = best(levels, |level| level.status)
        && has < level.isv_svn
    {
        let (level_status, level_date) = (level.status, level.date);
        found.push(Shortfall { part, has, needs: level.isv_svn, level_status, level_date, remedy });
    }
}

/// Intel names who delivers a component; older documents do not, and the order is the same. What is unnamed among named
/// ones shows a setting of the firmware.
fn remedy_for(number: u8, name: Option<&ComponentName>, is_named: bool) -> Remedy {
    let kind = |name: &ComponentName, word: &str| name.kind.as_ref().is_some_and(|kind| kind.contains(word));
    match (name, number) {
        (Some(name), _) if kind(name, "TDX Module") || kind(name, "SEAMLDR") => Remedy::TdxModule,
        (Some(name), _) if kind(name, "Late Microcode") => Remedy::Microcode,
        (Some(_), _) => Remedy::Bios,
        (None, 2) if !is_named => Remedy::Microcode,
        (None, 1..=6) if !is_named => Remedy::Bios,
        (None, _) => Remedy::BiosSetting,
    }
}

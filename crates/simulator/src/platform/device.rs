//! What makes one simulated machine: secrets and levels.

use unix_time::UnixTime;

use crate::architectural::identity::sha256;
use crate::architectural::{EnclaveError, Pce};
use crate::build_error::BuildError;
use crate::cpu::{Cpu, CpuSvn, DeviceKeys};
use crate::key::random;
use crate::machine::{CaType, Machine, PCE_SVN, Tcb};

/// A machine that is off.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) created: UnixTime,
    pub(crate) ca: CaType,
    pub(crate) keys: DeviceKeys,
    pub(crate) platform_instance_id: [u8; 16],
    pub(crate) cpu_svn: CpuSvn,
    pub(crate) pce_svn: u16,
}

impl Device {
    /// A device like no other, at the newest level.
    pub(crate) fn generate(ca: CaType, created: UnixTime) -> Result<Self, BuildError> {
        let (keys, cpu_svn) = (DeviceKeys::generate()?, CpuSvn::Components(Tcb::NEWEST.cpu_svn));
        Ok(Self { created, ca, keys, platform_instance_id: random()?, cpu_svn, pce_svn: PCE_SVN })
    }

    /// One whose processor is that of the simulation mode of Intel's SDK.
    pub(crate) fn sdk_compat(ca: CaType, created: UnixTime) -> Result<Self, BuildError> {
        Ok(Self { keys: DeviceKeys::sdk(), cpu_svn: CpuSvn::SdkDefault, ..Self::generate(ca, created)? })
    }

    /// Starts its processor: reports have another KEYID from then on, but for the SDK's.
    pub(crate) fn start(&self) -> Result<Cpu, BuildError> {
        match self.cpu_svn {
            CpuSvn::Components(_) => Ok(Cpu::new(self.keys.clone(), self.cpu_svn, random()?)),
            _ => Ok(Cpu::sdk_compat(self.cpu_svn)),
        }
    }

    /// The level that Intel certifies it for. Levels of the SDK stand for those of the simulated Intel.
    pub(crate) fn level(&self) -> Option<Tcb> {
        let cpu_svn = match self.cpu_svn {
            CpuSvn::Components(svns) => svns,
            CpuSvn::SdkDefault | CpuSvn::SdkUpgraded => Tcb::NEWEST.cpu_svn,
            CpuSvn::SdkDowngraded => Tcb::OLDER.cpu_svn,
        };
        Tcb { cpu_svn, pce_svn: self.pce_svn }.certified()
    }

    /// The level at which its processor derives the key that is certified for that level.
    pub(crate) fn key_level(&self, level: Tcb) -> Tcb {
        let sdk = if level.cpu_svn == Tcb::OLDER.cpu_svn { CpuSvn::SdkDowngraded } else { CpuSvn::SdkDefault };
        match self.cpu_svn {
            CpuSvn::Components(_) => level,
            _ => Tcb { cpu_svn: sdk.bytes(), ..level },
        }
    }

    /// The same device at the newest level, where it has the keys of every level.
    fn newest(&self) -> Self {
        let cpu_svn = match self.cpu_svn {
            CpuSvn::Components(_) => CpuSvn::Components(Tcb::NEWEST.cpu_svn),
            _ => CpuSvn::SdkDefault,
        };
        Self { cpu_svn, pce_svn: Tcb::NEWEST.pce_svn, ..self.clone() }
    }

    /// What Intel certifies at `at` for that level.
    pub(crate) fn machine(&self, level: Tcb, at: UnixTime) -> Result<Machine, EnclaveError> {
        let newest = self.newest();
        let cpu = newest.start()?;
        let pce = Pce::new(&cpu, newest.pce_svn);
        let key_level = self.key_level(level);
        let mut machine = Machine::generate(self.ca, at)?;
        machine.level = level;
        machine.keys.pck = pce.pck(key_level.cpu_svn, key_level.pce_svn)?;
        machine.ppid = pce.ppid()?;
        machine.serials.pck = serial(&machine.ppid, level);
        machine.platform_instance_id = self.platform_instance_id;
        Ok(machine)
    }
}

/// The serial number of the PCK certificate for that level: 20 bytes, positive, and the same each time it is issued.
pub(super) fn serial(ppid: &[u8; 16], level: Tcb) -> [u8; 20] {
    let hash = sha256(&[b"PCK certificate", ppid, &level.cpu_svn, &level.pce_svn.to_le_bytes()]);
    let mut serial = [0; 20];
    for (to, from) in serial.iter_mut().zip(hash) {
        *to = from;
    }
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    serial
}

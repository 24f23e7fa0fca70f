//! What makes one simulated machine and its Intel: keys, numbers and names that stay the same for ever.

use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::key::{EcdsaKey, random};

/// FMSPC of every simulated machine: `VSIM` and two zeros, which names no family of Intel's.
pub const FMSPC: [u8; 6] = *b"VSIM\0\0";
/// PCEID of every simulated machine.
pub const PCE_ID: [u8; 2] = [0, 0];
/// SVNs of the machine's TCB components, and the bytes of its CPUSVN.
pub const COMPONENT_SVNS: [u8; 16] = [11, 11, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// SVN of the machine's provisioning certification enclave.
pub const PCE_SVN: u16 = 13;

/// Levels of a machine, or of what Intel certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcb {
    /// CPUSVN: a byte for each of 16 components.
    pub cpu_svn: [u8; 16],
    /// PCESVN.
    pub pce_svn: u16,
}

impl Tcb {
    /// The newest level that the simulated Intel knows.
    pub const NEWEST: Self = Self { cpu_svn: COMPONENT_SVNS, pce_svn: PCE_SVN };
    /// A level that it calls out of date.
    pub const OLDER: Self = Self { cpu_svn: [7, 9, 3, 3, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], pce_svn: 5 };
    /// All levels that it certifies, the newest first.
    pub const CERTIFIED: [Self; 2] = [Self::NEWEST, Self::OLDER];

    /// Whether no component is lower.
    pub fn is_at_least(&self, other: &Self) -> bool {
        self.pce_svn >= other.pce_svn && self.cpu_svn.iter().zip(&other.cpu_svn).all(|(own, other)| own >= other)
    }

    /// The newest level that Intel certifies a machine of these levels for.
    pub fn certified(&self) -> Option<Self> {
        Self::CERTIFIED.into_iter().find(|level| self.is_at_least(level))
    }
}

/// TEE_TCB_SVN of machines with TDX: the TDX module has minor version 5 and major version 3, late microcode 11.
pub const TEE_TCB_SVN: [u8; 16] = [5, 3, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Which CA issued the machine's PCK certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CaType {
    /// PCK Platform CA: machines that may have several packages.
    #[default]
    Platform,
    /// PCK Processor CA: machines with one package.
    Processor,
}

impl CaType {
    /// The CA's common name.
    pub const fn common_name(self) -> &'static str {
        match self {
            Self::Platform => "Intel SGX PCK Platform CA",
            Self::Processor => "Intel SGX PCK Processor CA",
        }
    }

    /// The CA that Intel's API calls so.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Platform, Self::Processor].into_iter().find(|ca| ca.word() == word)
    }

    /// The CA in the words of Intel's API: `platform` or `processor`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Processor => "processor",
        }
    }
}

/// One of a kind for each party of a simulated machine and its Intel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties<T> {
    /// Intel SGX Root CA.
    pub root: T,
    /// Intel SGX PCK Platform CA.
    pub platform_ca: T,
    /// Intel SGX PCK Processor CA.
    pub processor_ca: T,
    /// Intel SGX TCB Signing.
    pub tcb_signing: T,
    /// The machine's provisioning certification key.
    pub pck: T,
}

impl<T> Parties<T> {
    /// That of the CA of that type.
    pub const fn ca(&self, ca: CaType) -> &T {
        match ca {
            CaType::Platform => &self.platform_ca,
            CaType::Processor => &self.processor_ca,
        }
    }

    fn make<E>(mut one: impl FnMut() -> Result<T, E>) -> Result<Self, E> {
        Ok(Self { root: one()?, platform_ca: one()?, processor_ca: one()?, tcb_signing: one()?, pck: one()? })
    }

    /// One of another kind for each, or the first error.
    pub(crate) fn try_map<U, E>(&self, mut map: impl FnMut(&T) -> Result<U, E>) -> Result<Parties<U>, E> {
        Ok(Parties {
            root: map(&self.root)?,
            platform_ca: map(&self.platform_ca)?,
            processor_ca: map(&self.processor_ca)?,
            tcb_signing: map(&self.tcb_signing)?,
            pck: map(&self.pck)?,
        })
    }
}

/// A machine and its Intel, without anything that depends on the time of day.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// When it was made.
    pub created: UnixTime,
    /// Who issued its PCK certificate.
    pub ca: CaType,
    /// When its PCK certificate was issued.
    pub certified_at: UnixTime,
    /// The level that its PCK certificate is for.
    pub level: Tcb,
    /// Keys of Intel's parties and of the machine.
    pub keys: Parties<EcdsaKey>,
    /// Key of the quoting enclave.
    pub attestation_key: EcdsaKey,
    /// Serial numbers of the certificates.
    pub serials: Parties<[u8; 20]>,
    /// PPID.
    pub ppid: [u8; 16],
    /// Platform instance id.
    pub platform_instance_id: [u8; 16],
    /// QE ID.
    pub qe_id: [u8; 16],
}

impl Machine {
    /// A machine like no other.
    pub fn generate(ca: CaType, created: UnixTime) -> Result<Self, BuildError> {
        Ok(Self {
            created,
            ca,
            certified_at: created,
            level: Tcb::NEWEST,
            keys: Parties::make(EcdsaKey::generate)?,
            attestation_key: EcdsaKey::generate()?,
            serials: Parties::make(serial)?,
            ppid: random()?,
            platform_instance_id: random()?,
            qe_id: random()?,
        })
    }
}

/// A random serial number: positive and 20 bytes long in DER, the most that RFC 5280 allows.
pub(crate) fn serial() -> Result<[u8; 20], BuildError> {
    let mut bytes: [u8; 20] = random()?;
    if let Some(first) = bytes.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_machines_share_nothing_random() {
        let [one, other] = [(); 2].map(|()| Machine::generate(CaType::Platform, UnixTime::EPOCH).unwrap());
        assert_ne!(one.serials, other.serials);
        assert_ne!(one.keys.root.point(), other.keys.root.point());
        assert_ne!(one.keys.root.point(), one.keys.pck.point());
        assert_ne!(
            (one.ppid, one.platform_instance_id, one.qe_id),
            (other.ppid, other.platform_instance_id, other.qe_id)
        );
    }

    #[test]
    fn serial_numbers_take_20_bytes_of_der() {
        for _ in 0..32 {
            let first = serial().unwrap()[0];
            assert!((0x40..0x80).contains(&first));
        }
    }
}

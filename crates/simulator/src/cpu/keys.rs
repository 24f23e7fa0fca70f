//! The secrets of a device.

use aws_lc_rs::cmac;
use sgx::enclu::Key128;
use zeroize::Zeroizing;

use super::derivation::Derivation;
use crate::build_error::BuildError;
use crate::key::random;

/// What the keys of a device are derived from: a secret for each key name, and the owner epoch. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct DeviceKeys {
    /// By KEYNAME.
    base: Zeroizing<[[u8; 16]; 5]>,
    pub(super) owner_epoch: [u8; 16],
    /// Of reports of trust domains.
    pub(super) td_report: Zeroizing<[u8; 32]>,
}

impl DeviceKeys {
    /// Bytes that [`DeviceKeys::to_bytes`] gives.
    pub(crate) const SIZE: usize = 128;

    /// Of the simulation mode of Intel's SDK: no secrets.
    pub(crate) fn sdk() -> Self {
        let base = Zeroizing::new([
            [0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55],
            [0xbb, 0xaa, 0xbb, 0xee, 0xff, 0x00, 0x00, 0xdd, 0xbb, 0xaa, 0xbb, 0xee, 0xff, 0x00, 0x00, 0xdd],
            *b"PROVISIONSEALKEY",
            [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0],
            [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
        ]);
        // Intel's simulation mode has no trust domains.
        Self { base, owner_epoch: *b"THISISOWNEREPOCH", td_report: Zeroizing::new([0; 32]) }
    }

    /// KEYID of its reports: the base of report keys, and zeros.
    pub(super) const SDK_REPORT_KEY_ID: [u8; 32] = [
        0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0,
    ];

    /// Secrets of a new device.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn generate() -> Result<Self, BuildError> {
        Ok(Self::from_bytes(&Zeroizing::new(random()?)))
    }

    /// The secrets of a device, as [`DeviceKeys::to_bytes`] gave them.
    pub(crate) fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        let mut keys = Self { base: Zeroizing::default(), owner_epoch: [0; 16], td_report: Zeroizing::default() };
        let parts = keys.base.iter_mut().flatten().chain(&mut keys.owner_epoch).chain(keys.td_report.iter_mut());
        parts.zip(bytes).for_each(|(to, from)| *to = *from);
        keys
    }

    /// The secrets one after the other: five of key names, the owner epoch, that of trust domains' reports.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; Self::SIZE]> {
        let mut bytes = Zeroizing::new([0; Self::SIZE]);
        let parts = self.base.iter().flatten().chain(&self.owner_epoch).chain(self.td_report.iter());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// The same device with another owner.
    #[must_use]
    pub fn with_owner_epoch(&self, owner_epoch: [u8; 16]) -> Self {
        Self { owner_epoch, ..self.clone() }
    }

    /// The key of that name for what it depends on: AES-128-CMAC over it.
    pub(super) fn derive(&self, key_name: u16, derivation: &Derivation) -> Result<Key128, BuildError> {
        let base = self.base.get(usize::from(key_name)).map_or([0; 16].as_slice(), <[u8; 16]>::as_slice);
        let tag = cmac::sign(&cmac::Key::new(cmac::AES_128, base)?, derivation.bytes())?;
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(tag.as_ref());
        Ok(key)
    }
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceKeys").finish_non_exhaustive()
    }
}

//! CPUSVN: the level of the processor's microcode.

/// A level. Microcode that was raised gives the keys of lower levels too, so that what was sealed before can be unsealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuSvn {
    /// SVNs of 16 components; a level is at most another where each of its components is.
    Components([u8; 16]),
    /// The default level of the simulation mode of Intel's SDK.
    SdkDefault,
    /// The level that it calls upgraded.
    SdkUpgraded,
    /// The level that it calls downgraded.
    SdkDowngraded,
}

/// The levels of the SDK, the lowest first.
const SDK: [[u8; 16]; 3] = [
    [0x64, 0xea, 0x4f, 0x3f, 0xa0, 0x03, 0x0c, 0x36, 0x38, 0x3c, 0x32, 0x2d, 0x4f, 0x3a, 0x8d, 0x4f],
    [0x48, 0x20, 0xf3, 0x37, 0x6a, 0xe6, 0xb2, 0xf2, 0x03, 0x4d, 0x3b, 0x7a, 0x4b, 0x48, 0xa7, 0x78],
    [0x53, 0x39, 0xae, 0x8c, 0x93, 0xae, 0x8f, 0x3c, 0xe4, 0x32, 0xdb, 0x92, 0x4d, 0x0f, 0x07, 0x33],
];

impl CpuSvn {
    /// The level of the SDK that has those bytes.
    pub fn of_sdk(bytes: &[u8; 16]) -> Option<Self> {
        [Self::SdkDowngraded, Self::SdkDefault, Self::SdkUpgraded].into_iter().find(|level| level.bytes() == *bytes)
    }

    /// As reports carry it.
    pub const fn bytes(self) -> [u8; 16] {
        let [downgraded, default, upgraded] = SDK;
        match self {
            Self::Components(svns) => svns,
            Self::SdkDowngraded => downgraded,
            Self::SdkDefault => default,
            Self::SdkUpgraded => upgraded,
        }
    }

    /// The lowest level that there is on such a processor: what is derived for it stays the same for ever.
    pub const fn lowest(self) -> [u8; 16] {
        match self {
            Self::Components(_) => [0; 16],
            Self::SdkDefault | Self::SdkUpgraded | Self::SdkDowngraded => Self::SdkDowngraded.bytes(),
        }
    }

    /// The level that a request gets a key for, where it is at most this one. Zeros stand for the SDK's default level there, as
    /// its simulation takes them.
    pub(super) fn asked_for(self, requested: &[u8; 16]) -> Option<[u8; 16]> {
        if let Self::Components(own) = self {
            let is_lower = requested.iter().zip(&own).all(|(requested, own)| requested <= own);
            return is_lower.then_some(*requested);
        }
        let requested = if *requested == [0; 16] { Self::SdkDefault.bytes() } else { *requested };
        let place = |level: &[u8; 16]| SDK.iter().position(|known| known == level);
        (place(&requested)? <= place(&self.bytes())?).then_some(requested)
    }
}

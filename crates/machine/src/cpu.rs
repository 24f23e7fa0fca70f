//! What the processor says of SGX: CPUID leaves 7 and 0x12 (Intel SDM volume 2A, CPUID).
//!
//! It says what the processor can do. Whether firmware and kernel let it is seen by the device nodes.

/// What CPUID puts in four registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// EAX.
    pub eax: u32,
    /// EBX.
    pub ebx: u32,
    /// ECX.
    pub ecx: u32,
    /// EDX.
    pub edx: u32,
}

/// The leaf that names the vendor and the highest leaf.
const VENDOR: u32 = 0;
/// The leaf of structured features.
const FEATURES: u32 = 7;
/// The leaf of SGX.
const SGX: u32 = 0x12;

/// More sections of protected memory than any processor has; a hypervisor could go on for ever.
const MAX_SECTIONS: u32 = 64;

/// What a processor says of SGX.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SgxCpu {
    /// Its vendor calls itself `GenuineIntel`.
    pub intel: bool,
    /// It has SGX, and firmware did not hide it.
    pub sgx: bool,
    /// Flexible launch control (SGX_LC), without which the kernel's driver and DCAP do not work.
    pub launch_control: bool,
    /// The instructions of SGX1.
    pub sgx1: bool,
    /// The instructions of SGX2, for pages that come and go.
    pub sgx2: bool,
    /// Bits that MISCSELECT of an enclave may have.
    pub misc_select: u32,
    /// Binary logarithm of the largest enclave outside 64-bit mode, in bytes.
    pub max_enclave_bits_32: u8,
    /// Binary logarithm of the largest enclave in 64-bit mode, in bytes.
    pub max_enclave_bits_64: u8,
    /// Bits that the flags of SECS.ATTRIBUTES may have.
    pub attributes: u64,
    /// Bits that XFRM of SECS.ATTRIBUTES may have.
    pub xfrm: u64,
    /// Sections of protected memory, as they lie in physical memory.
    pub epc: Vec<EpcSection>,
}

/// A section of protected memory (EPC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpcSection {
    /// Physical address.
    pub base: u64,
    /// Size in bytes.
    pub size: u64,
}

impl SgxCpu {
    /// ATTRIBUTES.KSS: key separation and sharing.
    const KSS: u64 = 1 << 7;

    /// What this processor says; nothing but on x86-64.
    #[cfg(target_arch = "x86_64")]
    pub fn here() -> Option<Self> {
        Some(Self::decode(|leaf, subleaf| {
            let result = core::arch::x86_64::__cpuid_count(leaf, subleaf);
            Registers { eax: result.eax, ebx: result.ebx, ecx: result.ecx, edx: result.edx }
        }))
    }

    /// What this processor says; nothing but on x86-64.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn here() -> Option<Self> {
        None
    }

    /// What a processor says, given what CPUID answers for a leaf and a subleaf.
    ///
    /// 1. Leaf 0: the vendor, and the highest leaf there is: of one above it the processor returns another's values.
    /// 2. Leaf 7: whether there is SGX, and flexible launch control.
    /// 3. Leaf 0x12, subleaves 0 and 1: what enclaves may have.
    /// 4. Leaf 0x12, subleaves from 2 on: sections of protected memory, to the first that is none.
    pub fn decode(cpuid: impl Fn(u32, u32) -> Registers) -> Self {
        let vendor = cpuid(VENDOR, 0);
        let intel = (vendor.ebx, vendor.edx, vendor.ecx) == (ascii(b"Genu"), ascii(b"ineI"), ascii(b"ntel"));
        let mut cpu = Self { intel, ..Self::default() };
        if vendor.eax < FEATURES {
            return cpu;
        }
        let features = cpuid(FEATURES, 0);
        cpu.sgx = bit(features.ebx, 2);
        cpu.launch_control = bit(features.ecx, 30);
        if !cpu.sgx || vendor.eax < SGX {
            return cpu;
        }
        cpu.capabilities(cpuid(SGX, 0), cpuid(SGX, 1));
        cpu.epc = (2..MAX_SECTIONS.saturating_add(2)).map_while(|subleaf| section(cpuid(SGX, subleaf))).collect();
        cpu
    }

    fn capabilities(&mut self, capabilities: Registers, attributes: Registers) {
        self.sgx1 = bit(capabilities.eax, 0);
        self.sgx2 = bit(capabilities.eax, 1);
        self.misc_select = capabilities.ebx;
        let [bits_32, bits_64, ..] = capabilities.edx.to_le_bytes();
        self.max_enclave_bits_32 = bits_32;
        self.max_enclave_bits_64 = bits_64;
        self.attributes = u64::from(attributes.ebx) << 32 | u64::from(attributes.eax);
        self.xfrm = u64::from(attributes.edx) << 32 | u64::from(attributes.ecx);
    }

    /// Whether enclaves may use key separation and sharing.
    pub const fn kss(&self) -> bool {
        self.attributes & Self::KSS != 0
    }

    /// All protected memory, in bytes.
    pub fn epc_bytes(&self) -> u64 {
        self.epc.iter().fold(0, |sum, section| sum.saturating_add(section.size))
    }
}

const fn ascii(text: &[u8; 4]) -> u32 {
    u32::from_le_bytes(*text)
}

const fn bit(register: u32, index: u32) -> bool {
    register & (1 << index) != 0
}

/// A section of protected memory, where the lowest four bits of EAX say that there is one.
fn section(registers: Registers) -> Option<EpcSection> {
    const VALID: u32 = 1;
    const LOW: u32 = 0xffff_f000;
    const HIGH: u32 = 0x000f_ffff;
    let address = |high: u32, low: u32| u64::from(high & HIGH) << 32 | u64::from(low & LOW);
    (registers.eax & 0xf == VALID).then(|| EpcSection {
        base: address(registers.ebx, registers.eax),
        size: address(registers.edx, registers.ecx),
    })
}

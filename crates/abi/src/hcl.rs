//! The HCL report: what the paravisor of Azure's confidential machines leaves in the vTPM (NV index 0x01400001). It carries
//! a hardware report whose report data is bound to JSON beside it, with the key by which the vTPM signs.
//!
//! Reading the vTPM is the caller's. Never run on hardware: written from public sources and tested against made-up reports.
//! It proves nothing by itself: a TD report is proven by the quote that the metadata service gives for it, an SEV-SNP report
//! by AMD's chain.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use problem::Problem;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The longest report that is read, in bytes: more than an NV index holds.
const MAX_REPORT: usize = 64 << 10;

const SIGNATURE: [u8; 4] = *b"HCLA";
const SHA_256: u32 = 1;

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    signature: [u8; 4],
    version: U32,
    report_size: U32,
    request_type: U32,
    status: U32,
    reserved: [u8; 12],
    /// As long as the longer of the two kinds of report, AMD's.
    hardware_report: [u8; 1184],
    data: Data,
}

/// What comes before the variable data.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Data {
    data_size: U32,
    version: U32,
    report_type: U32,
    hash_type: U32,
    variable_data_size: U32,
}

/// The kind of hardware report in an HCL report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// An attestation report of SEV-SNP, 1184 bytes.
    SevSnp,
    /// A TDREPORT, 1024 bytes.
    Tdx,
}

impl Hardware {
    const fn of(report_type: u32) -> Option<Self> {
        match report_type {
            2 => Some(Self::SevSnp),
            4 => Some(Self::Tdx),
            _ => None,
        }
    }

    /// Size of the report in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::SevSnp => 1184,
            Self::Tdx => 1024,
        }
    }

    /// Where the 64 bytes of report data lie in it.
    const fn report_data(self) -> usize {
        match self {
            Self::SevSnp => 80,
            Self::Tdx => 128,
        }
    }
}

/// An HCL report whose hardware report is about its variable data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HclReport<'a> {
    hardware: Hardware,
    report: &'a [u8],
    variable_data: &'a [u8],
}

/// Why bytes are no HCL report.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HclError {
    /// More bytes than an NV index holds.
    #[error("an HCL report has at most {MAX_REPORT} bytes")]
    TooLong,
    /// Fewer bytes than header, report and description of the data have.
    #[error("HCL report ends within its fixed part")]
    TooShort,
    /// It begins with something else.
    #[error("an HCL report begins with `HCLA`")]
    Signature,
    /// The hardware report is of an unknown kind.
    #[error("hardware report of unknown kind {0}")]
    Hardware(u32),
    /// The binding is by another hash.
    #[error("variable data are bound by hash {0}, and only SHA-256 (1) is known")]
    Hash(u32),
    /// The variable data claim to be longer than what is left.
    #[error("variable data claim {claimed} bytes, and {left} are left")]
    VariableData {
        /// What they claim.
        claimed: u32,
        /// What is left.
        left: usize,
    },
    /// The hardware report is about something else.
    #[error("report data of the hardware report are not the hash of the variable data")]
    Binding,
}

impl Problem for HclError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TooLong => "hcl_too_long",
            Self::TooShort => "hcl_too_short",
            Self::Signature => "hcl_signature",
            Self::Hardware(_) => "hcl_hardware",
            Self::Hash(_) => "hcl_hash",
            Self::VariableData { .. } => "hcl_variable_data",
            Self::Binding => "hcl_binding",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::TooLong | Self::TooShort | Self::Signature | Self::VariableData { .. } => {
                "read the whole NV index 0x01400001 of the vTPM of a confidential machine in Azure"
            }
            Self::Hardware(_) | Self::Hash(_) => "the machine is newer than this program; look for an update of it",
            Self::Binding => "do not trust it: the variable data, or the report, were changed",
        })
    }
}

impl<'a> HclReport<'a> {
    /// Reads a report.
    ///
    /// 1. Header and size of the fixed part; what follows the variable data is padding of the NV index.
    /// 2. The kind of hardware report, and the hash.
    /// 3. The variable data end within the report.
    /// 4. The first half of the hardware report's report data is their SHA-256.
    ///
    /// # Errors
    /// See [`HclError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, HclError> {
        if bytes.len() > MAX_REPORT {
            return Err(HclError::TooLong);
        }
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| HclError::TooShort)?;
        if header.signature != SIGNATURE {
            return Err(HclError::Signature);
        }
        let report_type = header.data.report_type.get();
        let hardware = Hardware::of(report_type).ok_or(HclError::Hardware(report_type))?;
        if header.data.hash_type != SHA_256 {
            return Err(HclError::Hash(header.data.hash_type.get()));
        }
        let claimed = header.data.variable_data_size.get();
        let length = usize::try_from(claimed).ok();
        let variable_data =
            length.and_then(|length| rest.get(..length)).ok_or(HclError::VariableData { claimed, left: rest.len() })?;
        let report = header.hardware_report.get(..hardware.size()).ok_or(HclError::TooShort)?;
        let parsed = Self { hardware, report, variable_data };
        if parsed.report_data().first_chunk::<32>().map(<[u8; 32]>::as_slice)
            != Some(digest(&SHA256, variable_data).as_ref())
        {
            return Err(HclError::Binding);
        }
        Ok(parsed)
    }

    /// The kind of hardware report.
    pub const fn hardware(&self) -> Hardware {
        self.hardware
    }

    /// The hardware report: of SEV-SNP, or a TDREPORT.
    pub const fn report(&self) -> &'a [u8] {
        self.report
    }

    /// Report data of the hardware report: 64 bytes, of which the first half binds the variable data.
    pub fn report_data(&self) -> &'a [u8] {
        self.report.get(self.hardware.report_data()..).and_then(|rest| rest.get(..64)).unwrap_or(&[])
    }

    /// JSON with the vTPM's keys and the configuration of the machine. It is not read here.
    pub const fn variable_data(&self) -> &'a [u8] {
        self.variable_data
    }
}

//! The fixed parts of an Intel DCAP quote, versions 3, 4 and 5.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{sgx, tdx};

/// The quote header, 48 bytes, the same in versions 3, 4 and 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Quote version: 3, 4 or 5.
    pub version: U16,
    /// Kind of the attestation key, see [`key_type`].
    pub attestation_key_type: U16,
    /// TEE type, see [`tee_type`]; reserved and zero in version 3.
    pub tee_type: U32,
    /// SVN of the quoting enclave, informational.
    pub qe_svn: U16,
    /// SVN of the provisioning certification enclave, informational.
    pub pce_svn: U16,
    /// Who made the quoting enclave, see [`INTEL_QE_VENDOR_ID`].
    pub qe_vendor_id: [u8; 16],
    /// The first 16 bytes are the QE ID that names the platform; the rest is zero.
    pub user_data: [u8; 20],
}

impl Header {
    /// Size in bytes.
    pub const SIZE: usize = 48;
}

/// QE vendor id of Intel's quoting enclaves.
pub const INTEL_QE_VENDOR_ID: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];

/// Values of [`Header::attestation_key_type`].
pub mod key_type {
    /// EPID, unlinkable: an older scheme whose verification service is closed.
    pub const EPID_UNLINKABLE: u16 = 0;
    /// EPID, linkable.
    pub const EPID_LINKABLE: u16 = 1;
    /// ECDSA over P-256 with SHA-256.
    pub const ECDSA_P256: u16 = 2;
    /// ECDSA over P-384 with SHA-384.
    pub const ECDSA_P384: u16 = 3;
}

/// Values of [`Header::tee_type`].
pub mod tee_type {
    /// Intel SGX.
    pub const SGX: u32 = 0;
    /// Intel TDX.
    pub const TDX: u32 = 0x81;
}

/// What precedes the body in a version 5 quote, 6 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct BodyDescriptor {
    /// Which body follows, see [`body_type`].
    pub body_type: U16,
    /// Its size in bytes.
    pub body_size: U32,
}

impl BodyDescriptor {
    /// Size in bytes.
    pub const SIZE: usize = 6;
}

/// Values of [`BodyDescriptor::body_type`], and the size each demands.
pub mod body_type {
    use super::{sgx, tdx};

    /// SGX enclave report.
    pub const SGX: u16 = 1;
    /// TD report of TDX 1.0.
    pub const TD10: u16 = 2;
    /// TD report of TDX 1.5.
    pub const TD15: u16 = 3;
    /// Extended TD report of TDX 1.5.
    pub const TD15_EX: u16 = 4;

    /// Size in bytes of the body of that type, where the type is known.
    pub const fn size(body_type: u16) -> Option<usize> {
        match body_type {
            SGX => Some(sgx::ReportBody::SIZE),
            TD10 => Some(tdx::TdReport10::SIZE),
            TD15 => Some(tdx::TdReport15::SIZE),
            TD15_EX => Some(tdx::TdReport15Ex::SIZE),
            _ => None,
        }
    }
}

/// Types of certification data, the last part of a quote.
pub mod certification_data {
    /// PPID in the clear, CPUSVN, PCESVN, PCEID.
    pub const PPID_CLEAR: u16 = 1;
    /// PPID encrypted with RSA-2048-OAEP, CPUSVN, PCESVN, PCEID.
    pub const PPID_RSA2048: u16 = 2;
    /// PPID encrypted with RSA-3072-OAEP, CPUSVN, PCESVN, PCEID.
    pub const PPID_RSA3072: u16 = 3;
    /// The PCK certificate alone.
    pub const PCK_CERTIFICATE: u16 = 4;
    /// The PCK certificate chain in PEM: leaf, intermediate, root.
    pub const PCK_CHAIN: u16 = 5;
    /// The quoting enclave's report with its own certification data, versions 4 and 5.
    pub const QE_REPORT: u16 = 6;
}

/// An ECDSA P-256 signature, raw r then s, 32 bytes big-endian each.
pub type Signature = [u8; 64];
/// A P-256 public key, raw x then y, 32 bytes big-endian each, without the leading `04`.
pub type PublicKey = [u8; 64];

/// The fixed head of the signature section of a version 3 quote, 128 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttestationSignature {
    /// Signature over header, descriptor and body by the attestation key.
    pub signature: Signature,
    /// The attestation public key.
    pub attestation_key: PublicKey,
}

/// The quoting enclave's report and the signature of the PCK over it, 448 bytes.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct QeReport {
    /// Report of the quoting enclave.
    pub body: sgx::ReportBody,
    /// Signature over it by the PCK key.
    pub signature: Signature,
}

const _: () = assert!(size_of::<Header>() == Header::SIZE);
const _: () = assert!(size_of::<BodyDescriptor>() == BodyDescriptor::SIZE);
const _: () = assert!(size_of::<QeReport>() == 448);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn header_fields_lie_where_the_format_puts_them() {
        assert_eq!(offset_of!(Header, attestation_key_type), 2);
        assert_eq!(offset_of!(Header, tee_type), 4);
        assert_eq!(offset_of!(Header, qe_vendor_id), 12);
        assert_eq!(offset_of!(Header, user_data), 28);
    }

    #[test]
    fn every_body_type_has_its_size_and_no_other_has_one() {
        assert_eq!([1, 2, 3, 4].map(body_type::size), [Some(384), Some(584), Some(648), Some(885)]);
        assert_eq!([0, 5, 0xffff].map(body_type::size), [None; 3]);
    }
}

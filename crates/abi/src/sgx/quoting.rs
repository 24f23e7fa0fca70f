//! What quoting is asked for with: which attestation key, and proof that the quoting enclave made the quote.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::local::{Report, TargetInfo};

/// Algorithms of attestation keys, as [`AttestationKeyId`] names them.
pub mod algorithm {
    /// EPID.
    pub const EPID: u32 = 0;
    /// ECDSA on P-256.
    pub const ECDSA_P256: u32 = 2;
    /// ECDSA on P-384.
    pub const ECDSA_P384: u32 = 3;
}

/// `sgx_ql_att_key_id_t`, 158 bytes: an attestation key by the quoting enclave that holds it. Source: Intel DCAP,
/// `sgx_quote_3.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttestationKeyId {
    /// Which structure it is: 0.
    pub id: U16,
    /// Its version: 0.
    pub version: U16,
    /// How many bytes of `mr_signer` count.
    pub mr_signer_length: U16,
    /// MRSIGNER of the quoting enclave, then zeros.
    pub mr_signer: [u8; 48],
    /// ISVPRODID of the quoting enclave.
    pub prod_id: U32,
    /// ISVEXTPRODID of the quoting enclave.
    pub extended_prod_id: [u8; 16],
    /// CONFIGID of the quoting enclave.
    pub config_id: [u8; 64],
    /// ISVFAMILYID of the quoting enclave.
    pub family_id: [u8; 16],
    /// See [`algorithm`].
    pub algorithm_id: U32,
}

impl AttestationKeyId {
    /// Size in bytes.
    pub const SIZE: usize = 158;
    /// MRSIGNER of Intel's quoting enclaves for ECDSA.
    pub const INTEL_ECDSA_SIGNER: [u8; 32] = [
        0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f, 0x77, 0xc6, 0x8a, 0x82, 0x9a, 0x00, 0x56,
        0xac, 0x8d, 0xed, 0x70, 0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff,
    ];

    /// The key of DCAP quotes, ECDSA on P-256: the one that clients know.
    pub fn dcap() -> Self {
        let mut mr_signer = [0; 48];
        for (to, from) in mr_signer.iter_mut().zip(Self::INTEL_ECDSA_SIGNER) {
            *to = from;
        }
        Self {
            mr_signer_length: 32.into(),
            mr_signer,
            prod_id: 1.into(),
            algorithm_id: algorithm::ECDSA_P256.into(),
            ..Self::new_zeroed()
        }
    }
}

/// `sgx_att_key_id_ext_t`, 256 bytes: how a key id travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttestationKeyIdExt {
    /// The key.
    pub base: AttestationKeyId,
    /// Service provider's id, EPID only.
    pub spid: [u8; 16],
    /// Whether EPID signatures can be linked: 0 no, 1 yes.
    pub key_type: U16,
    /// Reserved, zero.
    pub reserved: [u8; 80],
}

impl AttestationKeyIdExt {
    /// Size in bytes.
    pub const SIZE: usize = 256;

    /// As [`AttestationKeyId::dcap`].
    pub fn dcap() -> Self {
        Self { base: AttestationKeyId::dcap(), ..Self::new_zeroed() }
    }
}

/// `sgx_ql_att_id_list_t` up to its first entry, 8 bytes; entries of [`AttestationKeyIdExt`] follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct AttestationKeyIdListHeader {
    /// Which structure it is: 0.
    pub id: U16,
    /// Its version: 0.
    pub version: U16,
    /// How many entries follow.
    pub count: U32,
}

impl AttestationKeyIdListHeader {
    /// Size in bytes.
    pub const SIZE: usize = 8;
}

/// `sgx_ql_qe_report_info_t`, 960 bytes: by it an enclave learns that the quoting enclave, and nobody else, made a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct QeReportInfo {
    /// Chosen by whoever asks.
    pub nonce: [u8; 16],
    /// Whom the quoting enclave's report is for.
    pub app_enclave_target_info: TargetInfo,
    /// That report, in the answer; its report data is SHA-256 over the nonce and the quote, then zeros.
    pub qe_report: Report,
}

impl QeReportInfo {
    /// Size in bytes.
    pub const SIZE: usize = 960;
}

const _: () = assert!(size_of::<AttestationKeyId>() == AttestationKeyId::SIZE);
const _: () = assert!(size_of::<AttestationKeyIdExt>() == AttestationKeyIdExt::SIZE);
const _: () = assert!(size_of::<AttestationKeyIdListHeader>() == AttestationKeyIdListHeader::SIZE);
const _: () = assert!(size_of::<QeReportInfo>() == QeReportInfo::SIZE);

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn fields_lie_where_intels_headers_put_them() {
        assert_eq!(offset_of!(AttestationKeyId, mr_signer_length), 4);
        assert_eq!(offset_of!(AttestationKeyId, mr_signer), 6);
        assert_eq!(offset_of!(AttestationKeyId, prod_id), 54);
        assert_eq!(offset_of!(AttestationKeyId, extended_prod_id), 58);
        assert_eq!(offset_of!(AttestationKeyId, config_id), 74);
        assert_eq!(offset_of!(AttestationKeyId, family_id), 138);
        assert_eq!(offset_of!(AttestationKeyId, algorithm_id), 154);
        assert_eq!(offset_of!(AttestationKeyIdExt, spid), 158);
        assert_eq!(offset_of!(AttestationKeyIdExt, key_type), 174);
        assert_eq!(offset_of!(AttestationKeyIdExt, reserved), 176);
        assert_eq!(offset_of!(AttestationKeyIdListHeader, count), 4);
        assert_eq!(offset_of!(QeReportInfo, app_enclave_target_info), 16);
        assert_eq!(offset_of!(QeReportInfo, qe_report), 528);
    }

    #[test]
    fn the_key_id_that_clients_know_is_this_one() {
        let id = AttestationKeyIdExt::dcap();
        let bytes = id.as_bytes();
        assert_eq!(bytes[..6], [0, 0, 0, 0, 32, 0]);
        assert_eq!(bytes[6..10], [0x8c, 0x4f, 0x57, 0x75]);
        assert_eq!(bytes[34..38], [0x90, 0xc5, 0x7b, 0xff]);
        assert_eq!((bytes[54], bytes[154]), (1, 2));
        assert!(bytes[38..54].iter().chain(&bytes[55..154]).chain(&bytes[155..]).all(|byte| *byte == 0));
    }
}

//! Recognising binary formats. All integers are little-endian unless said otherwise.

use abi::open_enclave;
use abi::quote::tee_type;
use dcap::Tee;

use crate::recognition::kind::{FileKind, Format};

/// Bytes of a SEV-SNP attestation report, of every version.
const SNP_REPORT: usize = 1184;
/// Offset of the signature algorithm in it.
const SNP_SIGNATURE_ALGORITHM: usize = 0x34;
/// First bytes of the report in the virtual TPM of an Azure confidential VM.
const HCL: &[u8] = b"HCLA";
/// TPM_GENERATED_VALUE, big-endian, before everything that a TPM says of itself.
const TPM_GENERATED: &[u8] = &[0xff, b'T', b'C', b'G'];
/// Bytes before the signed statement of a VBS report.
const VBS_HEADER: usize = 24;
/// 2.23.133.5.4.1 and .2 in DER up to the last arc: extensions of DICE certificates.
const DICE_EXTENSION: &[u8] = &[0x06, 0x06, 0x67, 0x81, 0x05, 0x05, 0x04];

pub(super) fn recognise(bytes: &[u8]) -> Option<FileKind> {
    format(bytes).map(FileKind::Evidence).or_else(|| der(bytes))
}

/// The format of evidence.
pub(super) fn format(bytes: &[u8]) -> Option<Format> {
    if is_snp_report(bytes) {
        Some(Format::SnpReport)
    } else if bytes.starts_with(HCL) {
        Some(Format::HclReport)
    } else if bytes.starts_with(TPM_GENERATED) {
        Some(Format::TpmStatement)
    } else if is_vbs_report(bytes) {
        Some(Format::VbsReport)
    } else if open_enclave::looks_framed(bytes) {
        Some(Format::OpenEnclaveReport)
    } else {
        quote(bytes)
    }
}

fn is_snp_report(bytes: &[u8]) -> bool {
    bytes.len() == SNP_REPORT
        && u32_at(bytes, 0).is_some_and(|version| (2..=5).contains(&version))
        && u32_at(bytes, SNP_SIGNATURE_ALGORITHM) == Some(1)
}

/// Size of the whole, version 1, signature scheme 1, size of the statement, size of the signature.
fn is_vbs_report(bytes: &[u8]) -> bool {
    let field = |at| u32_at(bytes, at).and_then(|value| usize::try_from(value).ok());
    let (Some(whole), Some(1), Some(1), Some(statement), Some(signature)) =
        (field(0), field(4), field(8), field(12), field(16))
    else {
        return false;
    };
    let claimed = VBS_HEADER.checked_add(statement).and_then(|size| size.checked_add(signature));
    whole == bytes.len() && claimed == Some(whole)
}

fn quote(bytes: &[u8]) -> Option<Format> {
    let version = bytes.first_chunk().map(|version| u16::from_le_bytes(*version))?;
    match version {
        1 | 2 => Some(Format::EpidQuote),
        3..=5 if u32_at(bytes, 4) == Some(tee_type::TDX) => Some(Format::Quote(Tee::Tdx)),
        3..=5 => Some(Format::Quote(Tee::Sgx)),
        _ => None,
    }
}

/// A certificate has its version first, in a context tag; a revocation list has it as an integer.
pub(super) fn der(bytes: &[u8]) -> Option<FileKind> {
    match content(content(bytes)?)? {
        [0xa0, ..] if contains(bytes, DICE_EXTENSION) => Some(FileKind::DiceCertificates),
        [0xa0, ..] => Some(FileKind::Certificates),
        [0x02, ..] => Some(FileKind::Crl),
        _ => None,
    }
}

/// What follows the head of a SEQUENCE.
fn content(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, length, rest @ ..] if *length < 0x80 => Some(rest),
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..),
        _ => None,
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_evidence_are_told_by_their_first_bytes_and_sizes() {
        let mut snp = vec![0; SNP_REPORT];
        (snp[0], snp[SNP_SIGNATURE_ALGORITHM]) = (3, 1);
        assert_eq!(format(&snp), Some(Format::SnpReport));
        assert_eq!(format(&snp[1..]), None);
        assert_eq!(format(b"HCLA\x02\0\0\0"), Some(Format::HclReport));
        assert_eq!(format(b"\xffTCG\x80\x18"), Some(Format::TpmStatement));
        assert_eq!(format(&[3, 0, 2, 0]), Some(Format::Quote(Tee::Sgx)));
        assert_eq!(format(&[4, 0, 2, 0, 0x81, 0, 0, 0]), Some(Format::Quote(Tee::Tdx)));
        assert_eq!(format(&[2, 0]), Some(Format::EpidQuote));
        assert_eq!(format(&[]), None);
        let mut vbs = vec![0; VBS_HEADER + 3];
        for (at, value) in [(0, 27), (4, 1), (8, 1), (12, 2), (16, 1)] {
            vbs[at] = value;
        }
        assert_eq!(format(&vbs), Some(Format::VbsReport));
        vbs[16] = 2;
        assert_ne!(format(&vbs), Some(Format::VbsReport));
    }

    #[test]
    fn der_of_any_length_is_told_apart_without_panic() {
        assert_eq!(der(&[0x30, 0x82, 1, 0, 0x30, 0x81, 200, 0xa0, 3]), Some(FileKind::Certificates));
        assert_eq!(der(&[0x30, 5, 0x30, 3, 2, 1, 1]), Some(FileKind::Crl));
        for bytes in [&[0x30, 0xff][..], &[0x30], &[], &[0x30, 0x84, 0, 0], &[0x30, 2, 0x30, 0]] {
            assert_eq!(der(bytes), None);
        }
    }
}

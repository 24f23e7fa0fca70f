//! What goes over the channel between an enclave and its processor: docs/enclave-image.md has it for other languages.
//!
//! A request is the number of the leaf, one byte, and its operands. An answer is a code, four bytes little-endian, and the result
//! where the code is zero. All lengths are fixed. No request says who asks: that is who holds the channel.

use abi::sgx::{KeyRequest, Report, TargetInfo};

use super::instructions::EgetkeyError;

/// The leaf EREPORT; TARGETINFO and REPORTDATA follow.
pub const EREPORT: u8 = 0;
/// The leaf EGETKEY; KEYREQUEST follows.
pub const EGETKEY: u8 = 1;

/// Bytes of the operands of EREPORT.
pub const EREPORT_OPERANDS: usize = TargetInfo::SIZE + 64;
/// Bytes of the operands of EGETKEY.
pub const EGETKEY_OPERANDS: usize = KeyRequest::SIZE;
/// Bytes of a report.
pub const REPORT: usize = Report::SIZE;

/// The code of success.
pub const SUCCESS: u32 = 0;
/// The code of #GP, which the processor has no code for: exception 13.
pub const GENERAL_PROTECTION: u32 = 0x8000_000d;

/// The code of a refusal.
pub fn code(refusal: EgetkeyError) -> u32 {
    refusal.eax().unwrap_or(GENERAL_PROTECTION)
}

/// The refusal of a code.
pub fn refusal(code: u32) -> Option<EgetkeyError> {
    const ALL: [EgetkeyError; 5] = [
        EgetkeyError::InvalidAttribute,
        EgetkeyError::InvalidCpuSvn,
        EgetkeyError::InvalidIsvSvn,
        EgetkeyError::InvalidKeyName,
        EgetkeyError::GeneralProtection,
    ];
    ALL.into_iter().find(|refusal| self::code(*refusal) == code)
}

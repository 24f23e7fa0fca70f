//! Messages of the quote service: a header of 16 bytes, and what it announces. All integers are little-endian.
//!
//! The length in front of a message on the wire is no part of it.

use std::borrow::Cow;

use problem::Problem;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::error_name::error_name;

/// Size of a TDREPORT in bytes.
pub const TD_REPORT_SIZE: usize = 1024;

/// Only the major version has to be the same on both sides.
const MAJOR: u16 = 1;
const MINOR: u16 = 1;

const QUOTE_REQUEST: u32 = 0;
const QUOTE_RESPONSE: u32 = 1;
const COLLATERAL_REQUEST: u32 = 2;
const COLLATERAL_RESPONSE: u32 = 3;
const PLATFORM_INFO_REQUEST: u32 = 4;
const PLATFORM_INFO_RESPONSE: u32 = 5;

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    major: U16,
    minor: U16,
    kind: U32,
    /// Of the whole message, header included.
    size: U32,
    error_code: U32,
}

/// Which certificate authority signed the platform's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PckCa {
    /// For platforms with one processor.
    Processor,
    /// For platforms with several, and all of the later generations.
    Platform,
}

/// Why an answer is of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It ends within its fixed part.
    #[error("the message ends within its fixed part")]
    TooShort,
    /// It is of another major version.
    #[error("the message is of version {major}, and only {MAJOR} is known")]
    Version {
        /// Its major version.
        major: u16,
    },
    /// It claims another size than it has.
    #[error("the message claims {claimed} bytes and has {found}")]
    Size {
        /// What it claims.
        claimed: u32,
        /// What it has.
        found: usize,
    },
    /// It answers another question.
    #[error("the message is of type {found}, not {expected}")]
    Type {
        /// Its type.
        found: u32,
        /// What the answer has.
        expected: u32,
    },
    /// The service refused.
    #[error("the service refused with code {code:#010x}{}", name(*code))]
    Refused {
        /// The code, see [`error_name`].
        code: u32,
    },
    /// Its parts have other sizes together than there are bytes.
    #[error("the message's parts claim other sizes than there are bytes")]
    Parts,
    /// It carries no quote.
    #[error("the message carries no quote")]
    NoQuote,
}

fn name(code: u32) -> String {
    error_name(code).map_or_else(String::new, |name| format!(" ({name})"))
}

impl Problem for MessageError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TooShort => "qgs_message_too_short",
            Self::Version { .. } => "qgs_message_version",
            Self::Size { .. } => "qgs_message_size",
            Self::Type { .. } => "qgs_message_type",
            Self::Refused { .. } => "qgs_refused",
            Self::Parts => "qgs_message_parts",
            Self::NoQuote => "qgs_no_quote",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Refused { .. } => {
                "look at the service's log on the host; a report of another machine, or missing platform certificates, are refused"
            }
            Self::Version { .. } => "bring the service on the host to a release with messages of version 1",
            Self::TooShort | Self::Size { .. } | Self::Type { .. } | Self::Parts | Self::NoQuote => {
                "check that what listens there is Intel's quote service"
            }
        })
    }
}

/// A request, of header, fixed part and data.
fn request(kind: u32, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(size_of::<Header>(), |sum, part| sum.saturating_add(part.len()));
    let header = Header {
        major: MAJOR.into(),
        minor: MINOR.into(),
        kind: kind.into(),
        size: u32::try_from(length).unwrap_or(u32::MAX).into(),
        error_code: 0.into(),
    };
    [&[header.as_bytes()], parts].concat().concat()
}

/// A quote for a report, by whatever attestation key the service has: without a list of them.
pub(super) fn quote_request(td_report: &[u8; TD_REPORT_SIZE]) -> Vec<u8> {
    let sizes = [U32::new(td_report.len().try_into().unwrap_or(u32::MAX)), U32::ZERO];
    request(QUOTE_REQUEST, &[sizes.as_bytes(), td_report])
}

/// Collateral. The service hands the name of the authority to its provider as C has texts, so it needs its NUL.
pub(super) fn collateral_request(fmspc: [u8; 6], ca: PckCa) -> Vec<u8> {
    let ca: &[u8] = match ca {
        PckCa::Processor => b"processor\0",
        PckCa::Platform => b"platform\0",
    };
    let size = |part: &[u8]| U32::new(part.len().try_into().unwrap_or(u32::MAX));
    request(COLLATERAL_REQUEST, &[[size(&fmspc), size(ca)].as_bytes(), &fmspc, ca])
}

pub(super) fn platform_info_request() -> Vec<u8> {
    request(PLATFORM_INFO_REQUEST, &[])
}

/// What follows the header of an answer, if it is the answer that was asked for and no refusal.
fn body(message: &[u8], expected: u32) -> Result<&[u8], MessageError> {
    let (header, body) = Header::ref_from_prefix(message).map_err(|_| MessageError::TooShort)?;
    if header.major != MAJOR {
        return Err(MessageError::Version { major: header.major.get() });
    }
    let claimed = header.size.get();
    if usize::try_from(claimed) != Ok(message.len()) {
        return Err(MessageError::Size { claimed, found: message.len() });
    }
    if header.kind != expected {
        return Err(MessageError::Type { found: header.kind.get(), expected });
    }
    // A refusal has no body.
    match header.error_code.get() {
        0 => Ok(body),
        code => Err(MessageError::Refused { code }),
    }
}

/// The data behind a fixed part, cut into parts of those sizes, with nothing left over.
fn parts<const N: usize>(mut data: &[u8], sizes: [U32; N]) -> Result<[Vec<u8>; N], MessageError> {
    let mut cut = [const { Vec::new() }; N];
    for (part, size) in cut.iter_mut().zip(sizes) {
        let size = usize::try_from(size.get()).map_err(|_| MessageError::Parts)?;
        let (taken, rest) = data.split_at_checked(size).ok_or(MessageError::Parts)?;
        *part = taken.to_vec();
        data = rest;
    }
    if data.is_empty() { Ok(cut) } else { Err(MessageError::Parts) }
}

/// A quote, as the service answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdQuote {
    /// The quote.
    pub quote: Vec<u8>,
    /// Which attestation key it was made with; empty where the service had no choice.
    pub selected_id: Vec<u8>,
}

impl TdQuote {
    /// Reads an answer.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let (sizes, data) =
            <[U32; 2]>::read_from_prefix(body(message, QUOTE_RESPONSE)?).map_err(|_| MessageError::TooShort)?;
        let [selected_id, quote] = parts(data, sizes)?;
        if quote.is_empty() { Err(MessageError::NoQuote) } else { Ok(Self { quote, selected_id }) }
    }
}

/// Collateral, as the service answers it: what the host's provider library gives, byte for byte. Texts end with their NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collateral {
    /// Version of the forms that follow: major and minor.
    pub version: (u16, u16),
    /// Issuer chain of the PCK CRL, in PEM.
    pub pck_crl_issuer_chain: Vec<u8>,
    /// CRL of the root.
    pub root_ca_crl: Vec<u8>,
    /// CRL of the PCK certificates.
    pub pck_crl: Vec<u8>,
    /// Issuer chain of TCB Info, in PEM.
    pub tcb_info_issuer_chain: Vec<u8>,
    /// TCB Info, with its signature.
    pub tcb_info: Vec<u8>,
    /// Issuer chain of the QE identity, in PEM.
    pub qe_identity_issuer_chain: Vec<u8>,
    /// QE identity, with its signature.
    pub qe_identity: Vec<u8>,
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct CollateralSizes {
    major: U16,
    minor: U16,
    sizes: [U32; 7],
}

impl Collateral {
    /// Reads an answer.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let (fixed, data) = CollateralSizes::read_from_prefix(body(message, COLLATERAL_RESPONSE)?)
            .map_err(|_| MessageError::TooShort)?;
        let [
            pck_crl_issuer_chain,
            root_ca_crl,
            pck_crl,
            tcb_info_issuer_chain,
            tcb_info,
            qe_identity_issuer_chain,
            qe_identity,
        ] = parts(data, fixed.sizes)?;
        Ok(Self {
            version: (fixed.major.get(), fixed.minor.get()),
            pck_crl_issuer_chain,
            root_ca_crl,
            pck_crl,
            tcb_info_issuer_chain,
            tcb_info,
            qe_identity_issuer_chain,
            qe_identity,
        })
    }
}

/// What makes the quotes on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformInfo {
    /// Security version of the TD quoting enclave.
    pub tdqe_isv_svn: u16,
    /// Security version of the PCE.
    pub pce_isv_svn: u16,
    /// Identity of the platform.
    pub platform_id: Vec<u8>,
    /// CPUSVN of the platform.
    pub cpu_svn: Vec<u8>,
}

#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct PlatformInfoSizes {
    tdqe_isv_svn: U16,
    pce_isv_svn: U16,
    sizes: [U32; 2],
}

impl PlatformInfo {
    /// Reads an answer.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let (fixed, data) = PlatformInfoSizes::read_from_prefix(body(message, PLATFORM_INFO_RESPONSE)?)
            .map_err(|_| MessageError::TooShort)?;
        let [platform_id, cpu_svn] = parts(data, fixed.sizes)?;
        Ok(Self { tdqe_isv_svn: fixed.tdqe_isv_svn.get(), pce_isv_svn: fixed.pce_isv_svn.get(), platform_id, cpu_svn })
    }
}

//! Reading a quote: well-formed bytes, nothing proven.

use abi::quote::{
    AttestationSignature, BodyDescriptor, Header, INTEL_QE_VENDOR_ID, QeReport, body_type, certification_data,
    key_type, tee_type,
};
use abi::sgx::ReportBody;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::quote::error::{MAX_AUTH_DATA, MAX_QUOTE, QuoteError};
use crate::quote::report::Report;
use crate::quote::tee::Tee;

/// What vouches for the quoting enclave, at the end of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificationData<'a> {
    /// Types 1 to 3: what names the PCK certificate, which has to be fetched. Type and raw bytes.
    PlatformIdentity(u16, &'a [u8]),
    /// Type 4: the PCK certificate alone.
    PckCertificate(&'a [u8]),
    /// Type 5: the PCK certificate chain in PEM.
    PckChain(&'a [u8]),
}

/// A well-formed quote; nothing in it is proven.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a> {
    header: &'a Header,
    tee: Tee,
    report: Report,
    signed: &'a [u8],
    attestation: &'a AttestationSignature,
    qe_report: &'a QeReport,
    auth_data: &'a [u8],
    certification: CertificationData<'a>,
    padding: usize,
}

impl<'a> Quote<'a> {
    /// Reads a quote of version 3, 4 or 5. Zero padding after it is tolerated, for kernels hand out fixed buffers.
    ///
    /// # Errors
    /// See [`QuoteError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, QuoteError> {
        if bytes.len() > MAX_QUOTE {
            return Err(QuoteError::TooLong(bytes.len()));
        }
        let mut rest = Rest(bytes);
        let header: &Header = read_header(&mut rest)?;
        let tee = check_header(header)?;
        let version = header.version.get();
        let report = if version == 5 { described_report(&mut rest, tee)? } else { plain_report(&mut rest, tee)? };
        let signed_size = bytes.len().saturating_sub(rest.0.len());
        let signed = bytes.get(..signed_size).ok_or(QuoteError::Truncated("body"))?;

        let mut signature = Rest(rest.counted_u32("signature data")?);
        let attestation = signature.view("attestation signature")?;
        let mut evidence = if version == 3 { signature } else { qe_certification(&mut signature)? };
        let qe_report = evidence.view("QE report")?;
        let auth_data = evidence.counted_u16("authentication data")?;
        if auth_data.len() > MAX_AUTH_DATA {
            return Err(QuoteError::AuthDataTooLong(auth_data.len()));
        }
        let certification = certification(&mut evidence)?;
        let padding = rest.0.len();
        let not_zero = rest.0.iter().filter(|&&byte| byte != 0).count();
        if not_zero > 0 {
            return Err(QuoteError::TrailingBytes { count: padding, not_zero });
        }
        Ok(Self { header, tee, report, signed, attestation, qe_report, auth_data, certification, padding })
    }

    /// The header.
    pub const fn header(&self) -> &'a Header {
        self.header
    }

    /// 3, 4 or 5.
    pub const fn version(&self) -> u16 {
        self.header.version.get()
    }

    /// SGX or TDX.
    pub const fn tee(&self) -> Tee {
        self.tee
    }

    /// What is attested.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The quoting enclave's own report.
    pub const fn qe_report(&self) -> &'a ReportBody {
        &self.qe_report.body
    }

    /// What vouches for the quoting enclave.
    pub const fn certification(&self) -> CertificationData<'a> {
        self.certification
    }

    /// Zero bytes after the quote.
    pub const fn padding(&self) -> usize {
        self.padding
    }

    pub(crate) const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    pub(crate) const fn attestation(&self) -> &'a AttestationSignature {
        self.attestation
    }

    pub(crate) const fn qe_report_signature(&self) -> &'a [u8; 64] {
        &self.qe_report.signature
    }

    pub(crate) const fn auth_data(&self) -> &'a [u8] {
        self.auth_data
    }

    pub(crate) fn qe_report_bytes(&self) -> &'a [u8] {
        self.qe_report.body.as_bytes()
    }
}

/// An EPID quote has its version and key type in the same place, and a shorter header is possible.
fn read_header<'a>(rest: &mut Rest<'a>) -> Result<&'a Header, QuoteError> {
    if let [low, high, ..] = rest.0 {
        match u16::from_le_bytes([*low, *high]) {
            1 | 2 => return Err(QuoteError::Epid),
            3..=5 => {}
            version => return Err(QuoteError::Version(version)),
        }
    }
    rest.view("header")
}

fn check_header(header: &Header) -> Result<Tee, QuoteError> {
    match header.attestation_key_type.get() {
        key_type::ECDSA_P256 => {}
        key_type::EPID_UNLINKABLE | key_type::EPID_LINKABLE => return Err(QuoteError::Epid),
        key_type::ECDSA_P384 => return Err(QuoteError::P384Key),
        other => return Err(QuoteError::KeyType(other)),
    }
    let (version, tee_type) = (header.version.get(), header.tee_type.get());
    let tee = match (version, tee_type) {
        (3.., tee_type::SGX) => Tee::Sgx,
        (4.., tee_type::TDX) => Tee::Tdx,
        _ => return Err(QuoteError::TeeType { version, tee_type }),
    };
    if header.qe_vendor_id != INTEL_QE_VENDOR_ID {
        return Err(QuoteError::VendorId);
    }
    Ok(tee)
}

fn plain_report(rest: &mut Rest<'_>, tee: Tee) -> Result<Report, QuoteError> {
    match tee {
        Tee::Sgx => Ok(Report::SgxEnclave(*rest.view("body")?)),
        Tee::Tdx => Ok(Report::Td10(*rest.view("body")?)),
    }
}

fn described_report(rest: &mut Rest<'_>, tee: Tee) -> Result<Report, QuoteError> {
    let descriptor: &BodyDescriptor = rest.view("body descriptor")?;
    let (body_type, claimed) = (descriptor.body_type.get(), descriptor.body_size.get());
    let size = body_type::size(body_type).ok_or(QuoteError::BodyType { body_type, tee })?;
    if usize::try_from(claimed) != Ok(size) {
        return Err(QuoteError::BodySize { body_type, claimed });
    }
    match (tee, body_type) {
        (Tee::Sgx, body_type::SGX) => Ok(Report::SgxEnclave(*rest.view("body")?)),
        (Tee::Tdx, body_type::TD10) => Ok(Report::Td10(*rest.view("body")?)),
        (Tee::Tdx, body_type::TD15) => Ok(Report::Td15(*rest.view("body")?)),
        (Tee::Tdx, body_type::TD15_EX) => Ok(Report::Td15Ex(*rest.view("body")?)),
        _ => Err(QuoteError::BodyType { body_type, tee }),
    }
}

/// Versions 4 and 5 nest the QE report in certification data of type 6.
fn qe_certification<'a>(signature: &mut Rest<'a>) -> Result<Rest<'a>, QuoteError> {
    let outer = signature.u16("certification data")?;
    if outer != certification_data::QE_REPORT {
        return Err(QuoteError::OuterCertification(outer));
    }
    let nested = signature.counted_u32("certification data")?;
    signature.finish("signature data")?;
    Ok(Rest(nested))
}

fn certification<'a>(evidence: &mut Rest<'a>) -> Result<CertificationData<'a>, QuoteError> {
    let kind = evidence.u16("certification data")?;
    let data = evidence.counted_u32("certification data")?;
    evidence.finish("certification data")?;
    // PPID (clear or encrypted), CPUSVN 16, PCESVN 2, PCEID 2.
    let identity = |size| {
        if data.len() == size {
            Ok(CertificationData::PlatformIdentity(kind, data))
        } else {
            Err(QuoteError::Length("certification data"))
        }
    };
    match kind {
        certification_data::PPID_CLEAR => identity(16 + 20),
        certification_data::PPID_RSA2048 => identity(256 + 20),
        certification_data::PPID_RSA3072 => identity(384 + 20),
        certification_data::PCK_CERTIFICATE => Ok(CertificationData::PckCertificate(data)),
        certification_data::PCK_CHAIN => Ok(CertificationData::PckChain(data)),
        other => Err(QuoteError::Certification(other)),
    }
}

/// What is still to be read. Lengths are compared with what is there before anything is taken.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize, part: &'static str) -> Result<&'a [u8], QuoteError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(QuoteError::Truncated(part))?;
        self.0 = rest;
        Ok(taken)
    }

    fn view<T: FromBytes + KnownLayout + Immutable + Unaligned>(
        &mut self,
        part: &'static str,
    ) -> Result<&'a T, QuoteError> {
        let (view, rest) = T::ref_from_prefix(self.0).map_err(|_| QuoteError::Truncated(part))?;
        self.0 = rest;
        Ok(view)
    }

    fn u16(&mut self, part: &'static str) -> Result<u16, QuoteError> {
        Ok(self.view::<zerocopy::little_endian::U16>(part)?.get())
    }

    fn counted_u16(&mut self, part: &'static str) -> Result<&'a [u8], QuoteError> {
        let count = self.u16(part)?;
        self.take(usize::from(count), part)
    }

    fn counted_u32(&mut self, part: &'static str) -> Result<&'a [u8], QuoteError> {
        let count = self.view::<zerocopy::little_endian::U32>(part)?.get();
        self.take(usize::try_from(count).unwrap_or(usize::MAX), part)
    }

    fn finish(&self, part: &'static str) -> Result<(), QuoteError> {
        if self.0.is_empty() { Ok(()) } else { Err(QuoteError::Length(part)) }
    }
}

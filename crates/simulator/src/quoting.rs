//! The quoting enclave: signs quotes in Intel's format.
//!
//! Version 3 is what SGX machines make today, 4 and 5 what TDX machines make. The layout follows the header, so that a
//! verifier can be shown SGX quotes of versions 4 and 5 too, which no public machine makes.
//!
//! Source: Intel SGX ECDSA QuoteGenReference, Intel TDX DCAP Quote Generation Library.

mod body;

use abi::quote::{BodyDescriptor, Header, INTEL_QE_VENDOR_ID, certification_data, key_type, tee_type};
use abi::sgx::ReportBody;
use zerocopy::IntoBytes;

use crate::architectural::identity::{QE_ISV_SVN, hashed, qe_secs, td_qe_secs};
use crate::build_error::BuildError;
use crate::key::{EcdsaKey, Signer};
use crate::machine::{COMPONENT_SVNS, Machine, PCE_SVN};

pub use body::Body;

/// QE authentication data, the same in every quote of Intel's: 00 to 1f.
pub(crate) const AUTH_DATA: [u8; 32] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    31,
];

/// How a quote is made. Nothing is signed before [`QuoteSpec::build`], so every field may be changed until then.
#[derive(Clone, Debug)]
pub struct QuoteSpec {
    /// The header; its version decides the layout.
    pub header: Header,
    /// What stands before the body in version 5, in place of its true type and size.
    pub body_descriptor: Option<BodyDescriptor>,
    /// The attestation public key that the quote carries.
    pub attestation_key: [u8; 64],
    /// Who signs header and body.
    pub signer: Signer,
    /// Report of the quoting enclave, but for its report data.
    pub qe_report: ReportBody,
    /// Report data of the quoting enclave in place of the binding: SHA-256 over attestation key and authentication
    /// data, then zeros.
    pub qe_report_data: Option<[u8; 64]>,
    /// Who signs the quoting enclave's report.
    pub qe_report_signer: Signer,
    /// QE authentication data, 00 to 1f as in most real quotes.
    pub auth_data: Vec<u8>,
    /// Type of the certification data.
    pub certification_data_type: u16,
    /// Type of what holds the QE report in versions 4 and 5, 6.
    pub outer_certification_data_type: u16,
    /// Length fields that lie.
    pub claimed: ClaimedSizes,
    /// Bytes after the end of the quote.
    pub trailing: Vec<u8>,
}

/// Values of length fields in place of the true ones, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimedSizes {
    /// Of the whole signature section.
    pub signature_section: Option<u32>,
    /// Of what holds the QE report, versions 4 and 5.
    pub outer_certification_data: Option<u32>,
    /// Of the authentication data.
    pub auth_data: Option<u16>,
    /// Of the certification data.
    pub certification_data: Option<u32>,
}

impl QuoteSpec {
    /// Quotes as that machine's quoting enclave makes them.
    pub(crate) fn of(machine: &Machine) -> Self {
        let qe_report = qe_secs().report_body(COMPONENT_SVNS, [0; 64]);
        Self::new(&machine.attestation_key, machine.qe_id, PCE_SVN, qe_report, Signer::from(&machine.keys.pck))
    }

    /// Quotes of version 4 as that machine's quoting enclave for trust domains makes them.
    pub(crate) fn for_tdx(machine: &Machine) -> Self {
        let qe_report = td_qe_secs().report_body(COMPONENT_SVNS, [0; 64]);
        Self { qe_report, ..Self::of(machine).of_trust_domains() }
    }

    /// Quotes of version 3 by a quoting enclave of that name, with that attestation key.
    pub(crate) fn new(
        attestation_key: &EcdsaKey,
        qe_id: [u8; 16],
        pce_svn: u16,
        qe_report: ReportBody,
        qe_report_signer: Signer,
    ) -> Self {
        let mut user_data = [0; 20];
        for (to, from) in user_data.iter_mut().zip(qe_id) {
            *to = from;
        }
        Self {
            header: Header {
                version: 3.into(),
                attestation_key_type: key_type::ECDSA_P256.into(),
                tee_type: 0.into(),
                qe_svn: QE_ISV_SVN.into(),
                pce_svn: pce_svn.into(),
                qe_vendor_id: INTEL_QE_VENDOR_ID,
                user_data,
            },
            body_descriptor: None,
            attestation_key: attestation_key.public_key(),
            signer: Signer::from(attestation_key),
            qe_report,
            qe_report_data: None,
            qe_report_signer,
            auth_data: AUTH_DATA.to_vec(),
            certification_data_type: certification_data::PCK_CHAIN,
            outer_certification_data_type: certification_data::QE_REPORT,
            claimed: ClaimedSizes::default(),
            trailing: Vec::new(),
        }
    }

    /// The same about trust domains, in version 4.
    pub(crate) fn of_trust_domains(self) -> Self {
        // TDX quotes leave the SVNs zero.
        let (version, tee_type) = (4.into(), tee_type::TDX.into());
        let header = Header { version, tee_type, qe_svn: 0.into(), pce_svn: 0.into(), ..self.header };
        Self { header, ..self }
    }

    /// Gives the quoting enclave another attestation key and binds it.
    pub fn use_attestation_key(&mut self, key: &EcdsaKey) {
        self.attestation_key = key.public_key();
        self.signer = Signer::from(key);
    }

    /// Signs a quote over that body, with those bytes as certification data.
    ///
    /// # Errors
    /// Where a part is longer than its length field can say, or no signature can be made.
    pub fn build<'b>(&self, body: impl Into<Body<'b>>, certification_data: &[u8]) -> Result<Vec<u8>, BuildError> {
        let (version, body) = (self.header.version.get(), body.into());
        let descriptor = self.body_descriptor.unwrap_or_else(|| body.descriptor());
        let descriptor = if version == 5 { descriptor.as_bytes() } else { &[] };
        let signed = [self.header.as_bytes(), descriptor, body.as_bytes()].concat();
        let vouched = self.vouched(certification_data)?;
        let mut section = [&self.signer.sign(&signed)?[..], &self.attestation_key].concat();
        if matches!(version, 4 | 5) {
            let size = size(self.claimed.outer_certification_data, &vouched, "QE report certification data")?;
            section.extend(self.outer_certification_data_type.to_le_bytes());
            section.extend(size.to_le_bytes());
        }
        section.extend(vouched);
        let size = size(self.claimed.signature_section, &section, "signature section")?;
        Ok([&signed[..], &size.to_le_bytes(), &section, &self.trailing].concat())
    }

    /// The quoting enclave's report, its signature, authentication data and certification data.
    fn vouched(&self, certification_data: &[u8]) -> Result<Vec<u8>, BuildError> {
        let qe_report = ReportBody { report_data: self.binding(), ..self.qe_report };
        let auth_size = match self.claimed.auth_data {
            Some(claimed) => claimed,
            None => self.auth_data.len().try_into().map_err(|_| BuildError::TooLong("authentication data"))?,
        };
        let size = size(self.claimed.certification_data, certification_data, "certification data")?;
        Ok([
            qe_report.as_bytes(),
            &self.qe_report_signer.sign(qe_report.as_bytes())?,
            &auth_size.to_le_bytes(),
            &self.auth_data,
            &self.certification_data_type.to_le_bytes(),
            &size.to_le_bytes(),
            certification_data,
        ]
        .concat())
    }

    fn binding(&self) -> [u8; 64] {
        self.qe_report_data.unwrap_or_else(|| hashed(&[&self.attestation_key, &self.auth_data]))
    }
}

fn size(claimed: Option<u32>, of: &[u8], name: &'static str) -> Result<u32, BuildError> {
    claimed.map_or_else(|| of.len().try_into().map_err(|_| BuildError::TooLong(name)), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::CaType;
    use aws_lc_rs::digest::{SHA256, digest};
    use unix_time::UnixTime;
    use zerocopy::FromZeros;

    fn spec() -> QuoteSpec {
        QuoteSpec::of(&Machine::generate(CaType::Platform, UnixTime::EPOCH).unwrap())
    }

    fn body() -> ReportBody {
        ReportBody::new_zeroed()
    }

    #[test]
    fn every_part_of_version_3_lies_where_the_format_puts_it() {
        let spec = spec();
        let quote = spec.build(&body(), b"chain").unwrap();
        assert_eq!(quote[..48], *spec.header.as_bytes());
        assert_eq!(quote[432..436], u32::try_from(quote.len() - 436).unwrap().to_le_bytes());
        assert_eq!(quote[500..564], spec.attestation_key);
        let bound = digest(&SHA256, &[&quote[500..564], &quote[1014..1046]].concat());
        assert_eq!(quote[884..916], *bound.as_ref());
        assert_eq!(quote[1012..1014], [32, 0]);
        assert_eq!(quote[1046..], *b"\x05\0\x05\0\0\0chain");
    }

    #[test]
    fn versions_4_and_5_nest_the_qe_report_in_type_6() {
        for (version, descriptor) in [(4_u16, 0), (5, 6)] {
            let mut spec = spec();
            spec.header.version = version.into();
            let quote = spec.build(&body(), b"chain").unwrap();
            let outer = 436 + descriptor + 128;
            assert_eq!(quote[outer..outer + 2], [6, 0]);
            assert_eq!(quote[outer + 2..outer + 6], u32::try_from(quote.len() - outer - 6).unwrap().to_le_bytes());
        }
    }

    #[test]
    fn trust_domains_have_longer_bodies_and_version_5_announces_them() {
        use abi::tdx::{TdReport10, TdReport15Ex};
        let mut spec = QuoteSpec::for_tdx(&Machine::generate(CaType::Platform, UnixTime::EPOCH).unwrap());
        let section_at =
            |quote: &[u8], at: usize| quote[at..at + 4] == u32::try_from(quote.len() - at - 4).unwrap().to_le_bytes();
        let version_4 = spec.build(&TdReport10::new_zeroed(), b"chain").unwrap();
        assert_eq!(version_4[..8], [4, 0, 2, 0, 0x81, 0, 0, 0]);
        assert!(section_at(&version_4, 48 + 584));
        spec.header.version = 5.into();
        let td = TdReport15Ex::new_zeroed();
        let version_5: [(&[u8], Body<'_>); 3] = [
            (&[2, 0, 0x48, 2, 0, 0], (&td.base.base).into()),
            (&[3, 0, 0x88, 2, 0, 0], (&td.base).into()),
            (&[4, 0, 0x75, 3, 0, 0], (&td).into()),
        ];
        for (descriptor, body) in version_5 {
            let quote = spec.build(body, b"chain").unwrap();
            assert_eq!(&quote[48..54], descriptor);
            assert!(section_at(&quote, 54 + body.as_bytes().len()));
        }
    }

    #[test]
    fn length_fields_can_lie() {
        let mut spec = spec();
        spec.claimed = ClaimedSizes {
            signature_section: Some(u32::MAX),
            auth_data: Some(0xffff),
            certification_data: Some(1),
            ..ClaimedSizes::default()
        };
        let quote = spec.build(&body(), b"chain").unwrap();
        assert_eq!(quote[432..436], [0xff; 4]);
        assert_eq!(quote[1012..1014], [0xff; 2]);
        assert_eq!(quote[1048..1052], [1, 0, 0, 0]);
    }
}

//! Intel's SGX extension of PCK certificates.
//!
//! Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification, and issued certificates.

use const_oid::ObjectIdentifier;
use der::Tag;

use super::extension::RawExtension;
use crate::asn1;
use crate::build_error::BuildError;

/// Object identifier of the extension.
pub const SGX_EXTENSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113741.1.13.1");

/// What the SGX extension says: five entries under the Processor CA, seven under the Platform CA.
///
/// Lists are of any length and numbers wider than their fields, so that wrong ones can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SgxExtensionSpec {
    /// PPID, 16 bytes: names the processor package.
    pub ppid: Vec<u8>,
    /// SVNs of the TCB components, 16 of 0 to 255.
    pub component_svns: Vec<u32>,
    /// SVN of the provisioning certification enclave, 16 bits.
    pub pce_svn: u32,
    /// CPUSVN, 16 bytes.
    pub cpu_svn: Vec<u8>,
    /// PCEID, 2 bytes.
    pub pce_id: Vec<u8>,
    /// FMSPC, 6 bytes: names the platform family.
    pub fmspc: Vec<u8>,
    /// SGX type: 0 standard, 1 scalable, 2 scalable with integrity.
    pub sgx_type: u8,
    /// Platform instance id, 16 bytes; Platform CA only.
    pub platform_instance_id: Option<Vec<u8>>,
    /// Configuration; Platform CA only.
    pub configuration: Option<Configuration>,
}

/// Configuration of a platform with several packages. `None` leaves an entry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Packages can be added later.
    pub dynamic_platform: Option<bool>,
    /// Intel keeps the platform's keys.
    pub cached_keys: Option<bool>,
    /// Simultaneous multithreading is on.
    pub smt_enabled: Option<bool>,
}

impl SgxExtensionSpec {
    /// The contents of the extension in DER: SEQUENCE of SEQUENCE { object identifier, value }.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn to_der(&self) -> Result<Vec<u8>, BuildError> {
        let mut entries = vec![
            entry(&[1], asn1::octet_string(&self.ppid)?)?,
            entry(&[2], self.tcb()?)?,
            entry(&[3], asn1::octet_string(&self.pce_id)?)?,
            entry(&[4], asn1::octet_string(&self.fmspc)?)?,
            entry(&[5], asn1::value(Tag::Enumerated, &[self.sgx_type])?)?,
        ];
        if let Some(id) = &self.platform_instance_id {
            entries.push(entry(&[6], asn1::octet_string(id)?)?);
        }
        if let Some(configuration) = self.configuration {
            entries.push(entry(&[7], configuration.to_der()?)?);
        }
        asn1::sequence(&entries)
    }

    fn tcb(&self) -> Result<Vec<u8>, BuildError> {
        let mut entries = Vec::new();
        for (arc, svn) in (1..).zip(&self.component_svns) {
            entries.push(entry(&[2, arc], asn1::unsigned(&svn.to_be_bytes())?)?);
        }
        entries.push(entry(&[2, 17], asn1::unsigned(&self.pce_svn.to_be_bytes())?)?);
        entries.push(entry(&[2, 18], asn1::octet_string(&self.cpu_svn)?)?);
        asn1::sequence(&entries)
    }

    pub(crate) fn to_extension(&self) -> Result<RawExtension, BuildError> {
        Ok(RawExtension { oid: SGX_EXTENSION, critical: false, value: self.to_der()? })
    }
}

impl Configuration {
    fn to_der(self) -> Result<Vec<u8>, BuildError> {
        let all = [(1, self.dynamic_platform), (2, self.cached_keys), (3, self.smt_enabled)];
        let present = all.into_iter().filter_map(|(arc, value)| Some((arc, value?)));
        let entries: Result<Vec<_>, _> = present.map(|(arc, value)| entry(&[7, arc], asn1::boolean(value)?)).collect();
        asn1::sequence(&entries?)
    }
}

fn entry(arcs: &[u32], value: Vec<u8>) -> Result<Vec<u8>, BuildError> {
    let mut oid = SGX_EXTENSION;
    for &arc in arcs {
        oid = oid.push_arc(arc).map_err(|error| BuildError::Der(error.into()))?;
    }
    asn1::sequence(&[asn1::oid(oid)?, value])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The extension of a real PCK certificate of the Platform CA, with a PPID and instance id of zeros.
    const REAL: &str = "30820228301e060a2a864886f84d010d0101041000000000000000000000000000000000\
        30820165060a2a864886f84d010d0102308201553010060b2a864886f84d010d01020102010430\
        10060b2a864886f84d010d0102020201043010060b2a864886f84d010d0102030201033010060b\
        2a864886f84d010d0102040201033011060b2a864886f84d010d010205020200ff3011060b2a86\
        4886f84d010d010206020200ff3010060b2a864886f84d010d0102070201003010060b2a864886\
        f84d010d0102080201003010060b2a864886f84d010d0102090201003010060b2a864886f84d01\
        0d01020a0201003010060b2a864886f84d010d01020b0201003010060b2a864886f84d010d0102\
        0c0201003010060b2a864886f84d010d01020d0201003010060b2a864886f84d010d01020e0201\
        003010060b2a864886f84d010d01020f0201003010060b2a864886f84d010d0102100201003010\
        060b2a864886f84d010d01021102010b301f060b2a864886f84d010d010212041004040303ffff\
        000000000000000000003010060a2a864886f84d010d0103040200003014060a2a864886f84d01\
        0d0104040600606a000000300f060a2a864886f84d010d01050a0101301e060a2a864886f84d01\
        0d01060410000000000000000000000000000000003044060a2a864886f84d010d010730363010\
        060b2a864886f84d010d0107010101ff3010060b2a864886f84d010d0107020101003010060b2a\
        864886f84d010d0107030101ff";

    fn spec() -> SgxExtensionSpec {
        let svns = [4, 4, 3, 3, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0_u8];
        SgxExtensionSpec {
            ppid: vec![0; 16],
            component_svns: svns.map(u32::from).to_vec(),
            pce_svn: 11,
            cpu_svn: svns.to_vec(),
            pce_id: vec![0; 2],
            fmspc: vec![0x00, 0x60, 0x6a, 0, 0, 0],
            sgx_type: 1,
            platform_instance_id: Some(vec![0; 16]),
            configuration: Some(Configuration {
                dynamic_platform: Some(true),
                cached_keys: Some(false),
                smt_enabled: Some(true),
            }),
        }
    }

    #[test]
    fn it_is_written_byte_for_byte_as_intel_writes_it() {
        assert_eq!(hex::encode(spec().to_der().unwrap()), REAL);
    }

    #[test]
    fn a_list_of_the_wrong_length_can_be_written() {
        for count in [15, 17] {
            let wrong = SgxExtensionSpec { component_svns: vec![1; count], ..spec() };
            assert_ne!(wrong.to_der().unwrap(), spec().to_der().unwrap());
        }
    }
}

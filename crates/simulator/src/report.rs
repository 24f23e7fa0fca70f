//! Reports of applications' enclaves.

use abi::sgx::{Attributes, ReportBody};
use sgx::Secs;

/// What an application's enclave says of itself; the rest of its report is the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnclaveReport {
    /// MRENCLAVE: measurement of the enclave as it was built.
    pub mr_enclave: [u8; 32],
    /// MRSIGNER: hash of the key that signed the enclave.
    pub mr_signer: [u8; 32],
    /// ISVPRODID: product id.
    pub isv_prod_id: u16,
    /// ISVSVN: security version.
    pub isv_svn: u16,
    /// Whether a debugger may read the enclave.
    pub debug: bool,
    /// REPORTDATA: 64 bytes that the enclave chose.
    pub report_data: [u8; 64],
}

impl EnclaveReport {
    /// ATTRIBUTES: initialised, 64-bit, x87 and SSE state (XFRM 3).
    fn attributes(&self) -> Attributes {
        let debug = if self.debug { Attributes::DEBUG } else { 0 };
        Attributes { flags: (Attributes::INIT | Attributes::MODE64BIT | debug).into(), xfrm: 3.into() }
    }

    /// The report body that a machine of that CPUSVN makes of the enclave.
    pub fn on(&self, cpu_svn: [u8; 16]) -> ReportBody {
        Secs::from(self).report_body(cpu_svn, self.report_data)
    }
}

impl From<&EnclaveReport> for Secs {
    fn from(enclave: &EnclaveReport) -> Self {
        Self {
            mr_enclave: enclave.mr_enclave,
            mr_signer: enclave.mr_signer,
            attributes: enclave.attributes(),
            misc_select: 0,
            isv_prod_id: enclave.isv_prod_id,
            isv_svn: enclave.isv_svn,
            config_id: [0; 64],
            config_svn: 0,
            isv_family_id: [0; 16],
            isv_ext_prod_id: [0; 16],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::IntoBytes;

    #[test]
    fn a_report_says_what_the_enclave_says_and_the_machines_cpu_svn() {
        let enclave = EnclaveReport {
            mr_enclave: [1; 32],
            mr_signer: [2; 32],
            isv_prod_id: 3,
            isv_svn: 4,
            debug: true,
            report_data: [5; 64],
        };
        let report = enclave.on([6; 16]);
        assert!(report.attributes.is_debug());
        let bytes = report.as_bytes();
        assert_eq!(bytes[..16], [6; 16]);
        assert_eq!(bytes[48..64], [7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[256..260], [3, 0, 4, 0]);
        assert_eq!(EnclaveReport { debug: false, ..enclave }.on([6; 16]).as_bytes()[48], 5);
    }
}

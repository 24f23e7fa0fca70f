//! Verdicts in the codes of Intel's library, for programs that know those.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::documents::collateral_error::{CollateralError, CollateralFault};
use crate::documents::tcb_status::TcbStatus;
use crate::pki::chain::{CertificateError, CertificateFault};
use crate::pki::pck_error::PckError;
use crate::verify::error::VerifyError;

/// `sgx_ql_qv_result_t`: what Intel's quote verification library calls a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum IntelResult {
    /// Up to date.
    Ok = 0x0000,
    /// A setting of the platform has to change.
    ConfigNeeded = 0xa001,
    /// Out of date.
    OutOfDate = 0xa002,
    /// Out of date, and a setting has to change.
    OutOfDateConfigNeeded = 0xa003,
    /// Something is not signed by whom it should be.
    InvalidSignature = 0xa004,
    /// A certificate or TCB level is revoked.
    Revoked = 0xa005,
    /// Any other error.
    Unspecified = 0xa006,
    /// The enclave's code has to mitigate known issues.
    SwHardeningNeeded = 0xa007,
    /// Both.
    ConfigAndSwHardeningNeeded = 0xa008,
    /// The trust domain should be launched anew.
    TdRelaunchAdvised = 0xa009,
    /// And a setting has to change.
    TdRelaunchAdvisedConfigNeeded = 0xa00a,
}

impl IntelResult {
    /// The number.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// Intel's identifier.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "SGX_QL_QV_RESULT_OK",
            Self::ConfigNeeded => "SGX_QL_QV_RESULT_CONFIG_NEEDED",
            Self::OutOfDate => "SGX_QL_QV_RESULT_OUT_OF_DATE",
            Self::OutOfDateConfigNeeded => "SGX_QL_QV_RESULT_OUT_OF_DATE_CONFIG_NEEDED",
            Self::InvalidSignature => "SGX_QL_QV_RESULT_INVALID_SIGNATURE",
            Self::Revoked => "SGX_QL_QV_RESULT_REVOKED",
            Self::Unspecified => "SGX_QL_QV_RESULT_UNSPECIFIED",
            Self::SwHardeningNeeded => "SGX_QL_QV_RESULT_SW_HARDENING_NEEDED",
            Self::ConfigAndSwHardeningNeeded => "SGX_QL_QV_RESULT_CONFIG_AND_SW_HARDENING_NEEDED",
            Self::TdRelaunchAdvised => "SGX_QL_QV_RESULT_TD_RELAUNCH_ADVISED",
            Self::TdRelaunchAdvisedConfigNeeded => "SGX_QL_QV_RESULT_TD_RELAUNCH_ADVISED_CONFIG_NEEDED",
        }
    }

    /// Whether Intel's library ends with an error: it then reports [`IntelResult::Unspecified`] beside it, whatever the
    /// cause, where this type says signature or revocation.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::InvalidSignature | Self::Revoked | Self::Unspecified)
    }
}

impl Serialize for IntelResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("IntelResult", 3)?;
        members.serialize_field("code", &self.code())?;
        members.serialize_field("name", self.name())?;
        members.serialize_field("terminal", &self.is_terminal())?;
        members.end()
    }
}

impl From<TcbStatus> for IntelResult {
    fn from(status: TcbStatus) -> Self {
        match status {
            TcbStatus::UpToDate => Self::Ok,
            TcbStatus::SwHardeningNeeded => Self::SwHardeningNeeded,
            TcbStatus::ConfigurationNeeded => Self::ConfigNeeded,
            TcbStatus::ConfigurationAndSwHardeningNeeded => Self::ConfigAndSwHardeningNeeded,
            TcbStatus::OutOfDate => Self::OutOfDate,
            TcbStatus::OutOfDateConfigurationNeeded => Self::OutOfDateConfigNeeded,
            TcbStatus::TdRelaunchAdvised => Self::TdRelaunchAdvised,
            TcbStatus::TdRelaunchAdvisedConfigurationNeeded => Self::TdRelaunchAdvisedConfigNeeded,
            TcbStatus::Revoked => Self::Revoked,
        }
    }
}

impl From<&CertificateError> for IntelResult {
    fn from(error: &CertificateError) -> Self {
        match error.fault {
            CertificateFault::Revoked => Self::Revoked,
            CertificateFault::BadSignature => Self::InvalidSignature,
            _ => Self::Unspecified,
        }
    }
}

impl From<&PckError> for IntelResult {
    fn from(error: &PckError) -> Self {
        match error {
            PckError::Certificate(error) => error.into(),
            _ => Self::Unspecified,
        }
    }
}

impl From<&CollateralError> for IntelResult {
    fn from(error: &CollateralError) -> Self {
        match &error.fault {
            CollateralFault::BadSignature => Self::InvalidSignature,
            CollateralFault::Chain(error) => error.into(),
            _ => Self::Unspecified,
        }
    }
}

impl From<&VerifyError> for IntelResult {
    fn from(error: &VerifyError) -> Self {
        match error {
            VerifyError::QuoteSignature | VerifyError::QeReportSignature => Self::InvalidSignature,
            // Of the current evaluation Intel's library does not report a revocation.
            VerifyError::TcbRevoked(level) => level.reported_by_intel().map_or(Self::Revoked, Self::from),
            VerifyError::Certificate(error) => error.into(),
            VerifyError::Collateral(error) => error.into(),
            _ => Self::Unspecified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::collateral_error::Piece;
    use crate::pki::chain::Role;
    use crate::pki::chain::fault;
    use crate::verify::revoked::Evaluation;
    use crate::verify::revoked::RevokedLevel;
    use crate::verify::revoked::RevokedPart;

    #[test]
    fn statuses_have_the_numbers_of_the_header() {
        let numbers = TcbStatus::ALL.map(|status| IntelResult::from(status).code());
        assert_eq!(numbers, [0, 0xa007, 0xa001, 0xa008, 0xa002, 0xa003, 0xa009, 0xa00a, 0xa005]);
        assert!(TcbStatus::ALL.iter().all(|&s| IntelResult::from(s).is_terminal() == (s == TcbStatus::Revoked)));
        assert_eq!(IntelResult::from(TcbStatus::UpToDate).name(), "SGX_QL_QV_RESULT_OK");
    }

    #[test]
    fn errors_are_signature_revocation_or_unspecified() {
        let revoked = fault(Role::Pck, CertificateFault::Revoked);
        let forged = fault(Role::PckCa, CertificateFault::BadSignature);
        assert_eq!(IntelResult::from(&PckError::Certificate(forged)), IntelResult::InvalidSignature);
        assert_eq!(IntelResult::from(&PckError::Length(2)), IntelResult::Unspecified);
        let collateral = CollateralError { piece: Piece::PckCrl, fault: revoked.clone().into() };
        assert_eq!(IntelResult::from(&VerifyError::Collateral(collateral)), IntelResult::Revoked);
        let collateral = CollateralError { piece: Piece::TcbInfo, fault: CollateralFault::BadSignature };
        assert_eq!(IntelResult::from(&collateral), IntelResult::InvalidSignature);
        assert_eq!(IntelResult::from(&VerifyError::Certificate(revoked)), IntelResult::Revoked);
        for (evaluation, expected) in [
            (Evaluation::Only, IntelResult::Revoked),
            (Evaluation::Launch, IntelResult::Revoked),
            (Evaluation::Current { reported_by_intel: TcbStatus::OutOfDate }, IntelResult::OutOfDate),
            (Evaluation::Current { reported_by_intel: TcbStatus::UpToDate }, IntelResult::Ok),
        ] {
            let level = RevokedLevel { part: RevokedPart::TdxModule, evaluation };
            assert_eq!(IntelResult::from(&VerifyError::TcbRevoked(level)), expected);
        }
        assert_eq!(IntelResult::from(&VerifyError::QeReportSignature), IntelResult::InvalidSignature);
        assert_eq!(IntelResult::from(&VerifyError::TcbNotSupported), IntelResult::Unspecified);
        assert!(IntelResult::Unspecified.is_terminal() && !IntelResult::OutOfDate.is_terminal());
    }
}

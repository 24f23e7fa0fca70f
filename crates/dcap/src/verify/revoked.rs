//! A TCB level that Intel withdrew: which part reaches it, and in which evaluation.

use std::fmt;

use crate::documents::tcb_status::TcbStatus;

/// A TCB level that Intel withdrew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedLevel {
    /// What reaches the level; of several the first in the order of [`RevokedPart`].
    pub part: RevokedPart,
    /// In which evaluation of the TCB it does.
    pub evaluation: Evaluation,
}

/// A part of the TCB that Intel rates by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevokedPart {
    /// Processor and platform software, by a level of TCB Info.
    Platform,
    /// The TDX module, by its identity.
    TdxModule,
    /// The quoting enclave, by the QE identity.
    QuotingEnclave,
}

/// Which evaluation of the TCB. A trust domain of TDX 1.5 has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evaluation {
    /// The only one of an enclave.
    Only,
    /// Of a trust domain as it was launched (TEE_TCB_SVN).
    Launch,
    /// Of a trust domain with the TDX module as it is now (TEE_TCB_SVN2).
    Current {
        /// The status that Intel's library reports: it uses the current evaluation to advise a relaunch and for nothing
        /// else, so a revoked level does not show.
        reported_by_intel: TcbStatus,
    },
}

impl RevokedLevel {
    /// The status that Intel's library reports where it does not report the revocation.
    pub const fn reported_by_intel(&self) -> Option<TcbStatus> {
        match self.evaluation {
            Evaluation::Only | Evaluation::Launch => None,
            Evaluation::Current { reported_by_intel } => Some(reported_by_intel),
        }
    }

    /// What to do about it.
    pub(crate) const fn help(&self) -> &'static str {
        match (self.part, self.evaluation) {
            (RevokedPart::QuotingEnclave, _) => {
                "Intel withdrew this quoting enclave; it is never acceptable: update the SGX platform software"
            }
            (_, Evaluation::Only) => "Intel withdrew this TCB level; it is never acceptable: update the platform",
            (_, Evaluation::Launch) => {
                "Intel withdrew the level at which the trust domain was launched; it is never acceptable: \
                 update the platform and launch the trust domain again"
            }
            (_, Evaluation::Current { .. }) => {
                "Intel withdrew the level that the platform is at now; it is never acceptable, though Intel's own library \
                 reports the status at launch: update the platform"
            }
        }
    }
}

impl fmt::Display for RevokedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Platform => "platform",
            Self::TdxModule => "TDX module",
            Self::QuotingEnclave => "quoting enclave",
        })
    }
}

impl fmt::Display for RevokedLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part;
        match (part, self.evaluation) {
            // There is one quoting enclave, whichever evaluation.
            (RevokedPart::QuotingEnclave, _) | (_, Evaluation::Only) => write!(f, "TCB level of the {part} is revoked"),
            (_, Evaluation::Launch) => write!(f, "launch TCB level of the {part} is revoked"),
            (_, Evaluation::Current { .. }) => write!(f, "current TCB level of the {part} is revoked"),
        }
    }
}

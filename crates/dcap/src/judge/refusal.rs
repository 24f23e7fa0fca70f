//! Why a verified quote is not accepted.

use std::borrow::Cow;

use problem::Problem;

use crate::documents::tcb_status::TcbStatus;

/// What Intel leaves to whoever judges, and the default refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Allowance {
    /// Enclaves and trust domains that a debugger or profiler of the host can look into.
    Debug,
    /// Trust domains without SEPT_VE_DISABLE: the host can inject exceptions by taking pages away.
    SeptVe,
    /// Trust domains that can be moved to another machine.
    Migratable,
    /// Trust domains with a service trust domain bound to them, which can change their state.
    ServiceTd,
    /// Trust domains with attributes that are reserved, and so not understood.
    ReservedAttributes,
}

/// Why a verified quote was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// Something that the default refuses and nobody has allowed.
    #[error("{}", not_allowed(*.0))]
    NotAllowed(Allowance),
    /// The status is none of the accepted ones.
    #[error("TCB status is `{0}`")]
    TcbStatus(TcbStatus),
    /// The collateral is of an older TCB recovery than demanded.
    #[error("collateral has evaluation number {number}, at least {minimum} is demanded")]
    EvaluationDataNumber {
        /// The lower one of TCB Info and QE identity.
        number: u32,
        /// What is demanded.
        minimum: u32,
    },
    /// The collateral was issued too long ago.
    #[error("collateral was issued {age} seconds before, at most {maximum} are demanded")]
    CollateralAge {
        /// Age of the oldest piece, in seconds.
        age: i64,
        /// What is demanded.
        maximum: i64,
    },
    /// An advisory applies that was named as rejected.
    #[error("advisory `{0}` applies to this platform")]
    Advisory(String),
}

impl Problem for RefusalReason {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::NotAllowed(Allowance::Debug) => "debug_not_allowed",
            Self::NotAllowed(Allowance::SeptVe) => "sept_ve_not_allowed",
            Self::NotAllowed(Allowance::Migratable) => "migratable_not_allowed",
            Self::NotAllowed(Allowance::ServiceTd) => "service_td_not_allowed",
            Self::NotAllowed(Allowance::ReservedAttributes) => "reserved_attributes_not_allowed",
            Self::TcbStatus(_) => "tcb_status_not_accepted",
            Self::EvaluationDataNumber { .. } => "evaluation_number_too_low",
            Self::CollateralAge { .. } => "collateral_too_old",
            Self::Advisory(_) => "advisory_rejected",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::NotAllowed(Allowance::Debug) => {
                "build and sign the enclave for release, or allow debug where no secret is at stake"
            }
            Self::NotAllowed(Allowance::SeptVe) => {
                "launch the trust domain with SEPT_VE_DISABLE, or allow it where its kernel handles such exceptions"
            }
            Self::NotAllowed(Allowance::Migratable | Allowance::ServiceTd) => {
                "launch the trust domain without migration, or allow it where you trust the service trust domain"
            }
            Self::NotAllowed(Allowance::ReservedAttributes) => {
                "update veritee; if it stays, do not trust this trust domain"
            }
            Self::TcbStatus(_) => "update the platform, or accept this status knowingly after reading its advisories",
            Self::EvaluationDataNumber { .. } | Self::CollateralAge { .. } => "fetch newer collateral",
            Self::Advisory(_) => "update the platform to a level to which the advisory does not apply",
        };
        text.into()
    }
}

const fn not_allowed(allowance: Allowance) -> &'static str {
    match allowance {
        Allowance::Debug => "the host can look into the enclave or trust domain: it is in debug mode",
        Allowance::SeptVe => "trust domain does not have SEPT_VE_DISABLE",
        Allowance::Migratable => "trust domain can be moved to another machine",
        Allowance::ServiceTd => "trust domain has a service trust domain bound to it",
        Allowance::ReservedAttributes => "trust domain has reserved attributes set",
    }
}

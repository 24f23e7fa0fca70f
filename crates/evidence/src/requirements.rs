//! What verified evidence has to meet before a policy is asked.

use std::borrow::Cow;

use dcap::{Allowance, RevokedIsNeverAcceptable, TcbStatus, UnknownTcbStatus};
use problem::Problem;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What verified evidence has to meet. The default is the strictest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// What quotes have to meet.
    pub quotes: dcap::Requirements,
}

impl From<dcap::Requirements> for Requirements {
    fn from(quotes: dcap::Requirements) -> Self {
        Self { quotes }
    }
}

impl Requirements {
    /// Narrows: evaluation data numbers of quotes' collateral must be at least this. What was demanded before is never lowered.
    #[must_use]
    pub fn minimum_evaluation_data_number(self, number: u32) -> Self {
        Self { quotes: self.quotes.minimum_evaluation_data_number(number) }
    }

    /// Returns the strictest requirements, widened by these TCB statuses.
    pub fn accepting(statuses: &AcceptedTcb) -> Self {
        // `AcceptedTcb` has no `Revoked`; if it had, nothing but `UpToDate` would be accepted.
        let quotes = dcap::Requirements::default().accept(statuses.0.iter().copied());
        quotes.unwrap_or_default().into()
    }

    /// Widens: allows what Azure leaves to policy, which is debugging, and trust domains without SEPT_VE_DISABLE, as Azure's own are.
    /// What tokens do not say by name stays refused.
    #[must_use]
    pub fn left_to_policy(self) -> Self {
        Self { quotes: self.quotes.allow(Allowance::Debug).allow(Allowance::SeptVe) }
    }

    /// Returns the widest requirements: every TCB status but `Revoked`, and what is [left to policy](Self::left_to_policy).
    pub fn widest() -> Self {
        let statuses = TcbStatus::ALL.into_iter().filter(|status| *status != TcbStatus::Revoked);
        Self::accepting(&AcceptedTcb(statuses.collect())).left_to_policy()
    }
}

/// TCB statuses that are accepted besides `UpToDate`. `Revoked` is never among them.
///
/// As JSON it is a list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedTcb(Vec<TcbStatus>);

/// Why names are not a list of acceptable TCB statuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptedTcbError {
    /// A name is not one of Intel's.
    #[error(transparent)]
    Unknown(#[from] UnknownTcbStatus),
    /// `Revoked` is never acceptable.
    #[error(transparent)]
    Revoked(#[from] RevokedIsNeverAcceptable),
}

impl Problem for AcceptedTcbError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Unknown(error) => error.code(),
            Self::Revoked(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown(error) => error.help(),
            Self::Revoked(error) => error.help(),
        }
    }
}

impl AcceptedTcb {
    /// Takes the statuses of those names, as Intel spells them.
    ///
    /// # Errors
    /// [`AcceptedTcbError`], for the first unknown name, or if `Revoked` is among them.
    pub fn parse(names: &[impl AsRef<str>]) -> Result<Self, AcceptedTcbError> {
        let statuses: Vec<TcbStatus> = names.iter().map(|name| name.as_ref().parse()).collect::<Result<_, _>>()?;
        if statuses.contains(&TcbStatus::Revoked) {
            return Err(RevokedIsNeverAcceptable.into());
        }
        Ok(Self(statuses))
    }

    /// Returns the names of the statuses, as Intel spells them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|status| status.as_str())
    }
}

impl Serialize for AcceptedTcb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for AcceptedTcb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let names: Vec<String> = Vec::deserialize(deserializer)?;
        Self::parse(&names).map_err(Error::custom)
    }
}

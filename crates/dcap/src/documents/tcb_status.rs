//! TCB statuses, in Intel's words, and how several become one.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use problem::Problem;

use crate::documents::text::Text;

/// How up to date a platform is. Names are Intel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TcbStatus {
    /// Nothing to do.
    UpToDate,
    /// Up to date, and the enclave's code has to mitigate known issues itself.
    SwHardeningNeeded,
    /// A platform setting has to change.
    ConfigurationNeeded,
    /// Both of the two before.
    ConfigurationAndSwHardeningNeeded,
    /// Microcode, PCE, QE or TDX module are old.
    OutOfDate,
    /// Old, and a platform setting has to change.
    OutOfDateConfigurationNeeded,
    /// The platform is up to date, the trust domain was launched before it was.
    TdRelaunchAdvised,
    /// As before, and a platform setting has to change.
    TdRelaunchAdvisedConfigurationNeeded,
    /// Withdrawn: never acceptable.
    Revoked,
}

/// Text that is no TCB status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no TCB status")]
pub struct UnknownTcbStatus(String);

impl Problem for UnknownTcbStatus {
    fn code(&self) -> Cow<'static, str> {
        "tcb_status_unknown".into()
    }

    fn help(&self) -> Cow<'_, str> {
        "use one of Intel's names, such as UpToDate or SWHardeningNeeded".into()
    }
}

impl TcbStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::UpToDate,
        Self::SwHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSwHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
        Self::TdRelaunchAdvised,
        Self::TdRelaunchAdvisedConfigurationNeeded,
        Self::Revoked,
    ];

    /// Intel's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "UpToDate",
            Self::SwHardeningNeeded => "SWHardeningNeeded",
            Self::ConfigurationNeeded => "ConfigurationNeeded",
            Self::ConfigurationAndSwHardeningNeeded => "ConfigurationAndSWHardeningNeeded",
            Self::OutOfDate => "OutOfDate",
            Self::OutOfDateConfigurationNeeded => "OutOfDateConfigurationNeeded",
            Self::TdRelaunchAdvised => "TDRelaunchAdvised",
            Self::TdRelaunchAdvisedConfigurationNeeded => "TDRelaunchAdvisedConfigurationNeeded",
            Self::Revoked => "Revoked",
        }
    }

    /// The platform's status with that of a part folded in: the quoting enclave or the TDX module, which are
    /// up to date, out of date or revoked. (Appraisal step 4.17.)
    pub const fn converge(self, part: Self) -> Self {
        match (self, part) {
            (Self::Revoked, _) | (_, Self::Revoked) => Self::Revoked,
            (Self::UpToDate | Self::SwHardeningNeeded, Self::OutOfDate) => Self::OutOfDate,
            (Self::ConfigurationNeeded | Self::ConfigurationAndSwHardeningNeeded, Self::OutOfDate) => {
                Self::OutOfDateConfigurationNeeded
            }
            (platform, _) => platform,
        }
    }

    /// The status of a trust domain whose TDX module was updated while it ran: as it was launched (`self`), and as the
    /// module is now. (Appraisal step 4.18; the rule of Intel's library since May 2026.)
    pub const fn relaunch(self, current: Self) -> Self {
        let is_old_at_launch = matches!(self, Self::OutOfDate | Self::OutOfDateConfigurationNeeded);
        if !is_old_at_launch || !current.is_fresh() {
            self
        } else if self.needs_configuration() || current.needs_configuration() {
            Self::TdRelaunchAdvisedConfigurationNeeded
        } else {
            Self::TdRelaunchAdvised
        }
    }

    /// Nothing old in it: up to date but for hardening or a setting.
    pub(crate) const fn is_fresh(self) -> bool {
        matches!(
            self,
            Self::UpToDate
                | Self::SwHardeningNeeded
                | Self::ConfigurationNeeded
                | Self::ConfigurationAndSwHardeningNeeded
        )
    }

    /// Whether a setting of the platform has to change.
    pub(crate) const fn needs_configuration(self) -> bool {
        matches!(
            self,
            Self::ConfigurationNeeded
                | Self::ConfigurationAndSwHardeningNeeded
                | Self::OutOfDateConfigurationNeeded
                | Self::TdRelaunchAdvisedConfigurationNeeded
        )
    }
}

impl fmt::Display for TcbStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TcbStatus {
    type Err = UnknownTcbStatus;

    fn from_str(text: &str) -> Result<Self, UnknownTcbStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownTcbStatus(text.chars().take(60).collect()))
    }
}

impl serde::Serialize for TcbStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for TcbStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer)?.0.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::TcbStatus::{self, *};

    #[test]
    fn an_old_part_makes_the_platform_old_and_keeps_its_configuration_need() {
        let table = [
            (UpToDate, OutOfDate),
            (SwHardeningNeeded, OutOfDate),
            (ConfigurationNeeded, OutOfDateConfigurationNeeded),
            (ConfigurationAndSwHardeningNeeded, OutOfDateConfigurationNeeded),
            (OutOfDate, OutOfDate),
            (OutOfDateConfigurationNeeded, OutOfDateConfigurationNeeded),
            (Revoked, Revoked),
        ];
        for (platform, expected) in table {
            assert_eq!(platform.converge(OutOfDate), expected);
            assert_eq!(platform.converge(UpToDate), platform);
            assert_eq!(platform.converge(Revoked), Revoked);
        }
    }

    #[test]
    fn a_relaunch_is_advised_where_only_the_launch_was_old() {
        let table = [
            (OutOfDate, UpToDate, TdRelaunchAdvised),
            (OutOfDate, SwHardeningNeeded, TdRelaunchAdvised),
            (OutOfDate, ConfigurationNeeded, TdRelaunchAdvisedConfigurationNeeded),
            (OutOfDate, ConfigurationAndSwHardeningNeeded, TdRelaunchAdvisedConfigurationNeeded),
            (OutOfDateConfigurationNeeded, UpToDate, TdRelaunchAdvisedConfigurationNeeded),
            (OutOfDate, OutOfDate, OutOfDate),
            (OutOfDateConfigurationNeeded, OutOfDate, OutOfDateConfigurationNeeded),
            (UpToDate, OutOfDate, UpToDate),
            (ConfigurationNeeded, UpToDate, ConfigurationNeeded),
        ];
        for (launch, current, expected) in table {
            assert_eq!(launch.relaunch(current), expected, "{launch} {current}");
        }
    }

    #[test]
    fn names_are_read_back_and_others_refused() {
        for status in TcbStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("uptodate".parse::<TcbStatus>().is_err());
    }
}

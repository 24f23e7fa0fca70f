//! States that a simulated service can be put into, for rehearsing what a client does then.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What a service answers about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// `pckcert`.
    PckCert,
    /// `pckcerts`, and `pckcerts/config`.
    PckCerts,
    /// `pckcrl`.
    PckCrl,
    /// `tcb`, of SGX and TDX.
    Tcb,
    /// `qe/identity`, of SGX and TDX.
    QeIdentity,
    /// `qve/identity`.
    QveIdentity,
    /// `tcbevaluationdatanumbers`, of SGX and TDX.
    EvaluationDataNumbers,
    /// `fmspcs`.
    Fmspcs,
    /// `crl`, and the root CRL at its own address.
    Crl,
    /// Registration of platforms.
    Registration,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::PckCert,
        Self::PckCerts,
        Self::PckCrl,
        Self::Tcb,
        Self::QeIdentity,
        Self::QveIdentity,
        Self::EvaluationDataNumbers,
        Self::Fmspcs,
        Self::Crl,
        Self::Registration,
    ];

    /// Its name: the path, or the first part of it that tells.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PckCert => "pckcert",
            Self::PckCerts => "pckcerts",
            Self::PckCrl => "pckcrl",
            Self::Tcb => "tcb",
            Self::QeIdentity => "qe-identity",
            Self::QveIdentity => "qve-identity",
            Self::EvaluationDataNumbers => "tcbevaluationdatanumbers",
            Self::Fmspcs => "fmspcs",
            Self::Crl => "crl",
            Self::Registration => "registration",
        }
    }
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|route| route.as_str() == text).ok_or_else(|| format!("choose from {}", names()))
    }
}

/// What a route does instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It refuses with that status of HTTP; after so many seconds one may try again.
    Refusing(u16, Option<u32>),
    /// What it gives expired a day ago.
    Expired,
    /// What it gives is valid from tomorrow.
    NotYetValid,
    /// It takes that long.
    Slow(Duration),
    /// What it gives was changed after it was signed; unsigned answers are wrong.
    Lying,
}

/// Statuses that the service of Intel gives.
const STATUSES: [u16; 7] = [400, 401, 404, 410, 429, 500, 503];
/// Longer than any client waits.
const MAX_SECONDS: u32 = 3_600;

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusing(status, None) => write!(f, "{status}"),
            Self::Refusing(status, Some(seconds)) => write!(f, "{status}:{seconds}"),
            Self::Expired => f.write_str("expired"),
            Self::NotYetValid => f.write_str("not-yet-valid"),
            Self::Slow(time) => write!(f, "slow:{}", time.as_secs()),
            Self::Lying => f.write_str("lying"),
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "choose a status (400, 401, 404, 410, 429, 500, 503; with Retry-After as 429:30), expired, not-yet-valid, \
             slow:SECONDS, lying"
                .to_owned()
        };
        let (name, number) = match text.split_once(':') {
            None => (text, None),
            Some((name, number)) => {
                let seconds: u32 = number.parse().map_err(|_| wrong())?;
                (name, Some(seconds).filter(|seconds| *seconds <= MAX_SECONDS).ok_or_else(wrong).map(Some)?)
            }
        };
        match (name, number) {
            ("expired", None) => Ok(Self::Expired),
            ("not-yet-valid", None) => Ok(Self::NotYetValid),
            ("lying", None) => Ok(Self::Lying),
            ("slow", Some(seconds)) => Ok(Self::Slow(Duration::from_secs(seconds.into()))),
            (status, retry_after) => {
                let status = status.parse().map_err(|_| wrong())?;
                STATUSES.contains(&status).then_some(Self::Refusing(status, retry_after)).ok_or_else(wrong)
            }
        }
    }
}

/// The routes that are in a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(BTreeMap<Route, State>);

impl States {
    /// Puts a route into a state.
    pub fn set(&mut self, route: Route, state: State) {
        self.0.insert(route, state);
    }

    /// Has a route do again what it should.
    pub fn clear(&mut self, route: Route) {
        self.0.remove(&route);
    }

    /// The state of a route, where it is in one.
    pub fn of(&self, route: Route) -> Option<State> {
        self.0.get(&route).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Route, State)> {
        self.0.iter().map(|(route, state)| (*route, *state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_routes_are_read_as_they_are_written() {
        for text in ["404", "429:30", "503", "expired", "not-yet-valid", "slow:5", "lying"] {
            assert_eq!(text.parse::<State>().unwrap().to_string(), text);
        }
        for text in ["", "200", "404x", "429:", "slow", "slow:3601", "slow:-1", "expired:1", "Lying"] {
            assert!(text.parse::<State>().is_err(), "{text}");
        }
        for route in Route::ALL {
            assert_eq!(route.as_str().parse(), Ok(route));
        }
        assert!("qe".parse::<Route>().is_err());
    }
}

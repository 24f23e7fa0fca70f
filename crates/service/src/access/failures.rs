//! Slowing down whoever guesses: after so many wrong credentials from an address none from there is looked at for a while.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use dcap::UnixTime;

use super::AccessError;

/// Wrong credentials in a window.
const MAX_FAILURES: u32 = 30;
/// Seconds of a window.
const WINDOW: i64 = 60;
/// Addresses that are remembered; beyond them the oldest windows are forgotten.
const MAX_ADDRESSES: usize = 4096;

/// Failures of each address in its window, and when that began.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, (i64, u32)>>);

impl Failures {
    /// Refuses whoever has failed too often. Without a peer, all are one.
    pub(super) fn check(&self, peer: Option<IpAddr>, now: UnixTime) -> Result<(), AccessError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&address(peer)) {
            Some((begun, count)) if *count >= MAX_FAILURES && is_open(*begun, now) => {
                let retry_after = begun.saturating_add(WINDOW).saturating_sub(now.seconds());
                Err(AccessError::TooManyFailures { retry_after: retry_after.clamp(1, WINDOW) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn note(&self, peer: Option<IpAddr>, now: UnixTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_ADDRESSES && !known.contains_key(&address(peer)) {
            known.retain(|_, (begun, _)| is_open(*begun, now));
            // Still full: somebody has many addresses. The oldest window goes.
            let oldest = known.iter().min_by_key(|(_, (begun, _))| *begun).map(|(address, _)| *address);
            if let Some(oldest) = oldest.filter(|_| known.len() >= MAX_ADDRESSES) {
                known.remove(&oldest);
            }
        }
        let entry = known.entry(address(peer)).or_insert((now.seconds(), 0));
        if !is_open(entry.0, now) {
            *entry = (now.seconds(), 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

fn is_open(begun: i64, now: UnixTime) -> bool {
    (0..WINDOW).contains(&now.seconds().saturating_sub(begun))
}

/// Whoever has an IPv6 address has 2⁶⁴ of them: the network counts.
fn address(peer: Option<IpAddr>) -> IpAddr {
    match peer {
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped),
            None => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
        Some(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn who_guesses_is_not_heard_for_a_while_and_others_are() {
        let failures = Failures::default();
        let peer = |text: &str| Some(text.parse().unwrap());
        for _ in 0..MAX_FAILURES {
            assert!(failures.check(peer("192.0.2.1"), at(100)).is_ok());
            failures.note(peer("192.0.2.1"), at(100));
        }
        let refused = failures.check(peer("::ffff:192.0.2.1"), at(130));
        assert!(matches!(refused, Err(AccessError::TooManyFailures { retry_after: 30 })));
        assert!(failures.check(peer("192.0.2.2"), at(130)).is_ok());
        assert!(failures.check(None, at(130)).is_ok());
        assert!(failures.check(peer("192.0.2.1"), at(160)).is_ok());
        failures.note(peer("192.0.2.1"), at(160));
        assert!(failures.check(peer("192.0.2.1"), at(161)).is_ok(), "a new window begins");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_memory_is_bounded() {
        let failures = Failures::default();
        for number in 0..MAX_FAILURES {
            failures.note(Some(format!("2001:db8::{number:x}").parse().unwrap()), at(100));
        }
        assert!(failures.check(Some("2001:db8::ffff".parse().unwrap()), at(100)).is_err());
        for number in 0..10_000_u32 {
            failures.note(Some(IpAddr::V4(Ipv4Addr::from(number))), at(101));
        }
        assert!(failures.0.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}

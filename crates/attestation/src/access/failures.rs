//! Slowing down whoever guesses: after so many wrong credentials from an address the next wrong ones are told to wait. Good ones
//! pass all the same: whoever shares an address with a guesser is not locked out, and 256 random bits are not guessed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use unix_time::UnixTime;

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
    /// Takes note of wrong credentials; refuses whoever has sent too many. Without a peer, all are one.
    pub(super) fn note(&self, peer: Option<IpAddr>, now: UnixTime) -> Result<(), AccessError> {
        let address = address(peer);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_ADDRESSES && !known.contains_key(&address) {
            make_room(&mut known, now);
        }
        let (begun, count) = known.entry(address).or_insert((now.seconds(), 0));
        if !is_open(*begun, now) {
            (*begun, *count) = (now.seconds(), 0);
        }
        *count = count.saturating_add(1);
        if *count <= MAX_FAILURES {
            return Ok(());
        }
        let retry_after = begun.saturating_add(WINDOW).saturating_sub(now.seconds());
        Err(AccessError::TooManyFailures { retry_after: retry_after.clamp(1, WINDOW) })
    }
}

/// Forgets the windows that are over; if there are none, somebody has many addresses, and the oldest goes.
fn make_room(known: &mut HashMap<IpAddr, (i64, u32)>, now: UnixTime) {
    known.retain(|_, (begun, _)| is_open(*begun, now));
    if known.len() >= MAX_ADDRESSES {
        let oldest = known.iter().min_by_key(|(_, (begun, _))| *begun).map(|(address, _)| *address);
        oldest.map(|oldest| known.remove(&oldest));
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
    fn who_guesses_is_told_to_wait_and_others_are_not() {
        let failures = Failures::default();
        let peer = |text: &str| Some(text.parse().unwrap());
        for _ in 0..MAX_FAILURES {
            assert!(failures.note(peer("192.0.2.1"), at(100)).is_ok());
        }
        let refused = failures.note(peer("::ffff:192.0.2.1"), at(130));
        assert!(matches!(refused, Err(AccessError::TooManyFailures { retry_after: 30 })));
        assert!(failures.note(peer("192.0.2.2"), at(130)).is_ok());
        assert!(failures.note(None, at(130)).is_ok());
        assert!(failures.note(peer("192.0.2.1"), at(160)).is_ok(), "a new window begins");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_memory_is_bounded() {
        let failures = Failures::default();
        let in_network = |number: u32| Some(format!("2001:db8::{number:x}").parse().unwrap());
        for number in 0..MAX_FAILURES {
            assert!(failures.note(in_network(number), at(100)).is_ok());
        }
        assert!(failures.note(in_network(0xffff), at(100)).is_err());
        for number in 0..10_000_u32 {
            assert!(failures.note(Some(IpAddr::V4(Ipv4Addr::from(number))), at(101)).is_ok());
        }
        assert!(failures.0.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}

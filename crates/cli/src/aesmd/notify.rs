//! Telling systemd how the daemon is: readiness and watchdog.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Tells systemd that the daemon is ready.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// Tells systemd that the daemon is stopping.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// Tells it to the socket that `NOTIFY_SOCKET` names, if any.
fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(&state)) {
        tracing::warn!(%error, %state, "systemd cannot be told");
    }
}

/// The watchdog of systemd, which restarts a daemon that it does not hear from in time (`WatchdogSec=`).
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// Reads from the environment how often systemd wants to hear from this process, if it does.
    pub fn from_environment() -> Self {
        let period = sd_notify::watchdog_enabled().filter(|period| !period.is_zero());
        Self(period.map(|period| {
            // Often enough that one may be missed.
            let mut interval = interval((period / 3).max(Duration::from_millis(1)));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    /// Waits for the next time and tells systemd that the daemon is alive, after a thread that serves connections has taken a
    /// task. Without a watchdog it waits forever.
    pub async fn feed(&mut self) {
        let Some(interval) = &mut self.0 else { return std::future::pending().await };
        interval.tick().await;
        if tokio::spawn(async {}).await.is_ok() {
            tell(NotifyState::Watchdog);
        }
    }
}

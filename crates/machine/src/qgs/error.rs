//! Why the quote service gave no answer.

use std::borrow::Cow;
use std::io;

use problem::Problem;

use super::address::QgsAddress;
use super::message::MessageError;

/// The longest answer that is taken, in bytes: collateral has some 100 KiB.
pub const MAX_ANSWER: usize = 1 << 20;

/// Why the quote service gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QgsError {
    /// Nobody listens there, or the address does not exist on this machine.
    #[error("no connection to the quote service at `{address}`")]
    Connect {
        /// Where.
        address: QgsAddress,
        /// Why.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to the quote service broke")]
    Transport(#[source] io::Error),
    /// It did not answer in time.
    #[error("the quote service did not answer in time")]
    Timeout,
    /// It closed the connection before the answer was whole.
    #[error("the quote service closed the connection before the answer was whole")]
    Closed,
    /// Its answer claims to be too long.
    #[error("the quote service's answer claims {claimed} bytes, and at most {MAX_ANSWER} are taken")]
    TooLong {
        /// What it claims.
        claimed: u32,
    },
    /// It goes on sending.
    #[error("the quote service sends more than {MAX_ANSWER} bytes")]
    TooMuch,
    /// Its answer is no answer to what was asked, or a refusal.
    #[error("the quote service's answer is of no use")]
    Message(#[from] MessageError),
}

impl QgsError {
    /// Why reading or writing failed.
    pub(super) fn of_transport(source: io::Error) -> Self {
        match source.kind() {
            // A socket whose time is over says either.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout,
            // Whoever goes away with bytes of ours unread resets the connection.
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Transport(source),
        }
    }
}

impl Problem for QgsError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Connect { .. } => "qgs_unreachable",
            Self::Transport(_) => "qgs_transport",
            Self::Timeout => "qgs_timeout",
            Self::Closed => "qgs_closed",
            Self::TooLong { .. } => "qgs_answer_too_long",
            Self::TooMuch => "qgs_answer_endless",
            Self::Message(source) => return source.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Connect { .. } => {
                "start `qgsd` on the host, check its port in `/etc/qgs.conf`, and that the guest has vsock"
            }
            Self::Transport(_) | Self::Closed | Self::Timeout => "look at the service's log on the host",
            Self::TooLong { .. } | Self::TooMuch => "check that what listens there is Intel's quote service",
            Self::Message(source) => return source.help(),
        })
    }
}

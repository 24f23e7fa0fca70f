//! Why a daemon gave no answer.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use problem::Problem;

use crate::error_code::ErrorCode;
use crate::frame::FrameError;
use crate::message::{Kind, MessageError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no quote daemon at `{}`", path.display())]
    NoService {
        /// Where it should be.
        path: PathBuf,
        /// Why it is not.
        source: io::Error,
    },
    /// More connections wait for the daemon than the system lets wait.
    #[error("quote daemon at `{}` has no room for another connection", .0.display())]
    Busy(PathBuf),
    /// It took too long.
    #[error("quote daemon did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// It closed the connection.
    #[error("quote daemon closed the connection without an answer")]
    Closed,
    /// The connection failed.
    #[error("connection to the quote daemon failed")]
    Io(#[source] io::Error),
    /// The answer is no frame.
    #[error("answer of the quote daemon is incomplete or too long")]
    Frame(#[source] FrameError),
    /// The answer is no response.
    #[error("answer of the quote daemon cannot be read")]
    Malformed(#[source] MessageError),
    /// The answer is to something else.
    #[error("answer of the quote daemon is not to `{}`", .0.name())]
    OtherAnswer(Kind),
    /// The daemon does not know the request.
    #[error("quote daemon does not know `{}`", .0.name())]
    Unsupported(Kind),
    /// The daemon refuses.
    #[error("quote daemon refused `{}` with {}", kind.name(), code_text(*code))]
    Refused {
        /// What it was asked.
        kind: Kind,
        /// See [`ErrorCode`].
        code: u32,
    },
    /// Something in the answer has another size than it must have.
    #[error("{0} in the answer has {1} bytes")]
    Size(&'static str, usize),
    /// The daemon claims to have more keys than there can be.
    #[error("quote daemon claims to have {0} attestation keys")]
    TooManyKeys(u32),
    /// Nothing is asked, or nobody.
    #[error("request holds nothing, or there is nobody to send it to")]
    Nothing,
}

fn code_text(code: u32) -> String {
    ErrorCode::of(code).map_or_else(|| format!("code {code}"), |code| code.to_string())
}

impl Problem for ClientError {
    fn code(&self) -> Cow<'static, str> {
        let code = match self {
            Self::NoService { .. } => "daemon_absent",
            Self::Busy(_) => "daemon_busy",
            Self::Timeout(_) => "daemon_timeout",
            Self::Closed => "daemon_closed_connection",
            Self::Io(_) => "daemon_connection_failed",
            Self::Frame(_) => "daemon_answer_broken",
            Self::Malformed(_) => "daemon_answer_malformed",
            Self::OtherAnswer(_) => "daemon_answer_unexpected",
            Self::Unsupported(_) => "daemon_request_unsupported",
            Self::Refused { .. } => "daemon_refused",
            Self::Size(..) => "daemon_answer_size",
            Self::TooManyKeys(_) => "daemon_too_many_keys",
            Self::Nothing => "nothing_to_ask",
        };
        code.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let help = match self {
            Self::NoService { .. } => {
                "start the daemon, or mount the directory of its socket; check the path and the rights to it"
            }
            Self::Busy(_) | Self::Timeout(_) => "see what keeps the daemon busy, and ask again",
            Self::Closed | Self::Io(_) => {
                "see the daemon's log: it may be stopping, or have too many connections of this user"
            }
            Self::Frame(_) | Self::Malformed(_) | Self::OtherAnswer(_) | Self::Size(..) | Self::TooManyKeys(_) => {
                "check that what listens there is a quote daemon"
            }
            Self::Unsupported(_) => "use a daemon that knows this request",
            Self::Refused { code, .. } => ErrorCode::of(*code).unwrap_or(ErrorCode::Unexpected).help(),
            Self::Nothing => "ask for something",
        };
        help.into()
    }
}

impl ClientError {
    /// Whether asking again may help: at once where there was no room, and within one's patience where the daemon is away.
    pub(super) fn may_pass(&self, is_patient: bool) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::NoService { source, .. } => {
                is_patient && matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
            }
            Self::Closed | Self::Io(_) => is_patient,
            Self::Frame(FrameError::Short(_)) => is_patient,
            _ => false,
        }
    }
}

//! The enclave's end of the channel to its processor.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use abi::sgx::{KeyRequest, Report, TargetInfo};
use problem::Problem;
use zerocopy::{FromBytes, IntoBytes};
use zeroize::Zeroizing;

use super::instructions::{EgetkeyError, Enclu, Key128};
use super::protocol;

/// Why the processor gave no report or key.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// This process is no enclave.
    #[error("standard input is no channel to a processor")]
    Absent(#[source] io::Error),
    /// The processor is gone, or closed the channel.
    #[error("channel to the processor failed")]
    Io(#[from] io::Error),
    /// The processor refuses.
    #[error(transparent)]
    Refused(#[from] EgetkeyError),
    /// The processor is of another version.
    #[error("processor answered with the code {0:#x}, which is unknown")]
    UnknownCode(u32),
}

impl Problem for ChannelError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Absent(_) => "channel_absent",
            Self::Io(_) => "channel_failed",
            Self::Refused(error) => return error.code(),
            Self::UnknownCode(_) => "processor_code_unknown",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Absent(_) => "load the program as an enclave: its platform gives it the channel",
            Self::Io(_) => "the platform has ended, or an earlier request was malformed: load the enclave again",
            Self::Refused(error) => return error.help(),
            Self::UnknownCode(_) => "build the enclave and its platform from the same version",
        })
    }
}

/// The enclave's end of the channel to its processor.
///
/// ```no_run
/// use sgx::enclu::{Channel, Enclu};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let processor = Channel::of_this_enclave()?;
/// let report = processor.ereport(&zerocopy::FromZeros::new_zeroed(), [0; 64])?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Channel(Mutex<UnixStream>);

impl Channel {
    /// The channel of the enclave that this program runs in: its standard input.
    ///
    /// # Errors
    /// [`ChannelError::Absent`] where this is no enclave.
    pub fn of_this_enclave() -> Result<Self, ChannelError> {
        let stream = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
        let stream = stream.and_then(|stream| stream.peer_addr().map(|_| stream));
        stream.map(Self::over).map_err(ChannelError::Absent)
    }

    /// A channel over that stream.
    pub fn over(stream: UnixStream) -> Self {
        Self(Mutex::new(stream))
    }

    /// Asks, and gives the result of that many bytes.
    fn ask<const N: usize>(&self, leaf: u8, operands: &[&[u8]]) -> Result<Zeroizing<[u8; N]>, ChannelError> {
        // Whoever panicked in between left nothing half said: there is nothing in here that panics.
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = exchange(&mut stream, leaf, operands);
        if let Err(ChannelError::Io(_) | ChannelError::UnknownCode(_)) = &answer {
            // What comes next might be the answer to this one.
            let _ = stream.shutdown(Shutdown::Both);
        }
        answer
    }
}

fn exchange<const N: usize>(
    stream: &mut UnixStream,
    leaf: u8,
    operands: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, ChannelError> {
    stream.write_all(&[&[leaf], operands.concat().as_slice()].concat())?;
    let mut code = [0; 4];
    stream.read_exact(&mut code)?;
    let code = u32::from_le_bytes(code);
    if code != protocol::SUCCESS {
        return Err(protocol::refusal(code).map_or(ChannelError::UnknownCode(code), ChannelError::Refused));
    }
    let mut result = Zeroizing::new([0; N]);
    stream.read_exact(result.as_mut_slice())?;
    Ok(result)
}

impl Enclu for Channel {
    type Error = ChannelError;

    fn ereport(&self, target: &TargetInfo, report_data: [u8; 64]) -> Result<Report, ChannelError> {
        let report = self.ask::<{ protocol::REPORT }>(protocol::EREPORT, &[target.as_bytes(), &report_data])?;
        Report::read_from_bytes(report.as_slice()).map_err(|_| ChannelError::UnknownCode(protocol::SUCCESS))
    }

    fn egetkey(&self, request: &KeyRequest) -> Result<Key128, ChannelError> {
        self.ask(protocol::EGETKEY, &[request.as_bytes()])
    }
}

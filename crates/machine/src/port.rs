//! Where Intel's quote service listens, as its configuration says: `/etc/qgs.conf` on the host, `/etc/tdx-attest.conf` in a
//! trust domain.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use problem::Problem;

use crate::bounded;
use crate::qgs::QgsAddress;
use crate::tree::Machine;

const QGS: &str = "/etc/qgs.conf";
const TDX_ATTEST: &str = "/etc/tdx-attest.conf";
const SOCKET: &str = "/var/run/tdx-qgs/qgs.socket";

/// The longest configuration that is read, in bytes.
const MAX_FILE: usize = 64 << 10;

/// Why a configuration does not say the port.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too long, or no text.
    #[error("`{}` is no configuration: too long, or not UTF-8", .0.display())]
    NotAText(PathBuf),
    /// A line sets nothing.
    #[error("line {line} of `{}` is not of the form `key = value`", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The port is no number of 32 bits.
    #[error("the port in line {line} of `{}` is no number of 32 bits", path.display())]
    Port {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The port is set again.
    #[error("line {line} of `{}` sets the port again", path.display())]
    Twice {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

impl Problem for PortError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "port_unreadable",
            Self::NotAText(_) => "port_not_text",
            Self::Line { .. } => "port_line",
            Self::Port { .. } => "port_not_a_number",
            Self::Twice { .. } => "port_set_twice",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Read { .. } => "let this user read it",
            Self::NotAText(_) | Self::Line { .. } => "write lines of the form `port = 4050`; comments begin with `#`",
            Self::Port { .. } => "give the port of vsock, usually 4050; 0 stands for the Unix socket",
            Self::Twice { .. } => "keep one line with `port`",
        })
    }
}

impl Machine {
    /// The port in `/etc/qgs.conf`, by which the service on this host listens; `None` where it says none.
    ///
    /// # Errors
    /// See [`PortError`].
    pub fn qgs_port(&self) -> Result<Option<u32>, PortError> {
        port(self.path(QGS))
    }

    /// The port in `/etc/tdx-attest.conf`, by which a trust domain asks its host; `None` where it says none, and then
    /// Intel's library does not use vsock.
    ///
    /// # Errors
    /// See [`PortError`].
    pub fn tdx_attest_port(&self) -> Result<Option<u32>, PortError> {
        port(self.path(TDX_ATTEST))
    }

    /// Where the service of this machine listens by that port of `/etc/qgs.conf`: by 0 at its Unix socket, otherwise at
    /// vsock, which is asked in the way of a guest.
    pub fn qgs_address(&self, port: u32) -> QgsAddress {
        match port {
            0 => QgsAddress::Unix(self.path(SOCKET)),
            port => QgsAddress::Vsock { cid: QgsAddress::HOST, port },
        }
    }
}

fn port(path: PathBuf) -> Result<Option<u32>, PortError> {
    let bytes = match bounded::read(&path, MAX_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(PortError::Read { path, source }),
        Ok(bytes) => bytes,
    };
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| PortError::NotAText(path.clone()))?;
    let mut found = None;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        let (key, value) = content.split_once('=').ok_or_else(|| PortError::Line { path: path.clone(), line })?;
        if key.trim() != "port" {
            continue;
        }
        if found.is_some() {
            return Err(PortError::Twice { path, line });
        }
        let value = value.trim();
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let port = if digits { value.parse::<u32>().ok() } else { None };
        found = Some(port.ok_or_else(|| PortError::Port { path: path.clone(), line })?);
    }
    Ok(found)
}

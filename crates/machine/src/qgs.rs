//! Intel's Quote Generation Service (QGS), which makes TD quotes on the host: its client, over vsock or a Unix socket.
//!
//! Never run against Intel's service: written from its public sources and tested against a made-up one.

mod address;
mod error;
mod error_name;
mod message;

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

pub use address::QgsAddress;
pub use error::{MAX_ANSWER, QgsError};
pub use error_name::error_name;
pub use message::{Collateral, MessageError, PckCa, PlatformInfo, TD_REPORT_SIZE, TdQuote};

/// How long Intel's own client waits.
const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// A client. Each request has a connection of its own, as the service wants it; calls block.
#[derive(Clone, Debug)]
pub struct Qgs {
    address: QgsAddress,
    timeout: Duration,
}

impl Qgs {
    /// A client that waits 30 seconds for each answer, as Intel's does.
    pub const fn new(address: QgsAddress) -> Self {
        Self { address, timeout: TIMEOUT }
    }

    /// The same with another time, for connection, request and answer together; at most an hour.
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout: timeout.min(MAX_TIMEOUT), ..self }
    }

    /// A quote for a TDREPORT that this host made.
    ///
    /// # Errors
    /// See [`QgsError`].
    pub fn quote(&self, td_report: &[u8; TD_REPORT_SIZE]) -> Result<TdQuote, QgsError> {
        let answer = self.ask(&message::quote_request(td_report))?;
        Ok(TdQuote::decode(&answer)?)
    }

    /// A quote for a TDREPORT in the way of a hypervisor that passes on TDG.VP.VMCALL: bare report, bare quote, no
    /// reasons.
    ///
    /// # Errors
    /// See [`QgsError`]. A service that makes no quote closes the connection.
    pub fn raw_quote(&self, td_report: &[u8; TD_REPORT_SIZE]) -> Result<Vec<u8>, QgsError> {
        let mut connection = self.connect()?;
        connection.send(td_report)?;
        let quote = connection.rest()?;
        if quote.is_empty() { Err(QgsError::Closed) } else { Ok(quote) }
    }

    /// Collateral for the quotes of a platform, as the host's provider library has it.
    ///
    /// # Errors
    /// See [`QgsError`].
    pub fn collateral(&self, fmspc: [u8; 6], ca: PckCa) -> Result<Collateral, QgsError> {
        let answer = self.ask(&message::collateral_request(fmspc, ca))?;
        Ok(Collateral::decode(&answer)?)
    }

    /// What makes the quotes.
    ///
    /// # Errors
    /// See [`QgsError`].
    pub fn platform_info(&self) -> Result<PlatformInfo, QgsError> {
        let answer = self.ask(&message::platform_info_request())?;
        Ok(PlatformInfo::decode(&answer)?)
    }

    /// A message each way, each behind its length.
    fn ask(&self, request: &[u8]) -> Result<Vec<u8>, QgsError> {
        let mut connection = self.connect()?;
        let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
        connection.send(&[&length.to_be_bytes(), request].concat())?;
        let mut length = [0; 4];
        connection.fill(&mut length)?;
        let claimed = u32::from_be_bytes(length);
        let length = usize::try_from(claimed).ok().filter(|length| *length <= MAX_ANSWER);
        let mut answer = vec![0; length.ok_or(QgsError::TooLong { claimed })?];
        connection.fill(&mut answer)?;
        Ok(answer)
    }

    fn connect(&self) -> Result<Connection, QgsError> {
        let deadline = Instant::now().checked_add(self.timeout);
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::TimedOut => QgsError::Timeout,
            _ => QgsError::Connect { address: self.address.clone(), source },
        };
        let (domain, address) = match &self.address {
            QgsAddress::Unix(path) => (Domain::UNIX, SockAddr::unix(path).map_err(failed)?),
            QgsAddress::Vsock { cid, port } => (Domain::VSOCK, SockAddr::vsock(*cid, *port)),
        };
        let socket = Socket::new(domain, Type::STREAM, None).map_err(failed)?;
        socket.connect_timeout(&address, self.timeout).map_err(failed)?;
        Ok(Connection { socket, deadline })
    }
}

/// A connection that ends when the time is over, however slowly the other side goes on.
struct Connection {
    socket: Socket,
    deadline: Option<Instant>,
}

impl Connection {
    fn send(&mut self, bytes: &[u8]) -> Result<(), QgsError> {
        // A request fits any socket's buffer: there is one wait at most.
        let left = self.left()?;
        self.socket.set_write_timeout(Some(left)).map_err(QgsError::Transport)?;
        self.socket.write_all(bytes).map_err(QgsError::of_transport)
    }

    /// Exactly so many bytes.
    fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), QgsError> {
        while !buffer.is_empty() {
            match self.read(buffer)? {
                0 => return Err(QgsError::Closed),
                read => buffer = buffer.get_mut(read..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Everything to the end.
    fn rest(&mut self) -> Result<Vec<u8>, QgsError> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = self.read(&mut chunk)?;
            if read == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if bytes.len() > MAX_ANSWER {
                return Err(QgsError::TooMuch);
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, QgsError> {
        loop {
            let left = self.left()?;
            self.socket.set_read_timeout(Some(left)).map_err(QgsError::Transport)?;
            match self.socket.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(QgsError::of_transport),
            }
        }
    }

    /// What is left of the time: never nothing, which a socket takes for for ever.
    fn left(&self) -> Result<Duration, QgsError> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero()).ok_or(QgsError::Timeout)
    }
}

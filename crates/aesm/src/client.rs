//! The client half.

mod error;

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use abi::sgx::{AttestationKeyIdExt, QeReportInfo, Report, TargetInfo};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout_at};
use zerocopy::{FromBytes, IntoBytes};

use crate::frame::{self, FrameError};
use crate::key_ids::PUB_KEY_ID_SIZE;
use crate::message::{
    GetQuoteExRequest, GetQuoteSizeExRequest, GetSupportedAttKeyIdNumRequest, GetSupportedAttKeyIdsRequest,
    InitQuoteExRequest, InitQuoteExResponse, Question, Request, Response, SelectAttKeyIdRequest,
};
use crate::quoting_enclave::{Initialised, Quoted};

pub use error::ClientError;

/// Where the daemon is, unless one is told otherwise.
pub const DEFAULT_SOCKET: &str = "/var/run/aesmd/aesm.socket";
/// Where old daemons are: this name in the abstract namespace, filled with zeros.
const ABSTRACT_SOCKET: &[u8] = b"\0sgx_aesm_socket_base";
/// Bytes of a socket's name, the first zero of an abstract one included.
const SOCKET_NAME: usize = 108;
/// How long one waits for an answer, as Intel's clients do.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long an answer may be; white lists are the longest.
const MAX_RESPONSE: u32 = 4 << 20;
/// Keys that a daemon may have.
const MAX_KEYS: u32 = 64;
/// The pauses between attempts double from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));
/// Where the length of what follows it lies in a quote of SGX.
const SIGNATURE_LENGTH_AT: usize = 432;

/// A client. Each call is a connection of its own, as the protocol wants it.
#[derive(Clone, Debug)]
pub struct Client {
    /// In the order in which they are tried.
    sockets: Vec<PathBuf>,
    timeout: Duration,
    patience: Duration,
    hops: Vec<Vec<u8>>,
}

impl Default for Client {
    /// Of the daemon at its usual path, or at the usual abstract name.
    fn default() -> Self {
        let mut name = ABSTRACT_SOCKET.to_vec();
        name.resize(SOCKET_NAME, 0);
        let name = std::ffi::OsString::from_vec(name);
        Self { sockets: vec![DEFAULT_SOCKET.into(), name.into()], ..Self::at(Path::new("")) }
    }
}

impl Client {
    /// Of the daemon at that path.
    pub fn at(path: &Path) -> Self {
        Self { sockets: vec![path.to_owned()], timeout: TIMEOUT, patience: Duration::ZERO, hops: Vec::new() }
    }

    /// Waits so long for an answer, 15 seconds by default.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks again for so long where no daemon is there or it goes away without an answer, as when it is restarted. By default it
    /// asks once.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Says which daemons its requests have come through.
    pub(crate) fn through(self, hops: Vec<Vec<u8>>) -> Self {
        Self { hops, ..self }
    }

    /// How many attestation keys there are.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn supported_key_id_num(&self) -> Result<u32, ClientError> {
        Ok(self.answer(GetSupportedAttKeyIdNumRequest::default()).await?.att_key_id_num())
    }

    /// The ids of the attestation keys.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn supported_key_ids(&self) -> Result<Vec<AttestationKeyIdExt>, ClientError> {
        let count = self.supported_key_id_num().await?;
        if count > MAX_KEYS {
            return Err(ClientError::TooManyKeys(count));
        }
        let size = count.saturating_mul(u32::try_from(AttestationKeyIdExt::SIZE).unwrap_or(u32::MAX));
        let request = GetSupportedAttKeyIdsRequest { buf_size: Some(size), ..Default::default() };
        let bytes = self.answer(request).await?.att_key_ids.unwrap_or_default();
        match <[AttestationKeyIdExt]>::ref_from_bytes(&bytes) {
            Ok(ids) if u32::try_from(ids.len()) == Ok(count) => Ok(ids.to_vec()),
            _ => Err(ClientError::Size("ids of attestation keys", bytes.len())),
        }
    }

    /// The attestation key to use: of those in the list as the protocol has it, or of all.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn select_key_id(&self, list: Option<&[u8]>) -> Result<AttestationKeyIdExt, ClientError> {
        let request = SelectAttKeyIdRequest { att_key_id_list: list.map(<[u8]>::to_vec), timeout: None };
        read("id of the attestation key", self.answer(request).await?.selected_att_key_id())
    }

    /// How long the id of the public key is: the first half of initialising, as Intel's library does it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn pub_key_id_size(&self, key: &AttestationKeyIdExt) -> Result<u64, ClientError> {
        Ok(self.init_quote_ex(key, None).await?.pub_key_id_size())
    }

    /// Makes the attestation key ready, and says for whom reports have to be made.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn init_quote(&self, key: &AttestationKeyIdExt) -> Result<Initialised, ClientError> {
        let response = self.init_quote_ex(key, Some(PUB_KEY_ID_SIZE)).await?;
        let target_info: TargetInfo = read("target info", response.target_info())?;
        let ecdsa_id = read("id of the public key", response.pub_key_id())?;
        Ok(Initialised { target_info, ecdsa_id })
    }

    async fn init_quote_ex(
        &self,
        key: &AttestationKeyIdExt,
        room: Option<u64>,
    ) -> Result<InitQuoteExResponse, ClientError> {
        let request = InitQuoteExRequest {
            att_key_id: Some(key.as_bytes().to_vec()),
            b_pub_key_id: Some(room.is_some()),
            buf_size: room,
            timeout: None,
        };
        self.answer(request).await
    }

    /// How long a quote is.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn quote_size(&self, key: &AttestationKeyIdExt) -> Result<u32, ClientError> {
        let request = GetQuoteSizeExRequest { att_key_id: Some(key.as_bytes().to_vec()), timeout: None };
        Ok(self.answer(request).await?.quote_size())
    }

    /// A quote over a report, of the length that it has.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn quote(
        &self,
        key: &AttestationKeyIdExt,
        report: &Report,
        info: Option<&QeReportInfo>,
    ) -> Result<Quoted, ClientError> {
        let size = self.quote_size(key).await?;
        let mut quoted = self.padded_quote(key, report, info, size).await?;
        let length = quoted.quote.get(SIGNATURE_LENGTH_AT..).and_then(<[u8]>::first_chunk);
        let length = length.and_then(|length| usize::try_from(u32::from_le_bytes(*length)).ok());
        let end = length.and_then(|length| length.checked_add(SIGNATURE_LENGTH_AT)?.checked_add(size_of::<u32>()));
        match end {
            Some(end) if end <= quoted.quote.len() => quoted.quote.truncate(end),
            _ => return Err(ClientError::Size("quote", quoted.quote.len())),
        }
        Ok(quoted)
    }

    /// A quote in a buffer of that size, with zeros behind it.
    pub(crate) async fn padded_quote(
        &self,
        key: &AttestationKeyIdExt,
        report: &Report,
        info: Option<&QeReportInfo>,
        room: u32,
    ) -> Result<Quoted, ClientError> {
        let request = GetQuoteExRequest {
            report: Some(report.as_bytes().to_vec()),
            att_key_id: Some(key.as_bytes().to_vec()),
            qe_report_info: info.map(|info| info.as_bytes().to_vec()),
            buf_size: Some(room),
            timeout: None,
        };
        let response = self.answer(request).await?;
        let qe_report = match info {
            None => None,
            Some(_) => Some(read::<QeReportInfo>("report info", response.qe_report_info())?.qe_report),
        };
        let quote = response.quote.unwrap_or_default();
        match usize::try_from(room) == Ok(quote.len()) {
            true => Ok(Quoted { quote, qe_report }),
            false => Err(ClientError::Size("quote", quote.len())),
        }
    }

    /// Asks a question and gives the answer to it.
    async fn answer<Q: Question>(&self, question: Q) -> Result<Q::Answer, ClientError> {
        Ok(Q::answer_in(self.ask(question.into()).await?).unwrap_or_default())
    }

    /// Sends any request and gives the response to it, if that does not refuse.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask(&self, mut request: Request) -> Result<Response, ClientError> {
        let kind = request.kind().ok_or(ClientError::Nothing)?;
        request.hops.clone_from(&self.hops);
        let response = self.exchange(&frame::encode(&request)).await?;
        let response = Response::read(&response).map_err(ClientError::Malformed)?;
        match response.outcome() {
            Some((answered, 0)) if answered == kind => Ok(response),
            Some((answered, code)) if answered == kind => Err(ClientError::Refused { kind, code }),
            None if response.unsupported_request.is_some() => Err(ClientError::Unsupported(kind)),
            _ => Err(ClientError::OtherAnswer(kind)),
        }
    }

    /// Sends a frame and gives the message in the one that comes back.
    async fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        let begun = Instant::now();
        let deadline = begun.checked_add(self.timeout).unwrap_or(begun);
        let mut pause = PAUSES.0;
        loop {
            let exchanged = timeout_at(deadline, self.exchange_once(request)).await;
            match exchanged.unwrap_or(Err(ClientError::Timeout(self.timeout))) {
                Err(error) if error.may_pass(begun.elapsed() < self.patience) => {
                    if timeout_at(deadline, sleep(pause)).await.is_err() {
                        return Err(error);
                    }
                    pause = pause.saturating_mul(2).min(PAUSES.1);
                }
                exchanged => return exchanged,
            }
        }
    }

    async fn exchange_once(&self, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        let mut stream = self.connect().await?;
        // A daemon that refuses to read may have answered nevertheless: what it said is what counts.
        let written = stream.write_all(request).await;
        match frame::read(&mut stream, MAX_RESPONSE).await {
            Ok(response) => Ok(response),
            Err(FrameError::Nothing) => Err(written.err().map_or(ClientError::Closed, ClientError::Io)),
            Err(error @ (FrameError::Short(_) | FrameError::TooLong { .. })) => Err(ClientError::Frame(error)),
            Err(FrameError::Io(error)) => Err(ClientError::Io(error)),
        }
    }

    async fn connect(&self) -> Result<UnixStream, ClientError> {
        let mut failed = None;
        for path in &self.sockets {
            match UnixStream::connect(path).await {
                Ok(stream) => return Ok(stream),
                Err(source) => failed = failed.or(Some((path, source))),
            }
        }
        // The first is the one that people know.
        let (path, source) = failed.ok_or(ClientError::Nothing)?;
        match source.kind() {
            io::ErrorKind::WouldBlock => Err(ClientError::Busy(path.clone())),
            _ => Err(ClientError::NoService { path: path.clone(), source }),
        }
    }
}

fn read<T: FromBytes>(what: &'static str, bytes: &[u8]) -> Result<T, ClientError> {
    T::read_from_bytes(bytes).map_err(|_| ClientError::Size(what, bytes.len()))
}

//! Another daemon that answers in this one's place.
//!
//! Requests are passed on after they were checked, each over a connection of its own. While the other daemon is away, being
//! restarted, they wait for it some seconds.

use std::borrow::Cow;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use abi::sgx::{QeReportInfo, Report};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use problem::Problem;

use crate::client::{Client, ClientError};
use crate::error_code::ErrorCode;
use crate::key_ids;
use crate::quoting_enclave::{Initialised, Quoted};
use crate::refusal::Refusal;

/// How long a request waits for a daemon that is away: clients wait 15 seconds for us.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the daemon may take in all.
const TIMEOUT: Duration = Duration::from_secs(12);
/// Daemons that a request may come through.
const MAX_HOPS: usize = 8;

/// Why a daemon cannot be one's upstream.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// It is this daemon itself.
    #[error("upstream `{}` is the daemon's own socket", .0.display())]
    Itself(PathBuf),
    /// The system gives no randomness.
    #[error("system gives no randomness")]
    Random,
}

impl Problem for UpstreamError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Itself(_) => "upstream_is_itself".into(),
            Self::Random => "randomness_unavailable".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Itself(_) => "name the socket of another daemon, or serve at another path".into(),
            Self::Random => "see why /dev/urandom does not work".into(),
        }
    }
}

/// A daemon upstream.
pub struct Upstream {
    client: Client,
    /// By which requests are known that come back.
    id: [u8; 16],
}

impl Upstream {
    /// The daemon at that path.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn at(path: &Path) -> Result<Self, UpstreamError> {
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| UpstreamError::Random)?;
        Ok(Self { client: Client::at(path).patient(PATIENCE).within(TIMEOUT), id })
    }

    /// Checks that both paths do not lead to one socket, by whatever name. To be called before the own one is published and after:
    /// before it there may be nothing to compare.
    ///
    /// # Errors
    /// Where they do.
    pub fn check_other(upstream: &Path, own: &Path) -> Result<(), UpstreamError> {
        let same = |one: &Path, other: &Path| matches!((identity(one), identity(other)), (Ok(a), Ok(b)) if a == b);
        let directory = |path: &Path| match path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let is_same_name = upstream.file_name() == own.file_name() && same(&directory(upstream), &directory(own));
        match is_same_name || same(upstream, own) {
            true => Err(UpstreamError::Itself(upstream.to_owned())),
            false => Ok(()),
        }
    }

    pub(crate) async fn check_available(&self, hops: &[Vec<u8>]) -> Result<(), Refusal> {
        let client = self.through(hops)?;
        match client.supported_key_ids().await {
            Ok(ids) if ids.iter().any(|id| id.base == key_ids::offered().base) => Ok(()),
            Ok(_) => Err(Refusal::new(ErrorCode::ServiceUnavailable, "upstream has no DCAP key".to_owned())),
            Err(error) => Err(refusal(&error)),
        }
    }

    pub(crate) async fn init(&self, hops: &[Vec<u8>]) -> Result<Initialised, Refusal> {
        self.through(hops)?.init_quote(&key_ids::offered()).await.map_err(|error| refusal(&error))
    }

    pub(crate) async fn quote_size(&self, hops: &[Vec<u8>]) -> Result<u32, Refusal> {
        let client = self.through(hops)?;
        let asked = match client.quote_size(&key_ids::offered()).await {
            Err(error) if is_not_ready(&error) => {
                self.init(hops).await?;
                client.quote_size(&key_ids::offered()).await
            }
            asked => asked,
        };
        asked.map_err(|error| refusal(&error))
    }

    pub(crate) async fn quote(
        &self,
        report: &Report,
        info: Option<&QeReportInfo>,
        room: u32,
        hops: &[Vec<u8>],
    ) -> Result<Quoted, Refusal> {
        let client = self.through(hops)?;
        let asked = match client.padded_quote(&key_ids::offered(), report, info, room).await {
            Err(error) if is_not_ready(&error) => {
                self.init(hops).await?;
                client.padded_quote(&key_ids::offered(), report, info, room).await
            }
            asked => asked,
        };
        asked.map_err(|error| refusal(&error))
    }

    /// A client that says where its requests have been; refused where they have been here, or at too many daemons.
    fn through(&self, hops: &[Vec<u8>]) -> Result<Client, Refusal> {
        let looped = |cause: String| Refusal::new(ErrorCode::ServiceUnavailable, cause);
        if hops.iter().any(|hop| hop == &self.id) {
            return Err(looped("request came back: the upstreams go in a circle".to_owned()));
        }
        if hops.len() >= MAX_HOPS {
            return Err(looped(format!("request came through {} daemons", hops.len())));
        }
        let hops = hops.iter().cloned().chain([self.id.to_vec()]).collect();
        Ok(self.client.clone().through(hops))
    }
}

/// A daemon of Intel's that was restarted wants to be initialised again.
fn is_not_ready(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { code, .. } if *code == ErrorCode::AttKeyNotInitialized.number())
}

/// What upstream refuses is refused with its code; where it cannot be reached, or makes no sense, the service is not there.
fn refusal(error: &ClientError) -> Refusal {
    let code = match error {
        ClientError::Refused { code, .. } => ErrorCode::of(*code).unwrap_or(ErrorCode::Unexpected),
        _ => ErrorCode::ServiceUnavailable,
    };
    Refusal::new(code, format!("upstream: {}", problem::chain(error)))
}

/// Device and inode.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

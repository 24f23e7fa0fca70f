//! Frames: a length, 32 bits little-endian, and as many bytes of a message.

use std::borrow::Cow;

use problem::Problem;
use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of the length.
const HEAD: usize = 4;
/// Bytes that room is made for at once: most frames fit, and who claims more has to send it.
const STEP: usize = 4 << 10;

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Nothing came at all.
    #[error("connection was closed before anything came")]
    Nothing,
    /// The other side stopped within it.
    #[error("frame ends after {0} bytes")]
    Short(usize),
    /// It is longer than allowed.
    #[error("frame claims {claimed} bytes, and {limit} are allowed")]
    TooLong {
        /// What its length says.
        claimed: u32,
        /// How much is allowed.
        limit: u32,
    },
    /// The connection failed.
    #[error("connection failed")]
    Io(#[from] std::io::Error),
}

impl Problem for FrameError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Nothing => "frame_missing".into(),
            Self::Short(_) => "frame_incomplete".into(),
            Self::TooLong { .. } => "frame_too_long".into(),
            Self::Io(_) => "frame_connection_failed".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing | Self::Short(_) => "check that the other side sends a length and as many bytes".into(),
            Self::TooLong { .. } => "send less, or raise the limit".into(),
            Self::Io(_) => "check that the other side is still running".into(),
        }
    }
}

/// The message in these bytes; nothing where more have to come. What follows the frame counts for nothing.
///
/// # Errors
/// Where the frame is longer than allowed.
pub fn body(bytes: &[u8], limit: u32) -> Result<Option<&[u8]>, FrameError> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return Ok(None) };
    let claimed = u32::from_le_bytes(*head);
    if claimed > limit {
        return Err(FrameError::TooLong { claimed, limit });
    }
    Ok(usize::try_from(claimed).ok().and_then(|length| rest.get(..length)))
}

/// A message in its frame.
pub fn encode(message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut bytes = Vec::with_capacity(length.saturating_add(HEAD));
    // Messages of ours are bounded far below.
    bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    // There is always room in a `Vec`.
    let _ = message.encode(&mut bytes);
    bytes
}

/// Reads a frame, and gives the message in it.
///
/// # Errors
/// See [`FrameError`].
pub async fn read(stream: &mut (impl AsyncRead + Unpin), limit: u32) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::with_capacity(STEP);
    loop {
        if let Some(length) = body(&bytes, limit)?.map(<[u8]>::len) {
            bytes.drain(..HEAD);
            bytes.truncate(length);
            return Ok(bytes);
        }
        if bytes.len() == bytes.capacity() {
            bytes.reserve(bytes.len());
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(match bytes.len() {
                0 => FrameError::Nothing,
                length => FrameError::Short(length),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{GetSupportedAttKeyIdNumRequest, Request};

    fn request() -> Request {
        Request { get_supported_att_key_id_num: Some(GetSupportedAttKeyIdNumRequest::default()), ..Request::default() }
    }

    #[test]
    fn a_frame_is_a_length_and_a_message() {
        // Member 21, of length 0: key (21 << 3 | 2), in seven bits each.
        assert_eq!(encode(&request()), [3, 0, 0, 0, 0xaa, 0x01, 0]);
    }

    #[tokio::test]
    async fn a_frame_is_read_in_whatever_pieces_it_comes() {
        let whole = encode(&request());
        let big = [&100_000_u32.to_le_bytes()[..], &[7; 100_000]].concat();
        for (frame, piece) in [(&whole, 1), (&whole, 3), (&whole, 7), (&big, 1), (&big, 4097), (&big, 100_004)] {
            let (mut to, mut from) = tokio::io::duplex(piece);
            let sent = frame.clone();
            let writing = tokio::spawn(async move {
                // What follows the frame is not looked at.
                tokio::io::AsyncWriteExt::write_all(&mut to, &[&sent[..], b"rest"].concat()).await
            });
            assert_eq!(read(&mut from, 100_000).await.unwrap(), frame[4..]);
            drop(from);
            let _ = writing.await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_no_frame_is_told_apart() {
        for (bytes, words) in [
            (&[][..], "before anything came"),
            (&[1, 0], "ends after 2"),
            (&[3, 0, 0, 0, 1, 2], "ends after 6"),
            (&[0xff, 0xff, 0xff, 0xff], "claims 4294967295 bytes, and 1000 are allowed"),
            (&[0xe9, 3, 0, 0], "claims 1001"),
        ] {
            let mut stream = bytes;
            let error = read(&mut stream, 1000).await.unwrap_err().to_string();
            assert!(error.contains(words), "{bytes:?}: {error}");
        }
    }
}

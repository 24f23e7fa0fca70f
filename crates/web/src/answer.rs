//! Answers that wait to be written are charged to the connection that they wait for.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use problem::Problem;

use crate::connection::{Connection, Held};
use crate::memory::Exhausted;

/// Why an answer cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is no memory for it.
    #[error("{}", .0.answer_message())]
    Exhausted(Exhausted),
    /// The body of the answer failed.
    #[error("answer could not be made")]
    Failed,
}

impl Problem for AnswerError {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Exhausted(Exhausted::Connection) => "answer_memory_of_connection_exhausted",
            Self::Exhausted(Exhausted::Peer) => "answer_memory_of_peer_exhausted",
            Self::Exhausted(Exhausted::Service) => "answer_memory_exhausted",
            Self::Failed => "answer_failed",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Exhausted(Exhausted::Connection) => "read the answers that wait on this connection, then try again",
            Self::Exhausted(Exhausted::Peer) => "read the answers that wait for your address, then try again",
            Self::Exhausted(Exhausted::Service) => "try again in a moment",
            Self::Failed => "try again; the service's log says what is wrong",
        };
        text.into()
    }
}

impl Exhausted {
    const fn answer_message(self) -> &'static str {
        match self {
            Self::Connection => "too many bytes of answers wait on this connection",
            Self::Peer => "too many bytes of answers wait for this address",
            Self::Service => "too many bytes of large answers wait to be read",
        }
    }
}

impl Connection {
    /// Takes the body of an answer. Its bytes are charged to this connection until the last of them was written.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] if the connection, its peer or the service holds too many bytes of answers, or if the body fails.
    pub async fn hold_answer<B>(&self, mut body: B) -> Result<Bytes, AnswerError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut held = self.answer_charge();
        let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
        let mut length: usize = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| AnswerError::Failed)?.into_data() else { continue };
            length = length.saturating_add(data.len());
            held.grow_to(length).map_err(AnswerError::Exhausted)?;
            if first.is_empty() {
                first = data;
            } else {
                rest.extend_from_slice(&data);
            }
        }
        let bytes = if rest.is_empty() {
            first
        } else {
            let mut whole = BytesMut::with_capacity(length);
            whole.extend_from_slice(&first);
            whole.extend_from_slice(&rest);
            whole.freeze()
        };
        Ok(if bytes.is_empty() { bytes } else { Bytes::from_owner(Charged { bytes, _held: held }) })
    }
}

struct Charged {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;
    use crate::gate::Gate;
    use crate::limits::{AnswerLimits, Limits};

    fn gate() -> Gate {
        let answers = AnswerLimits { reserve: 10, shared: 200, per_connection: 80 };
        Gate::new(Limits { connections: 4, connections_per_peer: 2, answers, ..Limits::default() })
    }

    async fn hold(connection: &Connection, length: usize) -> Result<Bytes, AnswerError> {
        connection.hold_answer(Full::new(Bytes::from(vec![7; length]))).await
    }

    #[tokio::test]
    async fn answers_that_nobody_reads_are_refused_beyond_each_share() {
        let gate = gate();
        let connect = |address: &str| gate.admit(address.parse().unwrap()).unwrap();
        let [one, two] = [connect("192.0.2.1:1"), connect("192.0.2.1:2")];
        let refused = |result: Result<Bytes, AnswerError>| result.unwrap_err().code();
        let _first = hold(&one, 80).await.unwrap();
        assert_eq!(refused(hold(&one, 11).await), "answer_memory_of_connection_exhausted");
        let _second = hold(&two, 20).await.unwrap();
        assert_eq!(refused(hold(&two, 11).await), "answer_memory_of_peer_exhausted");
        let [other, another] = [connect("192.0.2.2:1"), connect("192.0.2.3:1")];
        let third = hold(&other, 80).await.unwrap();
        assert_eq!(refused(hold(&another, 21).await), "answer_memory_exhausted");
        // Small answers have the reserve of their connection, whatever others hold.
        hold(&another, 10).await.unwrap();
        drop(third);
        hold(&another, 21).await.unwrap();
    }

    #[tokio::test]
    async fn a_slice_of_an_answer_keeps_the_whole_charged_and_its_connection_in_place() {
        let gate = gate();
        let connection = gate.admit("192.0.2.1:1".parse().unwrap()).unwrap();
        let slice = hold(&connection, 80).await.unwrap().slice(..1);
        assert!(hold(&connection, 11).await.is_err());
        drop(connection);
        let _other = gate.admit("192.0.2.1:2".parse().unwrap()).unwrap();
        gate.admit("192.0.2.1:3".parse().unwrap()).unwrap_err();
        drop(slice);
        gate.admit("192.0.2.1:3".parse().unwrap()).unwrap();
    }
}

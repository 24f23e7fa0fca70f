//! The messages: proto2, package `aesm.message`.
//!
//! What proto2 calls required is an `Option` here too, because `prost` does not look whether it is there; [`Request::read`] and
//! [`Response::read`] do, for a message without it is none. Unknown members are skipped.

mod request;
mod response;
mod table;

use std::borrow::Cow;

use problem::Problem;
use prost::Message;

pub use request::*;
pub use response::*;
pub(crate) use table::{Asked, Question};
pub use table::{Kind, Request, Response};

/// Why bytes are no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It is no protobuf, or not of these messages.
    #[error("message cannot be parsed")]
    Malformed(#[from] prost::DecodeError),
    /// A member is absent that has to be there.
    #[error("`{0}` lacks a required member")]
    Incomplete(&'static str),
    /// It asks for nothing that is known.
    #[error("message holds no request that is known")]
    Empty,
}

impl Problem for MessageError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(_) => "message_malformed".into(),
            Self::Incomplete(_) => "message_incomplete".into(),
            Self::Empty => "message_empty".into(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Malformed(_) => "check that the other side speaks the AESM protocol".into(),
            Self::Incomplete(_) => "set all members that the protocol requires".into(),
            Self::Empty => "send one of the sixteen requests of the protocol".into(),
        }
    }
}

impl Request {
    /// Reads a request: well-formed, whole, and of a known kind.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn read(bytes: &[u8]) -> Result<(Kind, Self), MessageError> {
        let request = Self::decode(bytes)?;
        if let Some(name) = request.incomplete() {
            return Err(MessageError::Incomplete(name));
        }
        Ok((request.kind().ok_or(MessageError::Empty)?, request))
    }
}

impl Response {
    /// Reads a response: well-formed, with the error code that each has to have.
    ///
    /// # Errors
    /// See [`MessageError`].
    pub fn read(bytes: &[u8]) -> Result<Self, MessageError> {
        let response = Self::decode(bytes)?;
        if response.codes().any(|(_, code)| code.is_none()) {
            return Err(MessageError::Incomplete("response"));
        }
        Ok(response)
    }

    /// The kind of request that it answers, and with which error code; nothing where it answers none that is known.
    pub fn outcome(&self) -> Option<(Kind, u32)> {
        self.codes().find_map(|(kind, code)| Some((kind, code?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_the_numbers_of_the_protocol_in_requests_and_responses() {
        let numbers = [3, 1, 2, 4, 18, 10, 11, 12, 13, 14, 15, 16, 17, 19, 21, 22];
        for (kind, number) in Kind::ALL.into_iter().zip(numbers) {
            let bytes = Response::bare(kind, 0).encode_to_vec();
            // Key, length, and the error code: number 1 in each answer.
            let mut key = Vec::new();
            prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut key);
            assert_eq!(bytes, [&key[..], &[2, 8, 0]].concat(), "{kind:?}");
            let empty = [&key[..], &[0]].concat();
            assert_eq!(Request::decode(&*empty).unwrap().kind(), Some(kind));
        }
    }
}

//! Answers on their way: an exchange ends when the last byte of its answer was written, wherever the bytes wait until then.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::exchange::Exchange;

/// The body of an answer. Its bytes keep the exchange open in every buffer that they pass.
pub(crate) struct Delivery<B> {
    body: B,
    exchange: Arc<Exchange>,
}

impl<B> Delivery<B> {
    pub(crate) fn new(body: B, exchange: Exchange) -> Self {
        Self { body, exchange: Arc::new(exchange) }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Delivery<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let exchange = Arc::clone(&self.exchange);
        let track = |bytes| Bytes::from_owner(Tracked { bytes, _exchange: exchange });
        Pin::new(&mut self.body).poll_frame(context).map_ok(|frame| frame.map_data(track))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Tracked {
    bytes: Bytes,
    _exchange: Arc<Exchange>,
}

impl AsRef<[u8]> for Tracked {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

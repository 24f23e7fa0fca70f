//! Any bytes as a frame, a request and a response of the quote daemon's protocol: what is read stays the same when it is written anew.
#![no_main]

use aesm::frame;
use aesm::message::{Request, Response};
use libfuzzer_sys::fuzz_target;

const LIMIT: u32 = 1 << 12;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(body)) = frame::body(bytes, LIMIT) {
        assert!(body.len() <= LIMIT as usize && bytes[4..].starts_with(body));
        read(body);
    }
    read(bytes);
});

fn read(bytes: &[u8]) {
    if let Ok((kind, request)) = Request::read(bytes) {
        let framed = frame::encode(&request);
        let body = frame::body(&framed, u32::MAX).unwrap().expect("a frame of ours is whole");
        assert_eq!(Request::read(body).expect("what is written is read"), (kind, request));
    }
    if let Ok(response) = Response::read(bytes) {
        let framed = frame::encode(&response);
        let body = frame::body(&framed, u32::MAX).unwrap().expect("a frame of ours is whole");
        let again = Response::read(body).expect("what is written is read");
        assert_eq!((again.outcome(), &again), (response.outcome(), &response));
    }
}

//! The floor: one CMAC, one signature, one round trip, and nothing else.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::cmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// Bytes of a report's body, and of a quote's header and body.
const REPORT_BODY: usize = 384;
const SIGNED: usize = 432;

/// What is done between reading and writing.
#[derive(Clone, Copy)]
pub enum Work {
    All,
    Nothing,
}

#[derive(Clone)]
pub struct Floor(Arc<Parts>);

struct Parts {
    mac_key: cmac::Key,
    mac: Vec<u8>,
    key: EcdsaKeyPair,
    request: usize,
    answer: Vec<u8>,
}

impl Floor {
    /// Requests have that length, and this is the answer.
    pub fn new(request: usize, answer: Vec<u8>) -> Self {
        let mac_key = cmac::Key::new(cmac::AES_128, &[7; 16]).unwrap();
        let mac = cmac::sign(&mac_key, &[1; REPORT_BODY]).unwrap().as_ref().to_vec();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self(Arc::new(Parts { mac_key, mac, key, request, answer }))
    }

    pub fn check(&self) {
        cmac::verify(&self.0.mac_key, &[1; REPORT_BODY], &self.0.mac).unwrap();
    }

    pub fn sign(&self) {
        self.0.key.sign(&SystemRandom::new(), &[1; SIGNED]).unwrap();
    }

    /// Serves at that path with a thread for each core, until the process ends.
    pub fn serve(&self, path: &Path, work: Work) {
        let listener = UnixListener::bind(path).unwrap();
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            let (floor, listener) = (self.clone(), listener.try_clone().unwrap());
            std::thread::spawn(move || {
                let mut request = vec![0; floor.0.request];
                loop {
                    let (mut stream, _) = listener.accept().unwrap();
                    stream.read_exact(&mut request).unwrap();
                    if matches!(work, Work::All) {
                        floor.check();
                        floor.sign();
                    }
                    stream.write_all(&floor.0.answer).unwrap();
                }
            });
        }
    }
}

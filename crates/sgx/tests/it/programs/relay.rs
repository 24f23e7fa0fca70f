//! An enclave that does what it is told: it hands its channel to whoever listens on the socket of its first argument. Everything that
//! an enclave could ask its processor for can be asked through it, and everything that it must not ask, too.

use std::env;
use std::io::{copy, stdin};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

fn main() {
    let mut channel = UnixStream::from(stdin().as_fd().try_clone_to_owned().unwrap());
    let mut outside = UnixStream::connect(env::args_os().nth(1).unwrap()).unwrap();
    let (mut to_processor, mut from_outside) = (channel.try_clone().unwrap(), outside.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from_outside, &mut to_processor);
        let _ = to_processor.shutdown(Shutdown::Both);
    });
    let _ = copy(&mut channel, &mut outside);
    let _ = outside.shutdown(Shutdown::Both);
}
